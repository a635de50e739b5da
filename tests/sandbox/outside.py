"""A PostgreSQL outside the cluster: Debian's, an ordinary process in the sandbox's network, at the node's address."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox import enter
from tests.support.authority import SETTINGS, certify
from tests.support.cluster import SANDBOX
from tests.support.postgres import DatabaseServer, Root, unpacked_image

PORT = 15432
ADMIN = "keeper"
ADMIN_PASSWORD = "the-keepers-password"


@dataclass(frozen=True)
class NetworkRoot(Root):
    """The image's files, whose commands run in the sandbox's network."""

    def command(self, *arguments: str) -> list[str]:
        """Arguments that run a command inside, in the sandbox's network namespace."""
        return enter.command(SANDBOX, super().command(*arguments))


@dataclass(frozen=True)
class Outside:
    """A server outside the cluster.

    Attributes:
        server: to talk to it as its superuser.
        host: address at which pods reach it.
        port: TCP port.
        authority: certificate of the authority that signed its own, PEM; None without TLS.
        admin: role that may create roles and databases, and is no superuser.
        admin_password: its password.
    """

    server: DatabaseServer
    host: str
    port: int
    authority: str | None
    admin: str = ADMIN
    admin_password: str = ADMIN_PASSWORD


@contextmanager
def outside_server(*, tls: bool = True, port: int = PORT) -> Iterator[Outside]:
    """Run one, with or without TLS, for as long as the block lasts."""
    with unpacked_image() as image:
        root = NetworkRoot(image.path)
        server = DatabaseServer(root, "outside", port)
        done = server.prepare("superuser")
        assert done.returncode == 0, done.stderr
        settings = {"listen_addresses": str(SANDBOX.address), "max_connections": "200", "max_wal_size": "2GB"}
        authority = None
        if tls:
            authority = certify(server, str(SANDBOX.address))
            settings |= SETTINGS
        with (server.folder / "postgresql.auto.conf").open("a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        server.start()
        try:
            server.psql(f"CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB PASSWORD '{ADMIN_PASSWORD}'")
            yield Outside(server, str(SANDBOX.address), port, authority)
        finally:
            server.stop()
