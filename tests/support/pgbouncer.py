"""A real PgBouncer on the loopback, with the files that its pod has."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.endpoint import TlsMode
from components.postgres.pooler.config import (
    CERTIFICATE,
    CONFIG,
    PID_FILE,
    SOCKET,
    USERS,
    USERS_FILE,
    PooledServer,
    pgbouncer_ini,
)
from components.postgres.pooler.config import users_txt as users
from components.postgres.pooler.pgbouncer import PgBouncerSettings
from components.postgres.pooler.pod import INI, SCRIPTS
from components.postgres.scram import verifier
from tests.support.ca import CertificateAuthority
from tests.support.postgres import SALT, DatabaseServer, Root, free_port
from tests.support.postgres import SCRIPTS as FOLDER


@dataclass
class PgBouncer:
    """PgBouncer in front of a server.

    Attributes:
        root: the files of its image.
        port: its port.
        process: the process that starts it.
    """

    root: Root
    port: int
    process: "subprocess.Popen[str]"

    def console(self, *commands: str) -> str:
        """Output of commands on its console, as its probe runs them."""
        done = self._console(*commands)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def answers(self) -> bool:
        """Whether its console does."""
        return self._console("SHOW VERSION").returncode == 0

    def config(self) -> dict[str, str]:
        """What `SHOW CONFIG` says."""
        return {line.split("|")[0]: line.split("|")[1] for line in self.console("SHOW CONFIG").splitlines()}

    def log(self) -> str:
        """What it and those before it have printed."""
        return (self.root.path / "tmp/pgbouncer.log").read_text()

    def stop(self, leave_seconds: int = 1) -> subprocess.CompletedProcess[str]:
        """What happens before its pod ends: run `pooler_stop.sh`."""
        env = {**self._environment, "ENDPOINT_SECONDS": "0", "LEAVE_SECONDS": str(leave_seconds)}
        return self.root.run("sh", f"{CONFIG}/pooler_stop.sh", env=env)

    def _console(self, *commands: str) -> subprocess.CompletedProcess[str]:
        return self.root.run("sh", f"{CONFIG}/pooler_console.sh", *commands, env=self._environment)

    @property
    def _environment(self) -> dict[str, str]:
        return {"SOCKET": SOCKET, "PORT": str(self.port), "PID_FILE": f"{SOCKET}/{PID_FILE}"}


@contextmanager
def in_front_of(
    server: DatabaseServer,
    root: Root,
    settings: PgBouncerSettings,
    *,
    username: str,
    password: str,
    databases: Sequence[str],
    iterations: int = 4096,
    pool_size: int = 5,
    salt: bytes = SALT,
    ca: CertificateAuthority | None = None,
    port: int | None = None,
) -> Iterator[PgBouncer]:
    """PgBouncer with these settings, until the end of the block; on a free port unless one is given.

    With a CA it has a certificate for the loopback's address, and checks that the server has one.
    """
    port = port or free_port()
    tls = TlsMode.DISABLE if ca is None else TlsMode.VERIFY_FULL
    place = PooledServer("127.0.0.1", server.port, tls, databases)
    ini = pgbouncer_ini(place, settings, pool_size, certificate=ca is not None)
    assert ini.count("listen_port = 5432\n") == 1
    files = {
        f"{CONFIG}/{INI}": ini.replace("listen_port = 5432\n", f"listen_port = {port}\n"),
        f"{USERS}/{USERS_FILE}": users(username, verifier(password, salt, iterations)),
        **{f"{CONFIG}/{name}": (FOLDER / name).read_text() for name in SCRIPTS},
    }
    if ca is not None:
        files |= {f"{CONFIG}/{CA_CERTIFICATE}": ca.certificate.read_text(), **_certificate(ca, root)}
    for name, text in files.items():
        file = root.path / name.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        # Debian lets only its own user in.
        file.parent.chmod(0o755)
        file.write_text(text)
        file.chmod(0o644)
    sockets = root.path / SOCKET.lstrip("/")
    sockets.mkdir(parents=True, exist_ok=True)
    os.chown(sockets, root.uid, root.uid)
    command = root.command("sh", f"{CONFIG}/pooler_start.sh", f"{CONFIG}/{INI}")
    log = (Path(root.path) / "tmp/pgbouncer.log").open("a")
    process = subprocess.Popen(command, env=dict(root.environment), stdout=log, stderr=log, text=True)
    found = PgBouncer(root, port, process)
    try:
        _wait(found)
        yield found
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGQUIT)
        process.wait(timeout=20)


def _certificate(ca: CertificateAuthority, root: Root) -> dict[str, str]:
    written = ca.issue(root.path / "tmp", "IP:127.0.0.1")
    files = {f"{CERTIFICATE}/tls.{kind}": file for kind, file in zip(("crt", "key"), written, strict=True)}
    files[f"{CERTIFICATE}/{CA_CERTIFICATE}"] = ca.certificate
    return {name: file.read_text() for name, file in files.items()}


def _wait(pooler: PgBouncer) -> None:
    for _ in range(100):
        assert pooler.process.poll() is None, pooler.log()
        if pooler.answers():
            return
        time.sleep(0.1)
    raise AssertionError("PgBouncer does not answer")
