"""What an app knows of its database."""

from dataclasses import dataclass
from enum import Enum

import pulumi


class TlsMode(Enum):
    """Values of libpq's `sslmode` that the program uses."""

    DISABLE = "disable"
    REQUIRE = "require"
    VERIFY_FULL = "verify-full"


@dataclass(frozen=True)
class Direct:
    """A server itself, where apps connect to a pooler in front of it.

    Attributes:
        host: DNS name that resolves inside the cluster.
        port: TCP port.
        tls: TLS mode of clients; where it is `VERIFY_FULL`, the endpoint's CA certificates include the server's.
    """

    host: pulumi.Input[str]
    port: int
    tls: TlsMode


@dataclass(frozen=True)
class Endpoint:
    """How an app connects to its database. It names the Secret with the password and contains no secret.

    Attributes:
        host: DNS name that resolves inside the cluster; not known before a cloud has created the server.
        port: TCP port.
        database: the app's database.
        username: the app's role.
        secret_name: Secret in the app's namespace; its keys are in `components.postgres.credentials`. Where `tls` is
            `VERIFY_FULL`, one of them is the CA certificate.
        tls: TLS mode of clients.
        direct: the server behind the pooler at `host`, for migrations and dumps; None if `host` is the server.
    """

    host: pulumi.Input[str]
    port: int
    database: str
    username: str
    secret_name: str
    tls: TlsMode
    direct: Direct | None = None
