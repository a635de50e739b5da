"""An existing Amazon RDS instance: it is looked up and not changed."""

import pulumi
from pulumi_aws.rds import get_instance_output

from components.postgres.server import ServerComponent
from components.servers.cloud import cloud_connection
from components.servers.placement import Placement
from components.servers.rds.provider import aws_provider
from components.servers.rds.settings import RdsSettings


class ExistingRdsServer(ServerComponent):
    """An RDS instance that this program does not manage. `pulumi preview` fails if it does not exist."""

    def __init__(
        self, name: str, settings: RdsSettings, place: Placement, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        existing = settings.existing
        if existing is None:
            raise ValueError(f"{name} has no `existing` instance: use RdsServer")
        super().__init__("lakehouse:postgres:ExistingRdsServer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        provider = aws_provider(name, settings, place.provider_config, child)
        found = get_instance_output(
            db_instance_identifier=existing.identifier, opts=pulumi.InvokeOutputOptions(parent=self, provider=provider)
        )
        self.connection = cloud_connection(
            settings,
            place,
            host=found.address,
            port=existing.port,
            admin=existing.admin.secret(name, place, child),
            ca_certificates=settings.trusted_certificates,
        )
        self.register_outputs({})
