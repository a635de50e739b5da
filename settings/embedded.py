"""The embedded servers: one PostgreSQL beside each app."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, PlainValidator

from settings.base import Model, Refusal, refuse, refuse_each
from settings.names import ObjectName, PostgresImage
from settings.pins import POSTGRES_IMAGE
from settings.quantity import Cpu, MemorySize, VolumeSize, to_bytes, to_millicpu

# Settings that the program derives or relies on; changing them would break a promise that it makes.
_PARAMETERS_OF_OURS = frozenset(
    {
        "config_file",
        "data_directory",
        "fsync",
        "full_page_writes",
        "hba_file",
        "ident_file",
        "include",
        "include_dir",
        "include_if_exists",
        "listen_addresses",
        "max_connections",
        "password_encryption",
        "port",
        "synchronous_commit",
        "unix_socket_directories",
    }
)
# A backend takes about 5 MiB at rest; half of the memory is kept for buffers and work.
_MEMORY_PER_CONNECTION = 10 * 2**20

# WAL may take as much as the server has memory, up to this.
_MOST_WAL = 16 * 2**30

_OURS = ", ".join(sorted(_PARAMETERS_OF_OURS))


ParameterValue: TypeAlias = bool | int | float | str


def _parameter(value: object) -> ParameterValue:
    if not isinstance(value, bool | int | float | str):
        refuse("text, a number, true or false")
    if isinstance(value, str) and ("\n" in value or "\0" in value):
        refuse("a value on one line")
    return value


def _parameters(value: dict[str, ParameterValue]) -> dict[str, ParameterValue]:
    refuse_each(_refused_parameters(value))
    return value


def _refused_parameters(value: dict[str, ParameterValue]) -> Iterator[Refusal]:
    for name, setting in value.items():
        if re.fullmatch(r"[a-z_][a-z0-9_.]*", name) is None:
            yield Refusal((name,), setting, "names of PostgreSQL settings: lower-case letters, digits, '_' and '.'")
        if name in _PARAMETERS_OF_OURS:
            allowed = f"any PostgreSQL setting but those that durability and access rest on: {_OURS}"
            yield Refusal((name,), setting, allowed)


Parameter = Annotated[ParameterValue, PlainValidator(_parameter, json_schema_input_type=ParameterValue)]
"""Value of a PostgreSQL setting."""


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
    parameters: Annotated[dict[str, Parameter], AfterValidator(_parameters)] = {}
    """PostgreSQL settings on top of the derived ones, such as `log_min_duration_statement: 500`."""
    node_selector: dict[str, str] = {}
    """Labels of the nodes that the server may run on."""
    admin_password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the server's admin role a new password; the server restarts."""

    def refusals(self) -> Iterator[Refusal]:
        """CPU and connections that do not fit the limits; told of the key that the stack file has."""
        if to_millicpu(self.cpu) > to_millicpu(self.cpu_limit):
            reads = (("cpu",), ("cpuLimit",))
            if "cpu_limit" in self.model_fields_set:
                yield Refusal(("cpuLimit",), self.cpu_limit, f"at least `cpu`, which is {self.cpu}", reads)
            else:
                yield Refusal(("cpu",), self.cpu, f"at most `cpuLimit`, which is {self.cpu_limit}", reads)
        wal = min(to_bytes(self.memory), _MOST_WAL)
        if to_bytes(self.storage_size) < 2 * wal:
            allowed = f"at least {2 * wal // 2**20}Mi with {self.memory} of memory: WAL may take half of it"
            yield Refusal(("storageSize",), self.storage_size, allowed, (("storageSize",), ("memory",)))
        most = to_bytes(self.memory) // _MEMORY_PER_CONNECTION
        if self.max_connections > most:
            reads = (("memory",), ("maxConnections",))
            if "max_connections" in self.model_fields_set:
                allowed = f"at most {most} with {self.memory} of memory"
                yield Refusal(("maxConnections",), self.max_connections, allowed, reads)
            else:
                least = self.max_connections * _MEMORY_PER_CONNECTION // 2**20
                allowed = f"at least {least}Mi with {self.max_connections} connections (`maxConnections`)"
                yield Refusal(("memory",), self.memory, allowed, reads)


class EmbeddedPostgreSQL(Model):
    """Each app has a PostgreSQL of its own beside it."""

    mode: Literal["embedded"] = "embedded"
    """`embedded`: a StatefulSet beside each app."""
    image: PostgresImage = POSTGRES_IMAGE
    """The official image, or one made from it; version 17, exact tag."""
    start_timeout_seconds: Annotated[int, Field(ge=60, le=3600)] = 300
    """How long `pulumi up` waits for a server before it fails with the server's last log lines."""
