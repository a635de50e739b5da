"""A PostgreSQL that somebody runs, as the parts that need its admin see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pulumi

from components.postgres.endpoint import TlsMode

SETTLED_SECONDS = 6
"""`settling_seconds` of a server that nobody is setting up: time for a few tries."""


@dataclass(frozen=True)
class AdminSecret:
    """Secret of a role that may create roles and databases, and the keys that its name and password have there."""

    name: str
    username_key: str = "username"
    password_key: str = "password"


@dataclass(frozen=True)
class Server:
    """Where a server is and which Secret opens it to its admin.

    Attributes:
        host: DNS name that resolves inside the cluster.
        port: TCP port.
        tls: how to connect.
        namespace: namespace of the admin's Secret; Jobs that need it run there.
        admin: the admin's Secret; None where somebody else makes roles and databases.
        client_image: image with `psql`, for Jobs that talk to the server.
        ca_certificate: certificate of the authority that signed the server's, PEM; there where `tls` is `VERIFY_FULL`.
        admin_database: database that the admin connects to first.
        app_host: where apps connect instead of `host`, such as a pooler in front of the server.
        app_port: TCP port there.
        settling_seconds: how long an answer that does not mend itself, such as a wrong password, may come from a
            server that is being set up at this moment.
        exclusive: whether it is one app's own, and whatever is on it, too.
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
    settling_seconds: int = 120
    exclusive: bool = False


class ServerComponent(pulumi.ComponentResource):
    """A component that offers a server. Whoever depends on it finds the server taking connections.

    Attributes:
        server: where it is, for whoever makes databases on it.
        outputs: what else people must know of it, as `pulumi stack output postgresql` tells it, keys in camelCase.
    """

    server: Server
    outputs: Mapping[str, pulumi.Input[Any]] = MappingProxyType({})
