"""A real PostgreSQL 17 for tests of scripts: the sandbox image's files, run as the image's user, without a cluster."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.images import postgres, rootfs
from sandbox.images.cache import Builder
from sandbox.paths import Sandbox

SCRIPTS = Path(__file__).parents[2] / "components" / "postgres" / "scripts"
UID = 999


@dataclass(frozen=True)
class Root:
    """A folder with the image's files. Commands run in it as the image's user, in a mount namespace of their own."""

    path: Path

    def command(self, *arguments: str) -> list[str]:
        """Arguments that run a command inside."""
        inside = f'mount --rbind /dev "{self.path}/dev"; mount -t proc proc "{self.path}/proc"; exec "$@"'
        enter = ["chroot", f"--userspec={UID}:{UID}", str(self.path)]
        return ["unshare", "--mount", "sh", "-c", inside, "sh", *enter, *arguments]

    def run(
        self, *arguments: str, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, without a terminal."""
        return subprocess.run(
            self.command(*arguments),
            env={**IMAGE_ENVIRONMENT, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )


IMAGE_ENVIRONMENT = dict(postgres.image([], []).env)


@contextmanager
def unpacked_image() -> Iterator[Root]:
    """The image's files in a temporary folder."""
    builder = Builder(cache=Sandbox.of(Path.cwd()).cache / "images", tools=Path, report=print)
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        rootfs.unpack(postgres.ROOTFS.build(builder), folder)
        for name in ("scripts", "secret", "volume", "run/postgresql"):
            (folder / name).mkdir(exist_ok=True)
            os.chown(folder / name, UID, UID)
        for script in SCRIPTS.iterdir():
            if script.suffix in {".sh", ".sql", ".conf"}:
                shutil.copy(script, folder / "scripts")
        yield Root(folder)
    finally:
        shutil.rmtree(folder)


@dataclass
class DatabaseServer:
    """One data folder below a root, prepared and started as the pod does it."""

    root: Root
    name: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def on_free_port(cls, root: Root, name: str) -> "DatabaseServer":
        """A server that nobody started yet."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return cls(root, name, probe.getsockname()[1])

    @property
    def pgdata(self) -> str:
        """Its data folder, as seen from inside."""
        return f"/volume/{self.name}"

    @property
    def folder(self) -> Path:
        """Its data folder, as seen from outside."""
        return self.root.path / "volume" / self.name

    def prepare(self, password: str) -> subprocess.CompletedProcess[str]:
        """Run `prepare.sh` with this admin password in the Secret."""
        secret = self.root.path / "secret" / self.name
        secret.write_text(password)
        os.chown(secret, UID, UID)
        env = {"PGDATA": self.pgdata, "ADMIN_PASSWORD_FILE": f"/secret/{self.name}"}
        return self.root.run("sh", "/scripts/prepare.sh", env=env)

    def start(self, wait: bool = True) -> None:
        """Start the server on its port, as the pod does."""
        arguments = ["postgres", "-D", self.pgdata, "-p", str(self.port), "-c", "huge_pages=off"]
        arguments += ["-c", "hba_file=/scripts/pg_hba.conf", "-c", "ident_file=/scripts/pg_ident.conf"]
        log = (self.root.path / "volume" / f"{self.name}.log").open("ab")
        self.process = subprocess.Popen(
            self.root.command(*arguments), env=IMAGE_ENVIRONMENT, stdout=log, stderr=log, start_new_session=True
        )
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until it takes connections.

        Raises:
            AssertionError: it ended, or does not answer after half a minute; the text shows its log.
        """
        for _ in range(300):
            assert self.process is not None and self.process.poll() is None, self.log()
            if self.root.run("pg_isready", "-q", "-p", str(self.port)).returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError(self.log())

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT is PostgreSQL's fast shutdown, SIGKILL a crash."""
        if self.process is None:
            return
        if with_signal is signal.SIGKILL:
            os.killpg(self.process.pid, with_signal)
        else:
            self.process.send_signal(with_signal)
        self.process.wait(timeout=60)
        self.process = None

    def psql(self, sql: str, *, user: str = "postgres", database: str = "postgres") -> str:
        """Answer of a statement over the socket, as `kubectl exec … psql` gives it.

        Raises:
            AssertionError: psql failed; the text is what it said.
        """
        flags = ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-p", str(self.port), "-U", user, "-d", database]
        done = self.root.run("psql", *flags, "-c", sql)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def login(self, user: str, password: str, database: str) -> subprocess.CompletedProcess[str]:
        """Try to log in over TCP with a password."""
        flags = ["-X", "-A", "-t", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database]
        return self.root.run("psql", *flags, "-c", "SELECT current_user", env={"PGPASSWORD": password})

    def bootstrap(self, *, admin_password: str, wait_seconds: int = 20, **app: str) -> subprocess.CompletedProcess[str]:
        """Run `bootstrap.sh`; `app` is username, password and databases of the app, and what else it may be told."""
        env = {
            "PGDATABASE": "postgres",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": app.get("admin", "postgres"),
            "PGPASSWORD": admin_password,
            "PGSSLMODE": "disable",
            "APP_USERNAME": app["username"],
            "APP_PASSWORD": app["password"],
            "APP_DATABASES": app["databases"],
            "APP_EXTENSIONS": app.get("extensions", ""),
            "CONNECTION_LIMIT": app.get("connection_limit", "-1"),
            "STATEMENT_TIMEOUT_SECONDS": app.get("statement_timeout", "0"),
            "IDLE_IN_TRANSACTION_TIMEOUT_SECONDS": app.get("idle_timeout", "0"),
            "SCRAM_ITERATIONS": app.get("scram_iterations", "4096"),
            "ARRIVING": app.get("arriving", "no"),
            "WAIT_SECONDS": str(wait_seconds),
        }
        return self.root.run("sh", "/scripts/bootstrap.sh", env=env)

    def log(self) -> str:
        """What the server wrote so far."""
        return (self.root.path / "volume" / f"{self.name}.log").read_text(errors="replace")
