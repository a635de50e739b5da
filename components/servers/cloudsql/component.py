"""PostgreSQL as a Google Cloud SQL instance with all that belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_gcp.sql import DatabaseInstance, DatabaseInstanceArgs, User, UserArgs

from components.forms.postgresql_settings import read_at_start
from components.postgres.admin import Admin, admin_secret, generated_admin
from components.postgres.server import ServerComponent
from components.servers.cloudsql.access import (
    Access,
    Found,
    Place,
    Proxied,
    server,
)
from components.servers.cloudsql.instance_settings import CloudSqlInstanceArgs, instance_settings
from components.servers.cloudsql.provider import gcp_provider


@dataclass(frozen=True)
class CloudSqlServerArgs:
    """What must be known of an instance to make it.

    Attributes:
        place: where it is.
        instance: the instance.
        access: how pods reach it.
    """

    place: Place
    instance: CloudSqlInstanceArgs
    access: Access


class CloudSqlServer(ServerComponent):
    """A Cloud SQL instance that is made here."""

    def __init__(self, name: str, args: CloudSqlServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:CloudSqlServer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        provider = gcp_provider(name, args.place.project, args.place.region, args.place.provider, child)
        in_cloud = pulumi.ResourceOptions(parent=self, provider=provider)
        admin = generated_admin(name, args.instance.admin_password_rotation, child)
        secret = admin_secret(name, args.place.namespace, admin, child)
        instance = self._instance(name, args, in_cloud)
        user = self._user(name, instance, admin, in_cloud)
        found = Found(
            name=args.instance.name,
            network=args.instance.network,
            address=instance.private_ip_address,
            dns_names=instance.dns_names,
            authorities=instance.server_ca_certs.apply(lambda all_: joined([it.cert for it in all_])),
            ready=[instance, user],
        )
        self.server = server(name, args.place, found, args.access, admin=secret, in_cluster=child, in_cloud=in_cloud)
        self.outputs = _restart_outputs(args.instance)
        self.register_outputs({})

    def _instance(self, name: str, args: CloudSqlServerArgs, opts: pulumi.ResourceOptions) -> DatabaseInstance:
        wanted = args.instance
        connectors_only = isinstance(args.access, Proxied) and args.access.required
        return DatabaseInstance(
            f"{name}-instance",
            DatabaseInstanceArgs(
                # Nothing that another size or tier changes is part of a name: those are updates.
                name=wanted.name,
                region=args.place.region,
                database_version=f"POSTGRES_{wanted.version}",
                encryption_key_name=wanted.disk.kms_key,
                settings=instance_settings(wanted, connectors_only=connectors_only, labels=args.place.labels),
                deletion_protection=wanted.deletion_protection,
            ),
            pulumi.ResourceOptions.merge(
                opts,
                pulumi.ResourceOptions(
                    protect=wanted.deletion_protection,
                    # The provider takes a disk that has grown by itself for one that is to shrink: a replacement.
                    ignore_changes=["settings.diskSize"] if wanted.disk.autoresize else None,
                ),
            ),
        )

    def _user(self, name: str, instance: DatabaseInstance, admin: Admin, opts: pulumi.ResourceOptions) -> User:
        return User(
            f"{name}-admin",
            # The role is there from the start, without a password. It cannot be dropped, for what it owns: it goes with
            # the instance.
            UserArgs(instance=instance.name, name=admin.username, password=admin.password, deletion_policy="ABANDON"),
            opts,
        )


# Flags of Cloud SQL that are read at the server's start ("Configure database flags"); each `enable_` loads a library.
_READ_AT_START = ("cloudsql.enable_", "cloudsql.logical_decoding")


def _restart_outputs(args: CloudSqlInstanceArgs) -> dict[str, Any]:
    """Flags that restart the server: shown as changed only when one of them changes."""
    restarting = {
        name: value
        for name, value in sorted(args.flags.items())
        if read_at_start(name) or name.startswith(_READ_AT_START)
    }
    if not restarting:
        return {}
    return {
        "restartParameters": restarting,
        "restart": "Cloud SQL restarts the server at once when one of these changes",
    }


def joined(certificates: Sequence[str | None]) -> str:
    """PEM texts as one: while the authority is being changed there is more than one, each with its chain of trust."""
    return "".join(f"{text.strip()}\n" for text in certificates if text)
