"""How pods reach a Cloud SQL instance: straight, by its address or its name, or through the Auth Proxy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi
from pulumi_gcp.dns import (
    ManagedZone,
    ManagedZoneArgs,
    ManagedZonePrivateVisibilityConfigArgs,
    ManagedZonePrivateVisibilityConfigNetworkArgs,
    RecordSet,
    RecordSetArgs,
)

from components.postgres.credentials import PORT
from components.postgres.endpoint import TlsMode
from components.postgres.server import AdminSecret, Server
from components.servers.cloudsql.auth_proxy import AuthProxy, AuthProxyArgs
from components.servers.cloudsql.settings import ZONE_SUFFIX


class DnsName(Protocol):
    """One of an instance's DNS names, as made or as looked up."""

    @property
    def name(self) -> str | None:
        """The name, with a dot at its end."""
        ...

    @property
    def connection_type(self) -> str | None:
        """By which way of connecting it is reached."""
        ...

    @property
    def dns_scope(self) -> str | None:
        """Whether it is the name of the instance or of a cluster of them."""
        ...


@dataclass(frozen=True)
class Direct:
    """Straight to the instance's private address.

    Attributes:
        tls: how clients connect.
        private_dns: whether the name in the certificate is made to resolve in the instance's network.
        private_dns_project: project of the zone that does so, the instance's if None.
        ca_certificates: authorities, PEM; those that the instance tells if None.
    """

    tls: TlsMode = TlsMode.VERIFY_FULL
    private_dns: bool = True
    private_dns_project: str | None = None
    ca_certificates: str | None = None


@dataclass(frozen=True)
class Proxied:
    """Through the Auth Proxy; see `AuthProxyArgs`."""

    service_account: str
    image: str
    replicas: int = 2
    required: bool = True


Access = Direct | Proxied


@dataclass(frozen=True)
class Place:
    """Where an instance is, and what talks to it as its admin.

    Attributes:
        project: Google Cloud project.
        region: Google Cloud region.
        namespace: namespace of the admin's Secret and of the Jobs that use it.
        client_image: image with `psql`, for those Jobs.
        provider: further arguments of the provider, by name.
        labels: labels of every Google Cloud resource.
    """

    project: str
    region: str
    namespace: str
    client_image: str
    provider: Mapping[str, Any] = field(default_factory=dict[str, Any])
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Found:
    """What an instance tells of itself.

    Attributes:
        name: its name in the project.
        network: its VPC network.
        address: its private address.
        dns_names: its DNS names, one of which may be in its certificate.
        authorities: what its certificate is checked against, PEM.
        ready: what must be there before somebody connects.
    """

    name: str
    network: pulumi.Input[str]
    address: pulumi.Output[str]
    dns_names: pulumi.Output[Sequence[DnsName]]
    authorities: pulumi.Output[str]
    ready: Sequence[pulumi.Resource] = ()


def certificate_name(names: Sequence[DnsName], instance: str) -> str:
    """The name that is in the certificate of an instance with private services access.

    Raises:
        pulumi.RunError: there is none, because another authority than the shared one signs the certificate.
    """
    for it in names:
        if it.name and it.connection_type == "PRIVATE_SERVICES_ACCESS" and it.dns_scope == "INSTANCE":
            return it.name
    raise pulumi.RunError(
        f"Cloud SQL instance {instance} has no DNS name for private services access, so clients cannot check the name "
        "in its certificate. Set its serverCaMode to GOOGLE_MANAGED_CAS_CA, or say `tls: require` or `authProxy` in "
        "the stack file (lakehouse:postgresql.server)."
    )


@dataclass(frozen=True)
class _Zone:
    """A private DNS zone: its project, the instance's if None, and its labels."""

    project: str | None
    labels: Mapping[str, str]


def server(
    name: str,
    place: Place,
    found: Found,
    access: Access,
    *,
    admin: AdminSecret,
    in_cluster: pulumi.ResourceOptions,
    in_cloud: pulumi.ResourceOptions,
    admin_database: str = "postgres",
) -> Server:
    """The server as the parts that need its admin see it, with what that way of reaching it takes.

    Args:
        name: prefix of the resources' names.
        place: where the instance is.
        found: what it tells of itself.
        access: how pods reach it.
        admin: its admin's Secret.
        in_cluster: options of Kubernetes objects.
        in_cloud: options of Google Cloud resources.
        admin_database: database that the admin connects to first.
    """
    match access:
        case Proxied():
            host = AuthProxy(
                f"{name}-proxy",
                AuthProxyArgs(
                    name=f"{name}-proxy",
                    namespace=place.namespace,
                    # In this form whatever the instance says later: it is known in the first preview.
                    connection=f"{place.project}:{place.region}:{found.name}",
                    service_account=access.service_account,
                    image=access.image,
                    replicas=access.replicas,
                ),
                pulumi.ResourceOptions.merge(in_cluster, pulumi.ResourceOptions(depends_on=list(found.ready))),
            ).host
            tls, authorities = TlsMode.DISABLE, None
        case Direct(TlsMode.VERIFY_FULL):
            certified = found.dns_names.apply(lambda names: certificate_name(names, found.name))
            if access.private_dns:
                _private_dns(name, _Zone(access.private_dns_project, place.labels), found, certified, in_cloud)
            # A client compares the name that it was given with the certificate's, which has no dot at its end.
            host = certified.apply(lambda it: it.rstrip("."))
            tls, authorities = access.tls, access.ca_certificates or found.authorities
        case Direct():
            host, tls, authorities = found.address, access.tls, None
    return Server(
        host=host,
        port=PORT,
        tls=tls,
        namespace=place.namespace,
        admin=admin,
        client_image=place.client_image,
        ca_certificate=authorities,
        admin_database=admin_database,
    )


def _private_dns(
    name: str, zone: _Zone, found: Found, certified: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> None:
    """Private services access publishes no names: the one in the certificate has to be made to resolve."""
    made = ManagedZone(
        f"{name}-dns",
        ManagedZoneArgs(
            name=f"{found.name}{ZONE_SUFFIX}",
            project=zone.project,
            # The instance's name alone: a zone of all of sql-psa.goog would hide other instances' names.
            dns_name=certified,
            description="Name in the certificate of the PostgreSQL of Airbyte and Dagster",
            visibility="private",
            labels=zone.labels or None,
            private_visibility_config=ManagedZonePrivateVisibilityConfigArgs(
                # The network's project may be another one: Cloud DNS calls that cross-project binding.
                networks=[ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=found.network)]
            ),
        ),
        # A network takes no second zone of the same name.
        pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )
    RecordSet(
        f"{name}-dns",
        RecordSetArgs(
            managed_zone=made.name, project=zone.project, name=certified, type="A", ttl=60, rrdatas=[found.address]
        ),
        opts,
    )
