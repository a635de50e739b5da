"""The name in an instance's certificate, and a private DNS zone in which it resolves."""

from collections.abc import Sequence
from typing import Protocol

import pulumi
from pulumi_gcp.dns import (
    ManagedZone,
    ManagedZoneArgs,
    ManagedZonePrivateVisibilityConfigArgs,
    ManagedZonePrivateVisibilityConfigNetworkArgs,
    RecordSet,
    RecordSetArgs,
)

from components.servers.cloudsql.settings import ZONE_SUFFIX, CloudSqlSettings


class DnsName(Protocol):
    """One of an instance's DNS names, of a resource or of a look-up."""

    @property
    def name(self) -> str | None:
        """The name, with a dot at its end."""
        ...

    @property
    def connection_type(self) -> str | None:
        """The way of connecting that it is for."""
        ...

    @property
    def dns_scope(self) -> str | None:
        """Whether it is the name of the instance or of a cluster of instances."""
        ...


def certificate_name(names: Sequence[DnsName], instance: str) -> str:
    """The name in the certificate of an instance with private services access.

    Raises:
        pulumi.RunError: there is none, because the instance's own CA signs the certificate, not the shared one.
    """
    for dns in names:
        if dns.name and dns.connection_type == "PRIVATE_SERVICES_ACCESS" and dns.dns_scope == "INSTANCE":
            return dns.name
    raise pulumi.RunError(
        f"Cloud SQL instance {instance} has no DNS name for private services access, so clients cannot check the name "
        "in its certificate. Set its serverCaMode to GOOGLE_MANAGED_CAS_CA, or set `tls: require` or `authProxy` in "
        "the stack file (lakehouse:postgresql.server)."
    )


def private_zone(
    name: str,
    settings: CloudSqlSettings,
    opts: pulumi.ResourceOptions,
    *,
    instance: str,
    network: pulumi.Input[str],
    dns_name: pulumi.Input[str],
    address: pulumi.Input[str],
) -> None:
    """Create the zone `<name>-dns`: private services access publishes no names.

    Args:
        name: prefix of the resources' names.
        settings: the server.
        opts: options of the resources.
        instance: name of the instance.
        network: its VPC network.
        dns_name: the name in its certificate.
        address: its private address.
    """
    project = settings.private_dns_project
    zone = ManagedZone(
        f"{name}-dns",
        ManagedZoneArgs(
            name=f"{instance}{ZONE_SUFFIX}",
            project=project,
            # The instance's name alone: a zone of all of sql-psa.goog would hide other instances' names.
            dns_name=dns_name,
            description="Name in the certificate of the PostgreSQL of Airbyte and Dagster",
            visibility="private",
            labels=settings.tags or None,
            private_visibility_config=ManagedZonePrivateVisibilityConfigArgs(
                # The network's project may be another one: Cloud DNS calls that cross-project binding.
                networks=[ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=network)]
            ),
        ),
        # A network takes no second zone of the same name.
        pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )
    RecordSet(
        f"{name}-dns",
        RecordSetArgs(managed_zone=zone.name, project=project, name=dns_name, type="A", ttl=60, rrdatas=[address]),
        opts,
    )
