"""A PostgreSQL that somebody runs, as the parts that need its admin see it."""

from dataclasses import dataclass

from components.endpoint import TlsMode


@dataclass(frozen=True)
class Server:
    """Where a server is and which Secret opens it to its admin.

    Attributes:
        host: DNS name that resolves inside the cluster.
        port: TCP port.
        tls: how to connect.
        namespace: namespace of the admin's Secret; Jobs that need it run there.
        admin_secret_name: Secret with the keys `username` and `password` of a role that may create roles and databases.
        client_image: image with `psql`, for Jobs that talk to the server.
    """

    host: str
    port: int
    tls: TlsMode
    namespace: str
    admin_secret_name: str
    client_image: str
