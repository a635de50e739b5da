"""A PostgreSQL server of any kind as Jobs and apps connect to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pulumi

from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.endpoint import TlsMode

SETTLED_SECONDS = 6
"""`settling_seconds` of an existing server: time for a few tries."""


@dataclass(frozen=True)
class AdminSecret:
    """Secret of a role that may create roles and databases, and the keys of its name and password there."""

    name: pulumi.Input[str]
    username_key: str = "username"
    password_key: str = "password"


@dataclass(frozen=True)
class ServerConnection:
    """How to connect to a server, as its admin and as an app.

    Attributes:
        host: DNS name that resolves inside the cluster.
        port: TCP port.
        tls: TLS mode of clients.
        namespace: namespace of the admin's Secret; Jobs that need it run there.
        admin: the admin's Secret; None for a server on which roles and databases must exist.
        client_image: image with `psql`, for Jobs that connect to the server.
        ca_certificate: certificate of the CA that signed the server's, PEM; given where `tls` is `VERIFY_FULL`.
        admin_database: database that the admin connects to first.
        app_host: host for apps if it is not `host`: that of a connection pooler.
        app_port: TCP port for apps.
        app_tls: TLS mode of apps if it is not `tls`.
        app_ca_certificate: certificate of the CA that signed the pooler's, PEM, if it is not `ca_certificate`.
        settling_seconds: how long to retry after errors that are permanent on a running server, such as a wrong
            password: a new server may not be completely set up yet.
        exclusive: whether one app alone uses the server.
        restored: whether the server began as a copy of another one, whose stack's marks its roles and databases carry.
    """

    host: pulumi.Input[str]
    port: int
    tls: TlsMode
    namespace: str
    admin: AdminSecret | None
    client_image: str
    ca_certificate: pulumi.Input[str] | None = None
    admin_database: str = "postgres"
    app_host: pulumi.Input[str] | None = None
    app_port: int | None = None
    app_tls: TlsMode | None = None
    app_ca_certificate: pulumi.Input[str] | None = None
    settling_seconds: int = 120
    exclusive: bool = False
    restored: bool = False

    @property
    def ca_files(self) -> dict[str, pulumi.Input[str]]:
        """The file with its CA's certificate, for the ConfigMap of a pod that checks it; empty if none does."""
        return {} if self.ca_certificate is None else {CA_CERTIFICATE: self.ca_certificate}


class ServerComponent(pulumi.ComponentResource):
    """A component with a server. Resources that depend on it are created when the server accepts connections.

    Attributes:
        connection: how to connect to it.
        admin_password: password of its admin `postgres`, if the program generated it for one app; a secret.
        outputs: further information for `pulumi stack output postgresql`, keys in camelCase.
    """

    connection: ServerConnection
    admin_password: pulumi.Output[str] | None = None
    outputs: Mapping[str, pulumi.Input[Any]] = MappingProxyType({})
