"""The PostgreSQL settings of a PostgresCluster: those that a stack file may not set, and those of the program."""

from collections.abc import Mapping
from typing import Annotated

from components.forms.parameters import Parameter, ParameterValue, ProtectedParameters, without
from components.forms.quantity import to_bytes, to_millicpu
from components.postgres.sizing import ServerSize
from components.postgres.tuning import derive

# Older servers have no LZ4 for WAL.
_FIRST_WITH_LZ4 = 15

# What is reserved for the operator (its schema refuses it), and what durability and access depend on.
_PROTECTED = (
    "archive_command",
    "archive_mode",
    "cluster_name",
    "config_file",
    "data_directory",
    "external_pid_file",
    "fsync",
    "full_page_writes",
    "hba_file",
    "hot_standby",
    "ident_file",
    "listen_addresses",
    "log_file_mode",
    "logging_collector",
    "password_encryption",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "recovery_min_apply_delay",
    "recovery_target",
    "restore_command",
    "ssl",
    "synchronous_commit",
    "synchronous_standby_names",
    "wal_level",
    "wal_log_hints",
    "include*",
    "recovery_target_*",
    "ssl_*",
    "unix_socket_*",
)
_REFUSED = (
    ProtectedParameters(("max_connections",), "nothing here: it is the setting `maxConnections`"),
    ProtectedParameters(
        _PROTECTED,
        "any PostgreSQL setting but those that are reserved for the operator or that durability and access depend on",
    ),
)

CrunchyDataParameters = Annotated[dict[str, Parameter], without(*_REFUSED)]
"""PostgreSQL settings by name."""


def parameters(server: ServerSize, version: int, given: Mapping[str, ParameterValue]) -> dict[str, int | str]:
    """`spec.config.parameters` of the PostgresCluster.

    Args:
        server: size of each instance.
        version: major version of PostgreSQL.
        given: settings of the stack file, which win.
    """
    values: dict[str, ParameterValue] = derive(
        memory=to_bytes(server.memory), connections=server.max_connections, cpu_limit=to_millicpu(server.cpu_limit)
    )
    if version < _FIRST_WITH_LZ4:
        values["wal_compression"] = "on"
    values |= {
        "password_encryption": "scram-sha-256",
        "log_lock_waits": True,
        "log_timezone": "UTC",
        "timezone": "UTC",
        **given,
    }
    return {name: _int_or_text(value) for name, value in values.items()}


def _int_or_text(value: ParameterValue) -> int | str:
    # The CRD's schema takes no booleans and no fractions here.
    match value:
        case bool():
            return "on" if value else "off"
        case float():
            return str(value)
        case _:
            return value
