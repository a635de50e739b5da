"""Restores in tests of scripts: the last stage of a restore, run as in the pod, with a stand-in for kubectl."""

import shutil
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.backups import Backup
from tests.support.postgres import UID, DatabaseServer, Root

KUBECTL = Path(__file__).with_name("kubectl_double.sh")
DEPLOYMENTS = (
    "1 airbyte-server 2 <nil> app=server,\n1 airbyte-worker 1 <nil> app=worker,\n1 airbyte-cron 0 <nil> app=cron,\n"
)


@dataclass(frozen=True)
class Fetch:
    """The first stage of a restore, in a root with rclone.

    Attributes:
        root: the root.
        folder: name of the folder below `volume` that holds the stored sets and the scratch volume.
    """

    root: Root
    folder: str

    @property
    def path(self) -> Path:
        """The folder, outside the root."""
        return self.root.path / "volume" / self.folder

    @property
    def scratch(self) -> Path:
        """The scratch volume, outside the root."""
        return self.path / "scratch"

    def store(self, whole: Path, *, proven: bool = True) -> Path:
        """Store a copy of a set, and return its folder, outside the root."""
        stored = self.path / "store" / whole.name
        stored.parent.mkdir(parents=True, exist_ok=True)
        self.scratch.mkdir(exist_ok=True)
        subprocess.run(["cp", "-a", whole, stored], check=True)
        if proven:
            (stored / "PROVEN").write_text("{}")
        subprocess.run(["chown", "-R", f"{self.root.uid}:{self.root.uid}", self.path], check=True)
        return stored

    def variables(self, **changes: str) -> dict[str, str]:
        """Environment of the stage."""
        inside = f"/volume/{self.folder}"
        return {
            "STORE": f"store:{inside}/store",
            "RCLONE_CONFIG_STORE_TYPE": "local",
            "WANTED": "newest",
            "AT": "",
            "SCRATCH": f"{inside}/scratch",
            "HOME": "/nonexistent",
            **changes,
        }

    def run(self, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run the stage to its end."""
        return self.root.run("sh", "/scripts/fetch.sh", env=self.variables(**changes))


@dataclass(frozen=True)
class Restore:
    """Restores of a backup's sets on a server.

    Attributes:
        backup: where the sets are from.
        server: the server that they are restored on.
        environment: variables over the usual ones.
        job: id of the Job.
    """

    backup: Backup
    server: DatabaseServer
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    job: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def path(self) -> Path:
        """The folder of this restore, outside the root."""
        return self.server.root.path / "volume" / f"restore-{self.server.name}"

    @property
    def cluster(self) -> Path:
        """The folder of the stand-in's objects, outside the root."""
        return self.path / "cluster"

    def prepare(self, name: str) -> None:
        """Create the folders, as after the earlier stages with the set of this name."""
        shutil.rmtree(self.path, ignore_errors=True)
        admin = self.cluster / "secrets" / "db-admin"
        for folder in (admin, self.path / "scratch", self.path / "private", self.path / "tools"):
            folder.mkdir(parents=True)
        (admin / "username").write_text("postgres")
        (admin / "password").write_text("admin")
        (self.cluster / "deployments").write_text(DEPLOYMENTS)
        shutil.copy(KUBECTL, self.path / "tools" / "kubectl")
        (self.path / "tools" / "kubectl").chmod(0o755)
        subprocess.run(["cp", "-a", self.backup.set(name), self.path / "scratch" / "set"], check=True)
        (self.path / "scratch" / "name").write_text(name)
        (self.path / "scratch" / "advice").write_text("Restore another one\n")
        self.own()

    def own(self) -> None:
        """Give the folder to the user that the stage runs as."""
        subprocess.run(["chown", "-R", f"{UID}:{UID}", self.path], check=True)

    @property
    def set(self) -> Path:
        """The fetched set, outside the root."""
        return self.path / "scratch" / "set"

    @property
    def variables(self) -> dict[str, str]:
        """Environment of the stage."""
        of, inside = self.backup.variables(""), f"/volume/{self.path.name}"
        return {
            **{
                key: of[key]
                for key in ("PGHOST", "PGSSLMODE", "APP_NAME", "APP_DATABASES", "BACKUP_KEY", "JOBS", "CHART")
            },
            "PGPORT": str(self.server.port),
            "PGDATABASE": "postgres",
            "APP_USERNAME": "airbyte",
            "SET_STACK": of["STACK"],
            "FOREIGN": "no",
            "ADMIN_NAMESPACE": "postgresql",
            "ADMIN_SECRET": "db-admin",
            "ADMIN_USERNAME_KEY": "username",
            "ADMIN_PASSWORD_KEY": "password",
            "NAMESPACE": "airbyte",
            "RELEASE": "airbyte",
            "APP_SECRETS": "airbyte-auth-secrets",
            "INTO": "live",
            "WANTED": "newest",
            "RUN": self.job,
            "SCRATCH": f"{inside}/scratch",
            "PRIVATE": f"{inside}/private",
            "TOOLS": f"{inside}/tools",
            "CLUSTER": f"{inside}/cluster",
            "OUTCOME": f"{inside}/outcome",
            "WAIT_SECONDS": "20",
            "GRACE_SECONDS": "0",
            "PROGRESS_SECONDS": "10",
            **self.environment,
        }

    def run(self, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run the stage to its end."""
        return self.server.root.run("sh", "/scripts/restore.sh", env={**self.variables, **changes})

    def start(self, **changes: str) -> subprocess.Popen[str]:
        """Begin the stage in a process group of its own."""
        return subprocess.Popen(
            self.server.root.command("sh", "/scripts/restore.sh"),
            env={**self.server.root.environment, **self.variables, **changes},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def databases(self) -> list[str]:
        """Names of all databases but PostgreSQL's own, sorted."""
        sql = "SELECT datname FROM pg_database WHERE datname !~ '^(postgres|template.)$' ORDER BY 1"
        return self.server.psql(sql).splitlines()
