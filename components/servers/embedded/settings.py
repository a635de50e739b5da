"""The embedded servers: one PostgreSQL beside each app."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.images import POSTGRES_IMAGE, PostgresImage
from components.forms.parameters import OURS, Parameter, ProtectedParameters, without
from components.forms.quantity import Cpu, MemorySize, VolumeSize
from components.postgres.endpoint import TlsMode
from components.postgres.pooler.budget import Capacity, server_reserve
from components.postgres.pooler.pgbouncer import PgBouncerSettings
from components.postgres.sizing import ServerSize, wal_refusals

_SERVERS_OWN = (
    "config_file",
    "data_directory",
    "hba_file",
    "ident_file",
    "listen_addresses",
    "port",
    "unix_socket_directories",
)
_PROTECTED = ProtectedParameters(
    (*OURS, *_SERVERS_OWN),
    "any PostgreSQL setting but those that durability and access depend on: "
    + ", ".join(sorted((*OURS, *_SERVERS_OWN))),
)


class EmbeddedSettings(ServerSize):
    """Size of an app's own PostgreSQL server, used where `postgresql.mode` is `embedded`."""

    storage_size: VolumeSize = "8Gi"
    memory: MemorySize = "1Gi"
    cpu: Cpu = "250m"
    cpu_limit: Cpu = "2"
    max_connections: Annotated[int, Field(ge=20, le=2000)] = 100
    parameters: Annotated[dict[str, Parameter], without(_PROTECTED)] = {}
    """PostgreSQL settings on top of the derived ones, such as `log_min_duration_statement: 500`."""
    admin_password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the server's admin role a new password; the server restarts."""
    pooler: PgBouncerSettings | None = None
    """PgBouncer between app and server; absent, the app connects to the server."""

    @property
    def capacity(self) -> Capacity:
        """The connections that it accepts."""
        return Capacity(self.max_connections, ("maxConnections",), server_reserve(self.parameters))

    @property
    def given_pooler(self) -> PgBouncerSettings | None:
        """The pooler between app and server; None where the app connects to the server."""
        return self.pooler

    def refusals(self) -> Iterator[Refusal]:
        """Sizes that do not fit each other."""
        yield from super().refusals()
        yield from wal_refusals(self.memory, "storageSize", self.storage_size, (("storageSize",), ("memory",)))


class EmbeddedPostgreSQL(Model):
    """Each app has a PostgreSQL server of its own."""

    mode: Literal["embedded"] = "embedded"
    """`embedded`: a StatefulSet beside each app."""
    image: PostgresImage = POSTGRES_IMAGE
    """The official image, or one made from it; version 17, exact tag."""
    start_timeout_seconds: Annotated[int, Field(ge=60, le=3600)] = 300
    """How long `pulumi up` waits for a server before it fails with the server's last log lines."""

    @property
    def server_or_none(self) -> None:
        """The server that both apps share: there is none."""
        return None

    @property
    def has_admin(self) -> bool:
        """Whether the program can create roles and databases."""
        return True

    @property
    def client_tls(self) -> TlsMode:
        """How apps connect: inside a namespace, in clear text."""
        return TlsMode.DISABLE
