"""The PostgreSQL settings of a CloudNativePG cluster: those that a stack file may not set, and those of the program."""

from collections.abc import Mapping
from typing import Annotated

from components.forms.parameters import OURS, Parameter, ParameterValue, ProtectedParameters, without
from components.forms.quantity import to_bytes, to_millicpu
from components.postgres.sizing import ServerSize
from components.postgres.tuning import derive

# What operator 1.28 refuses to be given (its `FixedConfigurationParameters`), each name or beginning of one.
_OPERATORS = (
    "allow_system_table_mods",
    "archive_cleanup_command",
    "archive_command",
    "archive_mode",
    "bonjour",
    "cluster_name",
    "config_file",
    "data_directory",
    "data_sync_retry",
    "event_source",
    "external_pid_file",
    "hba_file",
    "hot_standby",
    "ident_file",
    "jit_provider",
    "listen_addresses",
    "log_destination",
    "log_directory",
    "log_file_mode",
    "log_filename",
    "log_rotation_age",
    "log_rotation_size",
    "log_truncate_on_rotation",
    "logging_collector",
    "pg_failover_slots.primary_dsn",
    "pg_failover_slots.standby_slot_names",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_end_command",
    "recovery_min_apply_delay",
    "recovery_target*",
    "restart_after_crash",
    "restore_command",
    "shared_preload_libraries",
    "ssl",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_crl_file",
    "ssl_dh_params_file",
    "ssl_ecdh_curve",
    "ssl_key_file",
    "ssl_passphrase_command*",
    "ssl_prefer_server_ciphers",
    "stats_temp_directory",
    "synchronized_standby_slots",
    "synchronous_standby_names",
    "syslog_*",
    "temp_tablespaces",
    "unix_socket_*",
)
_RESERVED = (
    ProtectedParameters(_OPERATORS, "any PostgreSQL setting but those that are reserved for the operator"),
    ProtectedParameters(
        (*OURS, "wal_level"),
        f"any PostgreSQL setting but those that durability and access depend on: {', '.join((*OURS, 'wal_level'))}",
    ),
)

CloudNativePGParameters = Annotated[dict[str, Parameter], without(*_RESERVED)]
"""PostgreSQL settings by name."""


def parameters(server: ServerSize, wal_storage_size: str, given: Mapping[str, ParameterValue]) -> dict[str, str]:
    """`spec.postgresql.parameters` of the Cluster.

    Args:
        server: size of each instance.
        wal_storage_size: size of its volume for WAL.
        given: settings of the stack file, which win.
    """
    values: dict[str, ParameterValue] = {
        **derive(
            memory=to_bytes(server.memory),
            connections=server.max_connections,
            cpu_limit=to_millicpu(server.cpu_limit),
        ),
        "password_encryption": "scram-sha-256",
        # A node may have huge pages that the pod may not use; the server would die of a bus error.
        "huge_pages": "off",
        "log_lock_waits": True,
        "log_timezone": "UTC",
        "timezone": "UTC",
        # A standby that stays away must not fill the primary's WAL volume; it is cloned again instead.
        "max_slot_wal_keep_size": f"{to_bytes(wal_storage_size) // 2 // 2**20}MB",
        # A standby that cannot reach the primary tries again after this time, and no commit is acknowledged before it
        # streams from the new one: at PostgreSQL's 5 s, that was half of a failover; 200 ms gained nothing, since each
        # try starts a program that looks for WAL in the archive. See also `operator.py`.
        "wal_retrieve_retry_interval": "500ms",
        **given,
    }
    return {name: _text(value) for name, value in values.items()}


def _text(value: ParameterValue) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
