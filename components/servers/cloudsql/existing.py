"""A Google Cloud SQL instance that is there: it is looked up and left as it is."""

from dataclasses import dataclass, replace

import pulumi
from pulumi_gcp.sql import get_database_instance_output

from components.postgres.admin import Admin, admin_secret
from components.postgres.server import SETTLED_SECONDS, AdminSecret, ServerComponent
from components.servers.cloudsql.access import Access, Found, Place, server
from components.servers.cloudsql.component import joined
from components.servers.cloudsql.provider import gcp_provider


@dataclass(frozen=True)
class ExistingCloudSqlServerArgs:
    """What must be known of an instance that is there.

    Attributes:
        place: where it is.
        instance: its name in the project.
        admin: an admin, whose Secret is made, or the Secret that is there.
        access: how pods reach it.
        admin_database: database that the admin connects to first.
    """

    place: Place
    instance: str
    admin: Admin | AdminSecret
    access: Access
    admin_database: str = "postgres"


class ExistingCloudSqlServer(ServerComponent):
    """A Cloud SQL instance that somebody else made. `pulumi preview` fails if it is not there."""

    def __init__(self, name: str, args: ExistingCloudSqlServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:ExistingCloudSqlServer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        provider = gcp_provider(name, args.place.project, args.place.region, args.place.provider, child)
        it = get_database_instance_output(
            name=args.instance, opts=pulumi.InvokeOutputOptions(parent=self, provider=provider)
        )
        found = Found(
            name=args.instance,
            network=it.settings.apply(lambda all_: all_[0].ip_configurations[0].private_network),
            address=it.private_ip_address,
            dns_names=it.dns_names,
            authorities=it.server_ca_certs.apply(lambda all_: joined([one.cert for one in all_])),
        )
        in_cloud = pulumi.ResourceOptions(parent=self, provider=provider)
        secret = admin_secret(name, args.place.namespace, args.admin, child)
        reached = server(
            name,
            args.place,
            found,
            args.access,
            admin=secret,
            in_cluster=child,
            in_cloud=in_cloud,
            admin_database=args.admin_database,
        )
        self.server = replace(reached, settling_seconds=SETTLED_SECONDS)
        self.register_outputs({})
