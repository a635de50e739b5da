"""A PostgreSQL that is already there: nothing is made of it but, where there is none, the Secret of its admin."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.endpoint import TlsMode
from components.postgres.credentials import PORT
from components.postgres.server import AdminSecret, Server, ServerComponent


@dataclass(frozen=True)
class Admin:
    """The role that makes roles and databases.

    Attributes:
        username: its name.
        password: its password, a secret.
    """

    username: str
    password: pulumi.Input[str]


@dataclass(frozen=True)
class ExistingServerArgs:
    """What must be known of a server that somebody else runs.

    Attributes:
        host: DNS name or address at which pods reach it.
        namespace: namespace of the admin's Secret and of the Jobs that use it.
        admin: an admin, whose Secret is made, or the Secret that is there.
        client_image: image with `psql`, for Jobs that talk to the server.
        port: TCP port.
        tls: how to connect.
        ca_certificate: certificate of the authority that signed the server's, PEM; needed by `VERIFY_FULL`.
        admin_database: database that the admin connects to first.
    """

    host: str
    namespace: str
    admin: Admin | AdminSecret
    client_image: str
    port: int = PORT
    tls: TlsMode = TlsMode.VERIFY_FULL
    ca_certificate: str | None = None
    admin_database: str = "postgres"


class ExistingServer(ServerComponent):
    """A server that somebody else runs."""

    def __init__(self, name: str, args: ExistingServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:ExistingServer", name, None, opts)
        admin = args.admin
        if isinstance(admin, Admin):
            secret_name = f"{name}-admin"
            k8s.core.v1.Secret(
                f"{name}-admin",
                metadata={"name": secret_name, "namespace": args.namespace},
                string_data={"username": admin.username, "password": pulumi.Output.secret(admin.password)},
                opts=pulumi.ResourceOptions(parent=self),
            )
            admin = AdminSecret(secret_name)
        self.server = Server(
            host=args.host,
            port=args.port,
            tls=args.tls,
            namespace=args.namespace,
            admin=admin,
            client_image=args.client_image,
            ca_certificate=args.ca_certificate,
            admin_database=args.admin_database,
        )
        self.register_outputs({})
