"""A PostgreSQL outside the cluster: an ordinary process on the node's network, as a company's own server would be."""

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import enter
from tests.support.ca import CertificateAuthority
from tests.support.cluster import SANDBOX
from tests.support.postgres import DatabaseServer, unpacked_image

ADMIN = "provisioner"
"""A role that may create roles and databases and is no superuser, as clouds give one."""

TLS_SEEN = Path(__file__).with_name("tls_seen.sql").read_text()
ONLY_TLS = "local all all peer map=exec\nhostssl all all all scram-sha-256\n"


@dataclass(frozen=True)
class OutsideServer:
    """A running server.

    Attributes:
        server: its files and process.
        host: address at which pods reach it.
        port: TCP port.
        password: password of `ADMIN`.
        ca_certificate: certificate of the CA that signed its certificate, PEM; empty without TLS.
    """

    server: DatabaseServer
    host: str
    port: int
    password: str
    ca_certificate: str

    def rows(self, sql: str, database: str = "postgres") -> list[list[str]]:
        """The rows that a query of the superuser returns, every value as text."""
        answer = self.server.psql(sql, database=database)
        return [line.split("|") for line in answer.splitlines()]

    def tls_seen(self, seconds: int) -> list[list[str]]:
        """Role, database, `t` or `f`, and version of TLS of every connection from elsewhere in so many seconds."""
        argv = ("psql", "-XAqt", "-v", f"seconds={seconds}", "-p", str(self.port), "-U", "postgres")
        done = self.server.root.run(*argv, stdin=TLS_SEEN)
        assert done.returncode == 0, done.stderr
        return [line.split("|") for line in done.stdout.split()]


@contextmanager
def outside_server(*, tls: bool) -> Iterator[OutsideServer]:
    """Run a server with the role `ADMIN` on a free port of the node; with TLS it takes no other connection.

    Args:
        tls: whether it has a certificate.
    """
    with unpacked_image(enter.command(SANDBOX, [])) as root:
        server = DatabaseServer(root, "outside", _free_port())
        done = server.prepare(secrets.token_hex(20))
        assert done.returncode == 0, done.stderr
        settings = {"listen_addresses": SANDBOX.address, "max_connections": "200", "max_wal_size": "2GB"}
        ca_certificate = ""
        if tls:
            signer = CertificateAuthority.create(root.path / "secret" / "ca")
            ca_certificate = signer.certificate.read_text()
            settings |= server.use_certificate(signer, f"IP:{SANDBOX.address}")
            (server.folder / "pg_hba.conf").write_text(ONLY_TLS)
            settings["hba_file"] = f"{server.pgdata}/pg_hba.conf"
        server.start(**settings)
        try:
            password = secrets.token_hex(20)
            # Not as an argument: those are for all to see.
            sql = f"CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB PASSWORD '{password}';"
            made = root.run("psql", "-X", "-p", str(server.port), "-U", "postgres", stdin=sql)
            assert made.returncode == 0, made.stderr
            yield OutsideServer(server, SANDBOX.address, server.port, password, ca_certificate)
        finally:
            server.stop()


def _free_port() -> int:
    code = "import socket; s = socket.socket(); s.bind(('', 0)); print(s.getsockname()[1])"
    found = subprocess.run(enter.command(SANDBOX, ["python3", "-c", code]), capture_output=True, text=True, check=True)
    return int(found.stdout)
