"""A PostgreSQL outside the cluster: an ordinary process on the node's network, as a company's own server would be."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import enter
from tests.support.cluster import SANDBOX
from tests.support.postgres import UID, DatabaseServer, unpacked_image

ADMIN = "provisioner"
"""A role that may create roles and databases and is no superuser, as clouds give one."""


@dataclass(frozen=True)
class OutsideServer:
    """A running server.

    Attributes:
        server: its files and process.
        host: address at which pods reach it.
        port: TCP port.
        password: password of `ADMIN`.
        authority: certificate of the authority that signed its certificate, PEM; empty without TLS.
    """

    server: DatabaseServer
    host: str
    port: int
    password: str
    authority: str

    def rows(self, sql: str, database: str = "postgres") -> list[list[str]]:
        """The rows that a query of the superuser returns, every value as text."""
        answer = self.server.psql(sql, database=database)
        return [line.split("|") for line in answer.splitlines()]


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
        authority = ""
        if tls:
            authority = _certificates(server.folder, SANDBOX.address)
            _own(server.folder / "pg_hba.conf", "local all all peer map=exec\nhostssl all all all scram-sha-256\n")
            settings |= {"ssl": "on", "hba_file": f"{server.pgdata}/pg_hba.conf"}
        server.start(**settings)
        try:
            password = secrets.token_hex(20)
            # Not as an argument: those are for all to see.
            sql = f"CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB PASSWORD '{password}';"
            made = root.run("psql", "-X", "-p", str(server.port), "-U", "postgres", stdin=sql)
            assert made.returncode == 0, made.stderr
            yield OutsideServer(server, SANDBOX.address, server.port, password, authority)
        finally:
            server.stop()


def _free_port() -> int:
    code = "import socket; s = socket.socket(); s.bind(('', 0)); print(s.getsockname()[1])"
    found = subprocess.run(enter.command(SANDBOX, ["python3", "-c", code]), capture_output=True, text=True, check=True)
    return int(found.stdout)


def _own(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o600)
    os.chown(file, UID, UID)


def _certificates(folder: Path, address: str) -> str:
    """Make an authority and the server's key and certificate in its data folder; return the authority's certificate."""
    authority, key = folder.parent / "authority.crt", folder.parent / "authority.key"
    new = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    _openssl(*new, "-subj", "/CN=outside authority", "-keyout", str(key), "-out", str(authority))
    _openssl(
        *new, "-subj", "/CN=outside", "-addext", f"subjectAltName=IP:{address}",
        "-addext", "basicConstraints=critical,CA:FALSE", "-CA", str(authority), "-CAkey", str(key),
        "-keyout", str(folder / "server.key"), "-out", str(folder / "server.crt"),
    )  # fmt: skip
    for name in ("server.key", "server.crt"):
        _own(folder / name, (folder / name).read_text())
    return authority.read_text()


def _openssl(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
