"""The parameter group of an RDS instance: TLS for every connection, and what a stack adds."""

from collections.abc import Mapping

import pulumi
from pulumi_aws.rds import ParameterGroup, ParameterGroupArgs, ParameterGroupParameterArgs

from components.forms.postgresql_settings import read_at_start

# Further parameters that are read at the start alone: of RDS, of extensions, and of PostgreSQL before 17.
_FURTHER = frozenset(
    {
        "cron.database_name",
        "cron.max_running_jobs",
        "cron.use_background_workers",
        "old_snapshot_threshold",
        "pglogical.use_spi",
        "rds.enable_plan_management",
        "rds.logical_replication",
    }
)
_FORCED = {"rds.force_ssl": "1"}


def needs_reboot(name: str) -> bool:
    """Whether a parameter waits for a reboot: AWS calls it static, and refuses to apply it at once."""
    return name in _FURTHER or read_at_start(name)


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
                    apply_method="pending-reboot" if needs_reboot(key) or key in _FORCED else "immediate",
                )
                for key, value in sorted({**parameters, **_FORCED}.items())
            ],
            tags=tags or None,
        ),
        opts,
    )
