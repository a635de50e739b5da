"""The parameter group of an RDS instance: TLS for every connection, and what a stack adds."""

from collections.abc import Mapping

import pulumi
from pulumi_aws.rds import ParameterGroup, ParameterGroupArgs, ParameterGroupParameterArgs

from components.servers.rds.instance import RdsInstance
from components.servers.rds.parameters import needs_reboot

_FORCED = {"rds.force_ssl": "1"}


def parameter_group(
    name: str,
    instance: RdsInstance,
    parameters: Mapping[str, str],
    opts: pulumi.ResourceOptions,
    *,
    tags: Mapping[str, str],
) -> ParameterGroup:
    """The group `<name>-parameters` of an instance.

    Args:
        name: prefix of the resource's name.
        instance: the instance. Another major version of PostgreSQL is another group: the old one stays until the
            instance has been upgraded.
        parameters: PostgreSQL settings by name, as AWS takes them.
        opts: options of the resource.
        tags: its tags.
    """
    family = f"postgres{instance.version.partition('.')[0]}"
    return ParameterGroup(
        f"{name}-parameters",
        ParameterGroupArgs(
            name=f"{instance.identifier}-{family}",
            family=family,
            description="PostgreSQL of Airbyte and Dagster",
            parameters=[
                ParameterGroupParameterArgs(
                    name=key,
                    value=value,
                    # Forced before the instance exists, and never changed.
                    apply_method="pending-reboot" if needs_reboot(key) or key in _FORCED else "immediate",
                )
                for key, value in sorted({**parameters, **_FORCED}.items())
            ],
            tags=tags or None,
        ),
        opts,
    )
