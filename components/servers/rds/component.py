"""PostgreSQL as an Amazon RDS instance with all that belongs to it."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.postgres.admin import admin_secret, generated_admin
from components.postgres.credentials import PORT
from components.postgres.server import ServerComponent
from components.servers.cloud import cloud_connection
from components.servers.cloud_parameters import as_text
from components.servers.placement import Placement
from components.servers.provider_config import ProviderConfig
from components.servers.rds.db_instance import db_instance, read_replica, shared_arguments
from components.servers.rds.existing import ExistingRdsServer
from components.servers.rds.instance import REPLICA_SUFFIX, RdsInstance
from components.servers.rds.network import security_group, subnet_group
from components.servers.rds.parameter_group import parameter_group
from components.servers.rds.parameters import needs_reboot
from components.servers.rds.provider import aws_provider
from components.servers.rds.settings import RdsSettings

_RESTORE_WINDOW = "DBInstanceAutomatedBackups[].[Status,RestoreWindow.EarliestTime,RestoreWindow.LatestTime]"


def rds_server(
    name: str, settings: RdsSettings, place: Placement, opts: pulumi.ResourceOptions | None = None
) -> ServerComponent:
    """Create the instance, or look the existing one up."""
    server = RdsServer if settings.existing is None else ExistingRdsServer
    return server(name, settings, place, opts)


class RdsServer(ServerComponent):
    """An RDS instance. Its outputs are the address of the read replica, and the parameters that wait for a reboot."""

    def __init__(
        self, name: str, settings: RdsSettings, place: Placement, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        instance, tags = settings.instance, settings.tags
        if instance is None:
            raise ValueError(f"{name} has no `instance`: use ExistingRdsServer")
        super().__init__("lakehouse:postgres:RdsServer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        provider = aws_provider(name, settings, place.provider_config, child)
        in_aws = pulumi.ResourceOptions(parent=self, provider=provider)
        # AllowedValues of a boolean in a parameter group.
        parameters = as_text(instance.parameters, true="1", false="0")
        # In this order, everything exists before the instance needs it.
        admin = generated_admin(name, instance.admin_password_rotation, child)
        secret = admin_secret(name, place.namespace, admin, child)
        shared = shared_arguments(
            instance,
            security_group=security_group(name, instance, in_aws, tags=tags).id,
            parameter_group=parameter_group(name, instance, parameters, in_aws, tags=tags).name,
            tags=tags,
        )
        subnets = subnet_group(name, instance, in_aws, tags=tags)
        created = db_instance(name, instance, admin, shared, in_aws, subnet_group=subnets)
        outputs: dict[str, pulumi.Input[Any]] = {}
        if instance.read_replica is not None:
            replica = read_replica(name, instance, instance.read_replica, shared, in_aws, source=created)
            outputs = {"replicaHost": replica.address, "replicaPort": PORT}
        where = _command_line_options(settings, place.provider_config)
        self.outputs = {
            **outputs,
            "backups": f"aws rds describe-db-instance-automated-backups {where}"
            f" --db-instance-identifier {instance.identifier} --query '{_RESTORE_WINDOW}' --output text",
            **_reboot_outputs(where, instance, parameters),
        }
        self.connection = cloud_connection(
            settings, place, host=created.address, admin=secret, ca_certificates=settings.trusted_certificates
        )
        self.register_outputs({})


def _command_line_options(settings: RdsSettings, config: ProviderConfig) -> str:
    """Options of `aws` that say where the instance is."""
    configured = None if config.is_secret("aws", "profile") else config.of("aws").get("profile")
    name = settings.profile or configured
    return f"--region {settings.region}{f' --profile {name}' if name else ''}"


def _reboot_outputs(where: str, instance: RdsInstance, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Parameters that wait for a reboot, and the commands for one: shown as changed only when one of them changes."""
    waiting = {name: value for name, value in parameters.items() if needs_reboot(name)}
    if not waiting:
        return {}
    replicas = [f"{instance.identifier}{REPLICA_SUFFIX}"] if instance.read_replica else []
    commands = [
        f"aws rds reboot-db-instance {where} --db-instance-identifier {identifier}"
        for identifier in [instance.identifier, *replicas]
    ]
    return {"restartParameters": waiting, "restart": f"after a change of these: {' && '.join(commands)}"}
