"""Who runs PostgreSQL, and what an app may say about its part of it."""

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from settings.base import Model, refuse
from settings.names import ObjectName, PostgresName
from settings.pins import POSTGRES_IMAGE
from settings.quantity import Cpu, MemorySize, VolumeSize, to_bytes, to_millicpu

_IMAGE = re.compile(r"[^\s:@]+(:[0-9]+)?(/[^\s:@]+)*:17\.[0-9]+[-.\w]*(@sha256:[0-9a-f]{64})?")

# Settings that the program derives or relies on; changing them would break a promise that it makes.
_PARAMETERS_OF_OURS = frozenset(
    {
        "config_file",
        "data_directory",
        "fsync",
        "full_page_writes",
        "hba_file",
        "ident_file",
        "listen_addresses",
        "max_connections",
        "password_encryption",
        "port",
        "synchronous_commit",
        "unix_socket_directories",
    }
)
_OURS = ", ".join(sorted(_PARAMETERS_OF_OURS))


def _image(value: str) -> str:
    if _IMAGE.fullmatch(value) is None:
        refuse(f"an image with an exact 17.x tag, such as {POSTGRES_IMAGE} (18 keeps its data elsewhere)")
    return value


ParameterValue: TypeAlias = bool | int | float | str


def _parameters(value: dict[str, ParameterValue]) -> dict[str, ParameterValue]:
    for name, setting in value.items():
        if re.fullmatch(r"[a-z_][a-z0-9_.]*", name) is None:
            refuse("names of PostgreSQL settings: lower-case letters, digits, '_' and '.'", key=name, found=setting)
        if name in _PARAMETERS_OF_OURS:
            refuse(
                f"any PostgreSQL setting but those that durability and access rest on: {_OURS}",
                key=name,
                found=setting,
            )
        if isinstance(setting, str) and ("\n" in setting or "\0" in setting):
            refuse("a value on one line", key=name, found=setting)
    return value


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
    parameters: Annotated[dict[str, ParameterValue], AfterValidator(_parameters)] = {}
    """PostgreSQL settings on top of the derived ones, such as `log_min_duration_statement: 500`."""
    node_selector: dict[str, str] = {}
    """Labels of the nodes that the server may run on."""
    admin_password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the server's admin role a new password; the server restarts."""

    @model_validator(mode="after")
    def _sizes_agree(self) -> "EmbeddedServer":
        if to_millicpu(self.cpu) > to_millicpu(self.cpu_limit):
            refuse(f"at least `cpu` ({self.cpu})", key="cpuLimit", found=self.cpu_limit)
        # A backend takes about 5 MiB at rest; half of the memory is kept for buffers and work.
        most = to_bytes(self.memory) // 2 // (5 * 2**20)
        if self.max_connections > most:
            refuse(f"at most {most} with {self.memory} of memory", key="maxConnections", found=self.max_connections)
        return self


class AppDatabase(Model):
    """One app's role and databases on the server, whoever runs it."""

    name: PostgresName
    """The app's database."""
    username: PostgresName
    """The app's role, owner of its databases."""
    secret_name: ObjectName
    """Secret in the app's namespace that carries all that a client needs."""
    password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the app's role a new password; the app restarts."""
    embedded: EmbeddedServer = EmbeddedServer()
    """The app's own server, where `postgresql.mode` is `embedded`."""

    @model_validator(mode="after")
    def _not_the_servers_own(self) -> "AppDatabase":
        if self.username == "postgres":
            refuse("any role but the server's admin, postgres", key="username", found=self.username)
        if self.name in {"postgres", "template0", "template1"}:
            refuse("any database but the server's own (postgres, template0, template1)", key="name", found=self.name)
        return self


class EmbeddedPostgreSQL(Model):
    """Each app has a PostgreSQL of its own beside it."""

    mode: Literal["embedded"] = "embedded"
    """`embedded`: a StatefulSet beside each app."""
    image: Annotated[str, AfterValidator(_image)] = POSTGRES_IMAGE
    """The official image, or one made from it; version 17, exact tag."""
    start_timeout_seconds: Annotated[int, Field(ge=60, le=3600)] = 300
    """How long `pulumi up` waits for a server before it fails with the server's last log lines."""
