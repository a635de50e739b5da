"""A PostgreSQL that is already there: nothing is made of it but, where there is none, the Secret of its admin."""

from dataclasses import dataclass

import pulumi

from components.postgres.admin import Admin, admin_secret
from components.postgres.credentials import PORT
from components.postgres.endpoint import TlsMode
from components.postgres.server import SETTLED_SECONDS, AdminSecret, Server, ServerComponent


@dataclass(frozen=True)
class ExistingServerArgs:
    """What must be known of a server that somebody else runs.

    Attributes:
        host: DNS name or address at which pods reach it.
        namespace: namespace of the admin's Secret and of the Jobs that use it.
        admin: an admin, whose Secret is made, or the Secret that is there; None where somebody else makes roles and
            databases.
        client_image: image with `psql`, for Jobs that talk to the server.
        port: TCP port.
        tls: how to connect.
        ca_certificate: certificate of the authority that signed the server's, PEM; needed by `VERIFY_FULL`.
        admin_database: database that the admin connects to first.
    """

    host: str
    namespace: str
    admin: Admin | AdminSecret | None
    client_image: str
    port: int = PORT
    tls: TlsMode = TlsMode.VERIFY_FULL
    ca_certificate: str | None = None
    admin_database: str = "postgres"


class ExistingServer(ServerComponent):
    """A server that somebody else runs."""

    def __init__(self, name: str, args: ExistingServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:ExistingServer", name, None, opts)
        self.server = Server(
            host=args.host,
            port=args.port,
            tls=args.tls,
            namespace=args.namespace,
            admin=None
            if args.admin is None
            else admin_secret(name, args.namespace, args.admin, pulumi.ResourceOptions(parent=self)),
            client_image=args.client_image,
            ca_certificate=args.ca_certificate,
            admin_database=args.admin_database,
            settling_seconds=SETTLED_SECONDS,
        )
        self.register_outputs({})
