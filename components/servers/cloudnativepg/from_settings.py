"""From what a stack file says of a CloudNativePG server to what its component takes."""

from components.apps.from_settings import chart_source
from components.forms.pins import CLOUDNATIVEPG_CHART
from components.kubernetes.pod_settings import PodSettings
from components.servers.cloudnativepg import backup_settings as cloudnativepg_backups
from components.servers.cloudnativepg import operator_settings as cloudnativepg_operator
from components.servers.cloudnativepg import pooler_settings as cloudnativepg_pooler
from components.servers.cloudnativepg import settings as cloudnativepg
from components.servers.cloudnativepg.backups import BackupArgs, GcsAccess, S3Access
from components.servers.cloudnativepg.cluster import ClusterSize, Synchronous
from components.servers.cloudnativepg.component import CloudNativePGArgs
from components.servers.cloudnativepg.operator import OperatorArgs
from components.servers.cloudnativepg.pooler import PoolerArgs
from components.servers.standalone import StandalonePostgreSQL


def cloudnativepg_args(
    settings: StandalonePostgreSQL, server: cloudnativepg.CloudNativePG, pods: PodSettings | None = None
) -> CloudNativePGArgs:
    """The server; `pods` is what holds for the operator's pods as for all."""
    return CloudNativePGArgs(
        name=server.name,
        namespace=settings.namespace,
        image=server.image,
        client_image=settings.image,
        size=ClusterSize(
            instances=server.instances,
            storage_size=server.storage_size,
            storage_class=server.storage_class,
            wal_storage_size=server.wal_storage_size,
            wal_storage_class=server.wal_storage_class,
            memory=server.memory,
            cpu=server.cpu,
            cpu_limit=server.cpu_limit,
            max_connections=server.max_connections,
        ),
        synchronous=_synchronous(server.synchronous),
        parameters=server.parameters,
        node_selector=server.node_selector,
        anti_affinity=server.anti_affinity,
        topology_key=server.topology_key,
        pod_disruption_budget=server.pod_disruption_budget,
        pooler=_pooler(server.pooler) if server.pooler else None,
        backups=_backups(server.backups) if server.backups else None,
        operator=_operator(server.operator, pods or PodSettings()) if server.operator.install else None,
        deletion_protection=server.deletion_protection,
        admin_password_rotation=server.admin_password_rotation,
        start_timeout_seconds=settings.start_timeout_seconds,
    )


def _synchronous(settings: cloudnativepg.Synchronous) -> Synchronous | None:
    if not settings.enabled:
        return None
    return Synchronous(settings.method, settings.number, settings.data_durability, settings.failover_quorum)


def _pooler(settings: cloudnativepg_pooler.Pooler) -> PoolerArgs:
    return PoolerArgs(
        image=settings.image,
        instances=settings.instances,
        mode=settings.mode,
        max_client_conn=settings.max_client_conn,
        default_pool_size=settings.default_pool_size,
        max_db_connections=settings.max_db_connections,
        max_prepared_statements=settings.max_prepared_statements,
        query_wait_timeout_seconds=settings.query_wait_timeout_seconds,
    )


def _backups(settings: cloudnativepg_backups.S3Backups | cloudnativepg_backups.GcsBackups) -> BackupArgs:
    return BackupArgs(
        destination=settings.destination,
        access=_access(settings),
        schedule=settings.schedule,
        immediate=settings.immediate,
        retention=settings.retention,
        compression=None if settings.compression == "none" else settings.compression,
    )


def _access(settings: cloudnativepg_backups.S3Backups | cloudnativepg_backups.GcsBackups) -> S3Access | GcsAccess:
    match settings:
        case cloudnativepg_backups.S3Backups(credentials=key, workload_identity=identity):
            if key is None:
                return S3Access(role_arn=identity.role_arn if identity else None)
            return S3Access(
                secret_name=key.secret_name,
                access_key_id_key=key.access_key_id_key,
                secret_access_key_key=key.secret_access_key_key,
                endpoint_url=settings.endpoint_url,
            )
        case cloudnativepg_backups.GcsBackups(credentials=key, workload_identity=identity):
            if key is None:
                return GcsAccess(service_account=identity.service_account if identity else None)
            return GcsAccess(secret_name=key.secret_name, json_key=key.json_key)


def _operator(settings: cloudnativepg_operator.CloudNativePGOperator, pods: PodSettings) -> OperatorArgs:
    return OperatorArgs(
        source=chart_source(settings.chart, CLOUDNATIVEPG_CHART),
        namespace=settings.namespace,
        create_namespace=settings.create_namespace,
        release_name=settings.release_name,
        certificate_days=settings.certificate_days,
        values=settings.values,
        timeout_seconds=settings.timeout_seconds,
        pods=pods,
    )
