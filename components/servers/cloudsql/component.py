"""PostgreSQL as a Google Cloud SQL instance with all that belongs to it."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_gcp.sql import DatabaseInstance, DatabaseInstanceArgs, User, UserArgs

from components.postgres.admin import Admin, admin_secret, generated_admin
from components.postgres.server import ServerComponent
from components.servers.cloud_parameters import as_text
from components.servers.cloudsql.access import InstanceFacts, connect, joined
from components.servers.cloudsql.existing import ExistingCloudSqlServer
from components.servers.cloudsql.instance_settings import instance_settings
from components.servers.cloudsql.origin import ORIGIN, origin
from components.servers.cloudsql.parameters import restarts
from components.servers.cloudsql.provider import gcp_provider
from components.servers.cloudsql.settings import CloudSqlSettings
from components.servers.placement import Placement
from components.servers.restoring import read_once


def cloudsql_server(
    name: str, settings: CloudSqlSettings, place: Placement, opts: pulumi.ResourceOptions | None = None
) -> ServerComponent:
    """Create the instance, or look the existing one up."""
    server = CloudSqlServer if settings.existing is None else ExistingCloudSqlServer
    return server(name, settings, place, opts)


class CloudSqlServer(ServerComponent):
    """A Cloud SQL instance. Its outputs are the database flags that restart the server."""

    def __init__(
        self, name: str, settings: CloudSqlSettings, place: Placement, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        instance = settings.instance
        if instance is None:
            raise ValueError(f"{name} has no `instance`: use ExistingCloudSqlServer")
        super().__init__("lakehouse:postgres:CloudSqlServer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        provider = gcp_provider(name, settings, place.provider_config, child)
        in_cloud = pulumi.ResourceOptions(parent=self, provider=provider)
        flags = as_text(instance.parameters, true="on", false="off")
        admin = generated_admin(name, instance.admin_password_rotation, child)
        secret = admin_secret(name, place.namespace, admin, child)
        created = DatabaseInstance(
            f"{name}-instance",
            DatabaseInstanceArgs(
                # Nothing that another size or tier changes is part of a name: those are updates.
                name=instance.name,
                region=settings.region,
                database_version=f"POSTGRES_{instance.version}",
                encryption_key_name=instance.disk.kms_key,
                settings=instance_settings(settings, instance, flags),
                deletion_protection=instance.deletion_protection,
                **origin(instance.restore_from, instance.network.allocated_range),
            ),
            pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions.merge(
                    in_cloud, read_once(restored=instance.restore_from is not None, properties=ORIGIN)
                ),
                pulumi.ResourceOptions(
                    protect=instance.deletion_protection,
                    # The provider takes a disk that has grown by itself for one that is to shrink: a replacement.
                    ignore_changes=["settings.diskSize"] if instance.disk.autoresize else None,
                ),
            ),
        )
        facts = InstanceFacts(
            name=instance.name,
            network=instance.network.network,
            address=created.private_ip_address,
            dns_names=created.dns_names,
            ca_certificates=created.server_ca_certs.apply(lambda every: joined([ca.cert for ca in every])),
            ready=[created, _user(name, created, admin, in_cloud)],
        )
        self.connection = connect(name, settings, place, facts, admin=secret, in_cluster=child, in_cloud=in_cloud)
        backups = {"backups": f"gcloud sql backups list --project {settings.project} --instance {instance.name}"}
        self.outputs = {**backups, **_restart_outputs(flags)}
        self.register_outputs({})


def _user(name: str, instance: DatabaseInstance, admin: Admin, opts: pulumi.ResourceOptions) -> User:
    return User(
        f"{name}-admin",
        # The role exists from the start, without a password. It cannot be dropped, for what it owns: it goes with the
        # instance.
        UserArgs(instance=instance.name, name=admin.username, password=admin.password, deletion_policy="ABANDON"),
        opts,
    )


def _restart_outputs(flags: Mapping[str, str]) -> dict[str, Any]:
    """Flags that restart the server: shown as changed only when one of them changes."""
    restarting = {name: value for name, value in flags.items() if restarts(name)}
    if not restarting:
        return {}
    return {
        "restartParameters": restarting,
        "restart": "Cloud SQL restarts the server at once when one of these changes",
    }
