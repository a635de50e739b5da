"""The one server that both apps share, of whatever kind the stack file says."""

import pulumi

from components.cloudnativepg_settings import cloudnativepg_args
from components.endpoint import TlsMode
from components.postgres.cloudnativepg import CloudNativePG
from components.postgres.existing import Admin, ExistingServer, ExistingServerArgs
from components.postgres.server import AdminSecret, ServerComponent
from settings.servers import cloudnativepg, existing
from settings.standalone import StandalonePostgreSQL

NAME = "postgresql"
"""Name of the server in the program, and prefix of what is made for it in its namespace."""


def standalone_server(
    settings: StandalonePostgreSQL, admin_password: str | None, opts: pulumi.ResourceOptions
) -> ServerComponent:
    """Make the server, or take the one that is there.

    Args:
        settings: what the stack file says of it.
        admin_password: password of an existing server's admin, where the stack file holds it.
        opts: options of the component.
    """
    match settings.server:
        case existing.ExistingServer() as server:
            return ExistingServer(NAME, _existing(settings, server, admin_password), opts)
        case cloudnativepg.CloudNativePG() as server:
            return CloudNativePG(NAME, cloudnativepg_args(settings, server), opts)


def _existing(
    settings: StandalonePostgreSQL, server: existing.ExistingServer, admin_password: str | None
) -> ExistingServerArgs:
    admin = server.admin
    credentials = (
        AdminSecret(admin.secret_name, admin.username_key, admin.password_key)
        if admin.secret_name is not None
        else Admin(admin.username or "", admin_password or "")
    )
    return ExistingServerArgs(
        host=server.host,
        port=server.port,
        namespace=settings.namespace,
        admin=credentials,
        client_image=settings.image,
        tls=TlsMode(server.tls),
        ca_certificate=server.ca_certificate,
        admin_database=admin.database,
    )
