"""The one server that both apps share, of whatever kind the stack file says."""

import pulumi

from components.apps.from_settings import given_admin
from components.kubernetes.pod_settings import PodSettings
from components.postgres.endpoint import TlsMode
from components.postgres.server import ServerComponent
from components.servers.cloudnativepg import settings as cloudnativepg
from components.servers.cloudnativepg.component import CloudNativePG
from components.servers.cloudnativepg.from_settings import cloudnativepg_args
from components.servers.cloudsql import settings as cloudsql
from components.servers.crunchydata import settings as crunchydata
from components.servers.crunchydata.component import CrunchyDataServer
from components.servers.crunchydata.from_settings import crunchydata_server
from components.servers.embedded.settings import EmbeddedPostgreSQL
from components.servers.existing import settings as existing
from components.servers.existing.component import ExistingServer, ExistingServerArgs
from components.servers.optional import require
from components.servers.provider_config import ProviderConfig
from components.servers.rds import settings as rds
from components.servers.standalone import StandalonePostgreSQL

NAME = "postgresql"
"""Name of the server in the program, and prefix of what is made for it in its namespace."""


_REQUIREMENTS = {"rds": "requirements-aws.txt", "cloudsql": "requirements-gcp.txt"}


def require_packages(settings: EmbeddedPostgreSQL | StandalonePostgreSQL) -> None:
    """Fail before anything is made if the server's kind needs a package that is not installed.

    Raises:
        pulumi.RunError: it does; the text is the command that installs it.
    """
    if isinstance(settings, StandalonePostgreSQL) and settings.server.kind in _REQUIREMENTS:
        require(_REQUIREMENTS[settings.server.kind])


def check_provider_config(settings: EmbeddedPostgreSQL | StandalonePostgreSQL, config: ProviderConfig) -> None:
    """Fail before anything is made if the server's provider would not take its part of the stack file.

    Raises:
        pulumi.RunError: it would not; the text names the key.
    """
    kind = settings.server.kind if isinstance(settings, StandalonePostgreSQL) else ""
    if kind == "rds":
        from components.servers.rds.provider import aws_settings  # noqa: PLC0415 - as below

        aws_settings(config)
    if kind == "cloudsql":
        from components.servers.cloudsql.provider import gcp_settings  # noqa: PLC0415 - as below

        gcp_settings(config)


_NOTHING_SAID = ProviderConfig()


def standalone_server(
    settings: StandalonePostgreSQL,
    admin_password: str | None,
    opts: pulumi.ResourceOptions,
    provider_config: ProviderConfig = _NOTHING_SAID,
    pods: PodSettings | None = None,
) -> ServerComponent:
    """Make the server, or take the one that is there.

    Args:
        settings: what the stack file says of it.
        admin_password: password of an existing server's admin, where the stack file holds it.
        opts: options of the component.
        provider_config: what the stack file says to Pulumi's packages beside it.
        pods: what holds for the pods of an operator's Helm release; those of other objects get it as they are made.
    """
    match settings.server:
        case existing.ExistingServer() as server:
            return ExistingServer(NAME, _existing(settings, server, admin_password), opts)
        case cloudnativepg.CloudNativePG() as server:
            return CloudNativePG(NAME, cloudnativepg_args(settings, server, pods), opts)
        case crunchydata.CrunchyDataServer() as server:
            return CrunchyDataServer(NAME, crunchydata_server(settings, server, pods), opts)
        case rds.RdsServer() as server:
            # Here and not above: pulumi-aws is an optional package of 270 MB.
            from components.servers.rds.from_settings import rds_server  # noqa: PLC0415

            return rds_server(NAME, settings, server, admin_password, opts, provider_config=provider_config)
        case cloudsql.CloudSqlServer() as server:
            # Here and not above: pulumi-gcp is an optional package of 290 MB.
            from components.servers.cloudsql.from_settings import cloudsql_server  # noqa: PLC0415

            return cloudsql_server(NAME, settings, server, admin_password, opts, provider_config=provider_config)


def _existing(
    settings: StandalonePostgreSQL, server: existing.ExistingServer, admin_password: str | None
) -> ExistingServerArgs:
    return ExistingServerArgs(
        host=server.host,
        port=server.port,
        namespace=settings.namespace,
        admin=None if server.admin is None else given_admin(server.admin, admin_password),
        client_image=settings.image,
        tls=TlsMode(server.tls),
        ca_certificate=server.ca_certificate,
        admin_database="postgres" if server.admin is None else server.admin.database,
    )
