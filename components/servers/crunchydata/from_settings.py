"""From the settings of a PostgresCluster to what its component takes."""

from components.apps.from_settings import chart_source
from components.forms.pins import PGO_CHART
from components.kubernetes.pod_settings import PodSettings
from components.servers.crunchydata import backup_settings as crunchydata_backups
from components.servers.crunchydata import settings as crunchydata
from components.servers.crunchydata.backups import (
    GcsPlace,
    Repository,
    Retention,
    S3Place,
    Schedules,
    VolumePlace,
)
from components.servers.crunchydata.cluster import ClusterArgs, PgBouncerArgs
from components.servers.crunchydata.component import CrunchyDataServerArgs, OperatorArgs
from components.servers.crunchydata.pooler_settings import PgBouncer
from components.servers.standalone import StandalonePostgreSQL


def crunchydata_server(
    settings: StandalonePostgreSQL, server: crunchydata.CrunchyDataServer, pods: PodSettings | None = None
) -> CrunchyDataServerArgs:
    """The server that both apps share; `pods` is what holds for the operator's pods as for all."""
    return CrunchyDataServerArgs(
        cluster=_cluster(settings.namespace, server),
        namespace=settings.namespace,
        client_image=settings.image,
        operator=_operator(server.operator, pods or PodSettings()) if server.operator.install else None,
        deletion_protection=server.deletion_protection,
        start_timeout_seconds=settings.start_timeout_seconds,
    )


def _operator(settings: crunchydata.CrunchyDataOperator, pods: PodSettings) -> OperatorArgs:
    return OperatorArgs(
        source=chart_source(settings.chart, PGO_CHART),
        namespace=settings.namespace,
        create_namespace=settings.create_namespace,
        release_name=settings.release_name,
        values=settings.values,
        timeout_seconds=settings.timeout_seconds,
        pods=pods,
    )


def _cluster(namespace: str, server: crunchydata.CrunchyDataServer) -> ClusterArgs:
    return ClusterArgs(
        name=server.name,
        repositories=_repositories(f"/pgbackrest/{namespace}/{server.name}", server.backups),
        admin=server.admin_username,
        postgres_version=server.postgres_version,
        image=server.image,
        replicas=server.replicas,
        synchronous=server.synchronous,
        storage_size=server.storage_size,
        wal_storage_size=server.wal_storage_size,
        storage_class=server.storage_class,
        memory=server.memory,
        cpu=server.cpu,
        cpu_limit=server.cpu_limit,
        max_connections=server.max_connections,
        parameters=server.parameters,
        node_selector=server.node_selector,
        node_spread=server.node_spread,
        zone_spread=server.zone_spread,
        users=server.users,
        pgbouncer=None if server.pg_bouncer is None else _pgbouncer(server.pg_bouncer),
    )


def _pgbouncer(settings: PgBouncer) -> PgBouncerArgs:
    return PgBouncerArgs(
        replicas=settings.replicas,
        pool_mode=settings.pool_mode,
        default_pool_size=settings.default_pool_size,
        max_db_connections=settings.max_db_connections,
        max_client_connections=settings.max_client_connections,
        query_wait_timeout_seconds=settings.query_wait_timeout_seconds,
        max_prepared_statements=settings.max_prepared_statements,
        memory=settings.memory,
        cpu=settings.cpu,
        cpu_limit=settings.cpu_limit,
    )


def _repositories(path: str, settings: crunchydata_backups.Backups) -> list[Repository]:
    # Each kind of place has a number of its own: backups are found by it when a place comes or goes.
    found: list[Repository] = []
    if (volume := settings.volume) is not None:
        found.append(_repository("repo1", VolumePlace(volume.storage_size, volume.storage_class), volume))
    if (s3 := settings.s3) is not None:
        place = S3Place(s3.bucket, s3.endpoint, s3.region, s3.path or f"{path}/repo2", s3.secret_name, s3.uri_style)
        found.append(_repository("repo2", place, s3))
    if (gcs := settings.gcs) is not None:
        found.append(_repository("repo3", GcsPlace(gcs.bucket, gcs.path or f"{path}/repo3", gcs.secret_name), gcs))
    return found


def _repository(
    name: str, place: VolumePlace | S3Place | GcsPlace, settings: crunchydata_backups.Repository
) -> Repository:
    times, kept = settings.schedules, settings.retention
    return Repository(
        name,
        place,
        Schedules(times.full, times.differential, times.incremental),
        Retention(kept.full, kept.full_type, kept.differential),
    )
