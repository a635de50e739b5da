"""A PostgreSQL outside the cluster: Debian's, an ordinary process in the sandbox's network, at the node's address."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import enter
from tests.support.cluster import SANDBOX
from tests.support.postgres import UID, DatabaseServer, Root, unpacked_image

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
        settings = {"listen_addresses": SANDBOX.address, "max_connections": "200", "max_wal_size": "2GB"}
        authority = None
        if tls:
            authority = _certificates(root, server.folder)
            settings |= {"ssl": "on", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key"}
        with (server.folder / "postgresql.auto.conf").open("a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        server.start()
        try:
            server.psql(f"CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB PASSWORD '{ADMIN_PASSWORD}'")
            yield Outside(server, str(SANDBOX.address), port, authority)
        finally:
            server.stop()


def _certificates(root: Root, folder: Path) -> str:
    """Write the server's key and certificate into its data folder; return the certificate of their authority."""
    work = root.path / "authority"
    work.mkdir()
    key = ["-newkey", "rsa:2048", "-nodes"]
    subject = ["-subj", "/CN=outside"]
    _openssl(work, "req", "-x509", *key, "-days", "30", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.crt")
    _openssl(work, "req", *key, *subject, "-keyout", "server.key", "-out", "server.csr")
    (work / "names").write_text(f"subjectAltName = IP:{SANDBOX.address}\n")
    signer = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "30"]
    _openssl(work, "x509", "-req", "-in", "server.csr", *signer, "-out", "server.crt")
    for name in ("server.key", "server.crt"):
        (work / name).replace(folder / name)
        (folder / name).chmod(0o600)
        os.chown(folder / name, UID, UID)
    return (work / "ca.crt").read_text()


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
