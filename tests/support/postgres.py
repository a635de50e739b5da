"""A real PostgreSQL 17 for tests of scripts: the sandbox image's files, run as the image's user, without a cluster."""

import os
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from components.postgres.scram import verifier
from sandbox.images import pgbouncer, postgres, rootfs
from sandbox.images.cache import Builder
from sandbox.paths import Sandbox
from tests.support.ca import CertificateAuthority

POSTGRES = Path(__file__).parents[2] / "components" / "postgres"
SCRIPTS = POSTGRES / "scripts"
BACKUP_SCRIPTS = POSTGRES / "backups" / "scripts"
RESTORE_SCRIPTS = POSTGRES / "restore" / "scripts"
UID = 999
SALT = bytes(range(16))
"""Salt of every role's password in tests."""
ENVIRONMENT = dict(postgres.image([], []).env)


@dataclass(frozen=True)
class Root:
    """A folder with the image's files. Commands run in it as the image's user, in a mount namespace of their own.

    Attributes:
        path: the folder.
        prefix: arguments before every command, such as those that enter a network namespace.
        environment: the image's own variables.
        uid: user that commands run as.
        gid: their group; that of the same number if None.
        passwd: passwd file for commands, a file below `path`; the image's own if None.
    """

    path: Path
    prefix: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    uid: int = UID
    gid: int | None = None
    passwd: str | None = None

    def command(self, *arguments: str) -> list[str]:
        """Arguments that run a command inside."""
        users = f'mount --bind "{self.path}{self.passwd}" "{self.path}/etc/passwd"; ' if self.passwd else ""
        inside = f'{users}mount --rbind /dev "{self.path}/dev"; mount -t proc proc "{self.path}/proc"; exec "$@"'
        enter = ["chroot", f"--userspec={self.uid}:{self.uid if self.gid is None else self.gid}", str(self.path)]
        return [*self.prefix, "unshare", "--mount", "sh", "-c", inside, "sh", *enter, *arguments]

    def run(
        self, *arguments: str, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, without a terminal."""
        return subprocess.run(
            self.command(*arguments),
            env={**self.environment, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )


def free_port() -> int:
    """A port on which nothing of this machine's own network listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def copy_scripts(folder: Path) -> None:
    """Copy the scripts of all Jobs into a folder."""
    for script in (*SCRIPTS.iterdir(), *BACKUP_SCRIPTS.iterdir(), *RESTORE_SCRIPTS.iterdir()):
        if script.suffix in {".sh", ".sql", ".conf"}:
            shutil.copy(script, folder)


@contextmanager
def unpacked_image(prefix: Sequence[str] = ()) -> Iterator[Root]:
    """The image's files in a temporary folder; `prefix` is that of the root."""
    with _unpacked(postgres.ROOTFS, ENVIRONMENT, prefix) as root:
        copy_scripts(root.path / "scripts")
        yield root


@contextmanager
def older_release(major: int, suite: str) -> Iterator[Root]:
    """The files of an older PostgreSQL in a temporary folder, from the Debian release that has it."""
    rootfs_ = replace(
        postgres.ROOTFS,
        name=f"postgres-{major}",
        suite=suite,
        packages=[f"postgresql-{major}"],
        excluded=[path.replace("/17/", f"/{major}/") for path in postgres.ROOTFS.excluded],
    )
    environment = {**ENVIRONMENT, "PATH": ENVIRONMENT["PATH"].replace("/17/", f"/{major}/")}
    with _unpacked(rootfs_, environment) as root:
        yield root


@contextmanager
def pooler_image(prefix: Sequence[str] = ()) -> Iterator[Root]:
    """The files of PgBouncer's image in a temporary folder; commands run as its user. `prefix` is that of the root."""
    with _unpacked(pgbouncer.ROOTFS, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}, prefix) as root:
        yield replace(root, uid=pgbouncer.UID)


@contextmanager
def _unpacked(files: rootfs.RootFs, environment: Mapping[str, str], prefix: Sequence[str] = ()) -> Iterator[Root]:
    builder = Builder(cache=Sandbox.of(Path.cwd()).cache / "images", tools=Path, report=print)
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        rootfs.unpack(files.build(builder), folder)
        for name in ("scripts", "secret", "volume", "run/postgresql"):
            (folder / name).mkdir(exist_ok=True)
            os.chown(folder / name, UID, UID)
        yield Root(folder, prefix, environment)
    finally:
        shutil.rmtree(folder)


