"""From a stack's settings to what components take; components do not know of stack files."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.apps import settings as apps
from components.apps.airbyte import storage
from components.apps.airbyte.object_storage import S3, AccessKey, Gcs, Minio, ObjectStorage, S3Compatible
from components.apps.dagster.default_user_code import OFFICIAL
from components.apps.dagster.user_code import deploys_its_default
from components.forms.pins import OciChart, OfficialChart
from components.helm.chart import Chart
from components.helm.release import ChartSource
from components.postgres.admin import Admin
from components.postgres.bootstrap_job import RoleLimits
from components.postgres.database import DatabaseArgs
from components.postgres.server import AdminSecret, Server
from components.servers.embedded.component import EmbeddedServerArgs
from components.servers.embedded.settings import EmbeddedPostgreSQL
from components.servers.existing.settings import ExistingAdmin


def chart_source(chart: Chart, official: OfficialChart | OciChart) -> ChartSource:
    """The chart that a stack chose, or the official one."""
    if chart.path is not None:
        return ChartSource(chart.path)
    version = chart.version_or(official.version)
    if chart.oci is not None:
        return ChartSource(chart.oci, version)
    if chart.repository is not None:
        return ChartSource(official.name, version, chart.repository)
    if isinstance(official, OciChart):
        return ChartSource(official.reference, version)
    return ChartSource(official.name, version, official.repository_of(version))


def default_user_code(settings: apps.Dagster) -> Sequence[Mapping[str, Any]]:
    """The user-code servers that the chart deploys by itself. None where the stack lists its own, or where the chart
    comes from elsewhere and its list is not known.
    """
    chart = settings.chart
    if chart.repository is not None or chart.oci is not None or not deploys_its_default(settings.values):
        return []
    if chart.path is not None:
        return chart.defaults().get("dagster-user-deployments", {}).get("deployments") or []
    return OFFICIAL


def object_storage(settings: storage.ObjectStorage) -> ObjectStorage:
    """The object storage that a stack chose."""
    match settings:
        case storage.MinioStorage():
            return Minio(settings.storage_size)
        case storage.S3Storage():
            key, role = settings.credentials, settings.workload_identity
            return S3(
                region=settings.region,
                bucket=settings.bucket,
                key=_access_key(key) if key else None,
                role_arn=role.role_arn if role else None,
            )
        case storage.S3CompatibleStorage():
            return S3Compatible(settings.endpoint, settings.bucket, _access_key(settings.credentials))
        case storage.GcsStorage():
            return Gcs(
                settings.project, settings.bucket, settings.credentials.secret_name, settings.credentials.json_key
            )


def _access_key(settings: storage.S3Credentials) -> AccessKey:
    return AccessKey(settings.secret_name, settings.access_key_id_key, settings.secret_access_key_key)


def given_admin(settings: ExistingAdmin, password: str | None) -> Admin | AdminSecret:
    """The admin of a server that is there; `password` is the stack file's, where it names no Secret."""
    if settings.secret_name is not None:
        return AdminSecret(settings.secret_name, settings.username_key, settings.password_key)
    return Admin(settings.username or "", password or "")


def embedded_server(
    settings: EmbeddedPostgreSQL,
    app: apps.Airbyte | apps.Dagster,
    namespace: str,
    *,
    retain_data: bool,
    any_user: bool = False,
) -> EmbeddedServerArgs:
    """An app's own server; `any_user` says that pods run as a user that images do not know."""
    size = app.database.embedded
    return EmbeddedServerArgs(
        name=app.server_name,
        namespace=namespace,
        image=settings.image,
        storage_size=size.storage_size,
        storage_class=size.storage_class,
        memory=size.memory,
        cpu=size.cpu,
        cpu_limit=size.cpu_limit,
        max_connections=size.max_connections,
        parameters=size.parameters,
        node_selector=size.node_selector,
        admin_password_rotation=size.admin_password_rotation,
        retain_data=retain_data,
        start_timeout_seconds=settings.start_timeout_seconds,
        any_user=any_user,
    )


def database_args(
    key: str,
    app: apps.Airbyte | apps.Dagster,
    server: Server,
    namespace: str,
    *,
    aliases: Mapping[str, str],
    timeout_seconds: int,
    arriving_from: Server | None,
    password: str | None = None,
) -> DatabaseArgs:
    """An app's part of a server.

    Args:
        key: the app's key in the stack file.
        app: its settings.
        server: the server.
        namespace: the app's namespace.
        aliases: further keys that its chart wants in the Secret, each with the key that it repeats.
        timeout_seconds: how long to wait for a server that is still starting.
        arriving_from: the server that a move brings the data from.
        password: that of an existing role, where the server has no admin.
    """
    settings = app.database
    return DatabaseArgs(
        server=server,
        namespace=namespace,
        name=settings.name,
        username=settings.username,
        secret_name=settings.secret_name,
        extensions=app.databases[settings.name],
        further_databases={name: wanted for name, wanted in app.databases.items() if name != settings.name},
        secret_aliases=aliases,
        app=key,
        settings=app.database_settings,
        connections=app.least_connections,
        adopt=settings.adopt,
        password=password,
        password_rotation=settings.password_rotation,
        scram_iterations=settings.scram_iterations,
        limits=RoleLimits(
            settings.connection_limit,
            settings.statement_timeout_seconds,
            settings.idle_in_transaction_timeout_seconds,
        ),
        timeout_seconds=timeout_seconds,
        arriving_from=arriving_from,
    )
