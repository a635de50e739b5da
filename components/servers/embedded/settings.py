"""The embedded servers: one PostgreSQL beside each app."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.names import ObjectName, PostgresImage
from components.forms.parameters import OURS, Kept, Parameter, without
from components.forms.pins import POSTGRES_IMAGE
from components.forms.quantity import Cpu, MemorySize, VolumeSize
from components.postgres.sizing import size_refusals, wal_refusals

_SERVERS_OWN = (
    "config_file",
    "data_directory",
    "hba_file",
    "ident_file",
    "listen_addresses",
    "port",
    "unix_socket_directories",
)
_KEPT = Kept(
    (*OURS, *_SERVERS_OWN),
    f"any PostgreSQL setting but those that durability and access rest on: {', '.join(sorted((*OURS, *_SERVERS_OWN)))}",
)


class EmbeddedServer(Model):
    """Size and place of one app's own PostgreSQL, used where `postgresql.mode` is `embedded`."""

    storage_size: VolumeSize = "8Gi"
    """Size of the data volume. May grow, never shrink."""
    storage_class: ObjectName | None = None
    """Storage class of the data volume; the cluster's default one if absent. Fixed once the volume is there."""
    memory: MemorySize = "1Gi"
    """Memory of the server, requested and limited alike; its settings are derived from it."""
    cpu: Cpu = "250m"
    """CPU that the server requests."""
    cpu_limit: Cpu = "2"
    """CPU that the server may take at most."""
    max_connections: Annotated[int, Field(ge=20, le=2000)] = 100
    """Connections that the server accepts."""
    parameters: Annotated[dict[str, Parameter], without(_KEPT)] = {}
    """PostgreSQL settings on top of the derived ones, such as `log_min_duration_statement: 500`."""
    node_selector: dict[str, str] = {}
    """Labels of the nodes that the server may run on."""
    admin_password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the server's admin role a new password; the server restarts."""

    def refusals(self) -> Iterator[Refusal]:
        """Sizes that do not fit each other."""
        yield from size_refusals(self)
        yield from wal_refusals(self.memory, "storageSize", self.storage_size, (("storageSize",), ("memory",)))


class EmbeddedPostgreSQL(Model):
    """Each app has a PostgreSQL of its own beside it."""

    mode: Literal["embedded"] = "embedded"
    """`embedded`: a StatefulSet beside each app."""
    image: PostgresImage = POSTGRES_IMAGE
    """The official image, or one made from it; version 17, exact tag."""
    start_timeout_seconds: Annotated[int, Field(ge=60, le=3600)] = 300
    """How long `pulumi up` waits for a server before it fails with the server's last log lines."""
