"""The parameter group of an RDS instance: TLS for every connection, and what a stack adds."""

from collections.abc import Mapping

import pulumi
from pulumi_aws.rds import ParameterGroup, ParameterGroupArgs, ParameterGroupParameterArgs

# Parameters that PostgreSQL reads at its start alone (context `postmaster` in pg_settings of 13 to 17, as far as RDS
# lets one set them). AWS refuses to apply them at once.
_AT_START = frozenset(
    {
        "autovacuum_freeze_max_age",
        "autovacuum_max_workers",
        "autovacuum_multixact_freeze_max_age",
        "commit_timestamp_buffers",
        "cron.database_name",
        "cron.max_running_jobs",
        "cron.use_background_workers",
        "event_source",
        "huge_pages",
        "max_connections",
        "max_files_per_process",
        "max_locks_per_transaction",
        "max_logical_replication_workers",
        "max_pred_locks_per_transaction",
        "max_prepared_transactions",
        "max_replication_slots",
        "max_wal_senders",
        "max_worker_processes",
        "multixact_member_buffers",
        "multixact_offset_buffers",
        "notify_buffers",
        "old_snapshot_threshold",
        "pg_stat_statements.max",
        "pglogical.use_spi",
        "rds.enable_plan_management",
        "rds.logical_replication",
        "serializable_buffers",
        "shared_buffers",
        "shared_preload_libraries",
        "subtransaction_buffers",
        "superuser_reserved_connections",
        "track_activity_query_size",
        "track_commit_timestamp",
        "transaction_buffers",
        "unix_socket_directories",
        "wal_buffers",
        "wal_decode_buffer_size",
    }
)
_FORCED = {"rds.force_ssl": "1"}


def parameter_group(
    name: str,
    identifier: str,
    version: str,
    parameters: Mapping[str, str],
    opts: pulumi.ResourceOptions,
    *,
    tags: Mapping[str, str],
) -> ParameterGroup:
    """The group of an instance.

    Args:
        name: name of the resource.
        identifier: identifier of the instance.
        version: PostgreSQL's version, `17` or `17.6`. Another major one is another group: the old one stays until the
            instance has been upgraded.
        parameters: PostgreSQL settings by name.
        opts: options of the resource.
        tags: its tags.
    """
    family = f"postgres{version.partition('.')[0]}"
    return ParameterGroup(
        name,
        ParameterGroupArgs(
            name=f"{identifier}-{family}",
            family=family,
            description="PostgreSQL of Airbyte and Dagster",
            parameters=[
                ParameterGroupParameterArgs(
                    name=key,
                    value=value,
                    # Forced before the instance is there, and never changed.
                    apply_method="pending-reboot" if key in _AT_START or key in _FORCED else "immediate",
                )
                for key, value in sorted({**parameters, **_FORCED}.items())
            ],
            tags=tags or None,
        ),
        opts,
    )
