"""How pods connect to a Cloud SQL instance: by its address, by its name, or through the Auth Proxy."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.postgres.endpoint import TlsMode
from components.postgres.server import AdminSecret, ServerConnection
from components.servers.cloud import cloud_connection
from components.servers.cloudsql.auth_proxy import AuthProxy
from components.servers.cloudsql.private_dns import DnsName, certificate_name, private_zone
from components.servers.cloudsql.settings import CloudSqlSettings
from components.servers.placement import Placement


@dataclass(frozen=True)
class InstanceFacts:
    """What an instance reports, whether it is created or looked up.

    Attributes:
        name: its name in the project.
        network: its VPC network.
        address: its private address.
        dns_names: its DNS names, one of which may be in its certificate.
        ca_certificates: certificates of the CAs that sign its certificate, PEM.
        ready: what must exist before a client connects.
    """

    name: str
    network: pulumi.Input[str]
    address: pulumi.Output[str]
    dns_names: pulumi.Output[Sequence[DnsName]]
    ca_certificates: pulumi.Output[str]
    ready: Sequence[pulumi.Resource] = ()


def joined(certificates: Sequence[str | None]) -> str:
    """PEM texts as one: while the CA is being changed there is more than one, each with its chain of trust."""
    return "".join(f"{text.strip()}\n" for text in certificates if text)


def connect(
    name: str,
    settings: CloudSqlSettings,
    place: Placement,
    facts: InstanceFacts,
    *,
    admin: AdminSecret,
    in_cluster: pulumi.ResourceOptions,
    in_cloud: pulumi.ResourceOptions,
) -> ServerConnection:
    """How to connect to the instance, with the resources that this needs.

    Args:
        name: prefix of the resources' names.
        settings: the server.
        place: where it stands.
        facts: what the instance reports.
        admin: its admin's Secret.
        in_cluster: options of Kubernetes objects.
        in_cloud: options of Google Cloud resources.
    """
    if settings.auth_proxy is not None:
        proxy = AuthProxy(
            f"{name}-proxy",
            settings.auth_proxy,
            place,
            # Not what the instance reports: this is known in the first preview.
            f"{settings.project}:{settings.region}:{facts.name}",
            pulumi.ResourceOptions.merge(in_cluster, pulumi.ResourceOptions(depends_on=list(facts.ready))),
        )
        host: pulumi.Input[str] = proxy.host
    elif settings.client_tls is TlsMode.VERIFY_FULL:
        dns_name = facts.dns_names.apply(lambda names: certificate_name(names, facts.name))
        if settings.creates_zone:
            private_zone(
                name,
                settings,
                in_cloud,
                instance=facts.name,
                network=facts.network,
                dns_name=dns_name,
                address=facts.address,
            )
        # A client compares the name that it connects to with the certificate's, which has no dot at its end.
        host = dns_name.apply(lambda text: text.rstrip("."))
    else:
        host = facts.address
    return cloud_connection(
        settings, place, host=host, admin=admin, ca_certificates=settings.ca_certificates or facts.ca_certificates
    )
