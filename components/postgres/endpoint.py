"""The only thing that an app sees of its database."""

from dataclasses import dataclass
from enum import Enum

import pulumi


class TlsMode(Enum):
    """How a client talks to the server, in libpq's terms."""

    DISABLE = "disable"
    REQUIRE = "require"
    VERIFY_FULL = "verify-full"


@dataclass(frozen=True)
class Endpoint:
    """Where an app's database is and which Secret opens it. Carries no secret itself.

    Attributes:
        host: DNS name that resolves inside the cluster; known only later where a cloud gives it.
        port: TCP port.
        database: the app's database.
        username: the app's role.
        secret_name: Secret in the app's namespace; its keys are in `components.postgres.credentials`. Where `tls` is
            `VERIFY_FULL`, one of them is the certificate of the authority.
        tls: how to connect.
    """

    host: pulumi.Input[str]
    port: int
    database: str
    username: str
    secret_name: str
    tls: TlsMode
