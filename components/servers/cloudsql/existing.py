"""An existing Google Cloud SQL instance: it is looked up and not changed."""

import pulumi
from pulumi_gcp.sql import get_database_instance_output

from components.postgres.server import ServerComponent
from components.servers.cloudsql.access import InstanceFacts, connect, joined
from components.servers.cloudsql.provider import gcp_provider
from components.servers.cloudsql.settings import CloudSqlSettings
from components.servers.placement import Placement


class ExistingCloudSqlServer(ServerComponent):
    """A Cloud SQL instance that this program does not manage. `pulumi preview` fails if it does not exist."""

    def __init__(
        self, name: str, settings: CloudSqlSettings, place: Placement, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        existing = settings.existing
        if existing is None:
            raise ValueError(f"{name} has no `existing` instance: use CloudSqlServer")
        super().__init__("lakehouse:postgres:ExistingCloudSqlServer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        provider = gcp_provider(name, settings, place.provider_config, child)
        found = get_database_instance_output(
            name=existing.name, opts=pulumi.InvokeOutputOptions(parent=self, provider=provider)
        )
        facts = InstanceFacts(
            name=existing.name,
            network=found.settings.apply(lambda every: every[0].ip_configurations[0].private_network),
            address=found.private_ip_address,
            dns_names=found.dns_names,
            ca_certificates=found.server_ca_certs.apply(lambda every: joined([ca.cert for ca in every])),
        )
        self.connection = connect(
            name,
            settings,
            place,
            facts,
            admin=existing.admin.secret(name, place, child),
            in_cluster=child,
            in_cloud=pulumi.ResourceOptions(parent=self, provider=provider),
        )
        self.register_outputs({})
