"""An Amazon RDS instance that is there: it is looked up and left as it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_aws.rds import get_instance_output

from components.postgres.admin import Admin, admin_secret
from components.postgres.credentials import PORT
from components.postgres.endpoint import TlsMode
from components.postgres.server import SETTLED_SECONDS, AdminSecret, Server, ServerComponent
from components.servers.rds.provider import aws_provider


@dataclass(frozen=True)
class ExistingRdsServerArgs:
    """What must be known of an instance that is there.

    Attributes:
        identifier: its identifier in the region.
        namespace: namespace of the admin's Secret and of the Jobs that use it.
        admin: an admin, whose Secret is made, or the Secret that is there.
        client_image: image with `psql`, for Jobs that talk to the server.
        region: AWS region.
        profile: profile of the AWS configuration.
        provider: further arguments of the provider, by name.
        port: TCP port.
        admin_database: database that the admin connects to first.
        tls: how clients connect.
        ca_certificate: the region's authorities, PEM; needed by `VERIFY_FULL`.
    """

    identifier: str
    namespace: str
    admin: Admin | AdminSecret
    client_image: str
    region: str
    profile: str | None = None
    provider: Mapping[str, Any] = field(default_factory=dict[str, Any])
    port: int = PORT
    admin_database: str = "postgres"
    tls: TlsMode = TlsMode.VERIFY_FULL
    ca_certificate: str | None = None


class ExistingRdsServer(ServerComponent):
    """An RDS instance that somebody else made. `pulumi preview` fails if it is not there."""

    def __init__(self, name: str, args: ExistingRdsServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:ExistingRdsServer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        provider = aws_provider(name, args.region, args.profile, args.provider, child)
        found = get_instance_output(
            db_instance_identifier=args.identifier, opts=pulumi.InvokeOutputOptions(parent=self, provider=provider)
        )
        self.server = Server(
            host=found.address,
            port=args.port,
            tls=args.tls,
            namespace=args.namespace,
            admin=admin_secret(name, args.namespace, args.admin, child),
            client_image=args.client_image,
            ca_certificate=args.ca_certificate,
            admin_database=args.admin_database,
            settling_seconds=SETTLED_SECONDS,
        )
        self.register_outputs({})