@dataclass
class DatabaseServer:
    """One data directory inside a root, prepared and started as the pod does it."""

    root: Root
    name: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def on_free_port(cls, root: Root, name: str) -> "DatabaseServer":
        """A server that is not started yet."""
        return cls(root, name, free_port())

    @property
    def pgdata(self) -> str:
        """Its data directory, inside the root."""
        return f"/volume/{self.name}"

    @property
    def folder(self) -> Path:
        """Its data directory, outside the root."""
        return self.root.path / "volume" / self.name

    def prepare(self, password: str) -> subprocess.CompletedProcess[str]:
        """Run `prepare.sh` with this admin password in the Secret."""
        secret = self.root.path / "secret" / self.name
        secret.write_text(password)
        os.chown(secret, self.root.uid, self.root.uid)
        env = {"PGDATA": self.pgdata, "ADMIN_PASSWORD_FILE": f"/secret/{self.name}"}
        return self.root.run("sh", "/scripts/prepare.sh", env=env)

    def use_certificate(self, ca: CertificateAuthority, *names: str) -> dict[str, str]:
        """Settings with which the server accepts TLS, with a new certificate for these names."""
        for file in ca.issue(self.folder, *names):
            os.chown(file, UID, UID)
        return {"ssl": "on", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key"}

    def start(self, wait: bool = True, **settings: str) -> None:
        """Start the server on its port, as the pod does; `settings` are PostgreSQL's, over the pod's."""
        files = {"hba_file": "/scripts/pg_hba.conf", "ident_file": "/scripts/pg_ident.conf"}
        arguments = ["postgres", "-D", self.pgdata, "-p", str(self.port)]
        for name, value in {"huge_pages": "off", **files, **settings}.items():
            arguments += ["-c", f"{name}={value}"]
        log = (self.root.path / "volume" / f"{self.name}.log").open("ab")
        self.process = subprocess.Popen(
            self.root.command(*arguments),
            env=dict(self.root.environment),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until it accepts connections.

        Raises:
            AssertionError: it ended, or does not respond after half a minute; with its log.
        """
        for _ in range(300):
            assert self.process is not None and self.process.poll() is None, self.log()
            if self.root.run("pg_isready", "-q", "-U", "postgres", "-p", str(self.port)).returncode == 0:
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
        """Output of a statement over the socket, as from `kubectl exec … psql`.

        Raises:
            AssertionError: psql failed; with its error output.
        """
        flags = ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-p", str(self.port), "-U", user, "-d", database]
        done = self.root.run("psql", *flags, "-c", sql)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def login(self, user: str, password: str, database: str) -> subprocess.CompletedProcess[str]:
        """Try to log in over TCP with a password."""
        flags = ["-X", "-A", "-t", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database]
        return self.root.run("psql", *flags, "-c", "SELECT current_user", env={"PGPASSWORD": password})

    @contextmanager
    def later(self, seconds: float, sql: str) -> Iterator[None]:
        """Run a statement after some seconds."""
        timer = threading.Timer(seconds, self.psql, (sql,))
        timer.start()
        try:
            yield
        finally:
            timer.join()

    @contextmanager
    def answering(self, answer: bytes) -> Iterator[None]:
        """Another program on the server's port, which sends this answer to all clients."""

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.recv(1000)
                self.request.sendall(answer)

        with socketserver.ThreadingTCPServer(("127.0.0.1", self.port), Handler) as other:
            threading.Thread(target=other.serve_forever, daemon=True).start()
            yield
            other.shutdown()

    @contextmanager
    def session(self, user: str, password: str, database: str) -> Iterator[None]:
        """An open session of a role, over TCP."""
        flags = ["-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database]
        with subprocess.Popen(
            self.root.command("psql", *flags),
            env={**self.root.environment, "PGPASSWORD": password},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write("SELECT 'open';\n")
            process.stdin.flush()
            assert process.stdout.readline() == "open\n"
            yield
            process.stdin.close()

    def bootstrap(
        self, *, admin_password: str, wait_seconds: int = 20, scripts: str = "/scripts", **app: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `bootstrap.sh`; `app` has username, password and databases of the app, and further settings; `scripts` is
        the folder with the scripts.
        """
        env = {
            "PGDATABASE": app.get("admin_database", "postgres"),
            "PGHOST": app.get("host", "127.0.0.1"),
            "PGPORT": str(self.port),
            "PGUSER": app.get("admin", "postgres"),
            "PGPASSWORD": admin_password,
            "PGSSLMODE": app.get("sslmode", "disable"),
            **({"PGSSLROOTCERT": app["ca"]} if "ca" in app else {}),
            "APP_USERNAME": app["username"],
            "APP_PASSWORD": app["password"],
            "APP_DATABASES": app["databases"],
            "APP_EXTENSIONS": app.get("extensions", ""),
            "ADMIN_SECRET": "Secret db-admin",
            "SETTINGS": app.get("settings", "\n".join(["airbyte.database.name"] * len(app["databases"].split("\n")))),
            "STACK": app.get("stack", "lakehouse/test"),
            "APP_NAME": app.get("app", "airbyte"),
            "DEPLOYMENT": app.get("deployment", "6c1d2e3f"),
            "ADOPT": app.get("adopt", "no"),
            "GRACE_SECONDS": app.get("grace_seconds", "0"),
            "CONNECTION_LIMIT": app.get("connection_limit", "-1"),
            "STATEMENT_TIMEOUT_SECONDS": app.get("statement_timeout", "0"),
            "IDLE_IN_TRANSACTION_TIMEOUT_SECONDS": app.get("idle_timeout", "0"),
            "APP_VERIFIER": verifier(app["password"], SALT, int(app.get("scram_iterations", "4096"))),
            "ARRIVING": app.get("arriving", "no"),
            "WAIT_SECONDS": str(wait_seconds),
        }
        return self.root.run("sh", f"{scripts}/bootstrap.sh", env=env)

    def log(self) -> str:
        """The server's log."""
        return (self.root.path / "volume" / f"{self.name}.log").read_text(errors="replace")
