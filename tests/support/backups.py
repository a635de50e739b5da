"""Backup sets in tests of scripts: an app's role with two databases, and the stages of a backup run as in the pod."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.images import rclone, rootfs
from sandbox.images.cache import Builder
from sandbox.paths import Sandbox
from tests.support.postgres import UID, DatabaseServer, Root, copy_scripts

PASSWORD = "se cret'\"$x"
KEY = "backup-key-0123456789"
SECRETS = {
    "airbyte-database": {"password": PASSWORD},
    "airbyte-auth-secrets": {"jwt": "a-token-key", "id": "client"},
    # Does not exist: the app has no pooler.
    "airbyte-postgresql-pooler": {},
}
DATABASES = ("airbyte", "temporal")
ROWS = Path(__file__).parents[1] / "scripts" / "move_rows.sql"


@dataclass(frozen=True)
class Backup:
    """The stages of one app's backups, in a root's folder.

    Attributes:
        server: the app's server.
        folder: name of the folder below `volume` that holds everything.
        environment: variables for all stages, over the usual ones.
    """

    server: DatabaseServer
    folder: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def path(self) -> Path:
        """The folder, outside the root."""
        return self.server.root.path / "volume" / self.folder

    def prepare(self) -> None:
        """Create the folders, and the app's Secrets as Kubernetes mounts them."""
        self.server.bootstrap(
            admin_password="admin", username="airbyte", password=PASSWORD, databases="\n".join(DATABASES)
        )
        self.server.psql(ROWS.read_text(), user="airbyte", database="airbyte")
        self.server.psql("CREATE TABLE few AS SELECT 'temporal' AS name", user="airbyte", database="temporal")
        for name, keys in SECRETS.items():
            data = self.path / "secrets" / name / "..data"
            data.mkdir(parents=True)
            for key, value in keys.items():
                (data / key).write_text(value)
                (data.parent / key).symlink_to(f"..data/{key}")
        for folder in ("scratch", "private"):
            (self.path / folder).mkdir()
        subprocess.run(["chown", "-R", f"{UID}:{UID}", self.path], check=True)

    def variables(self, name: str) -> dict[str, str]:
        """Environment of a stage for the set of this name."""
        inside = f"/volume/{self.folder}"
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.server.port),
            "PGUSER": "airbyte",
            "PGPASSWORD": PASSWORD,
            "PGSSLMODE": "disable",
            "APP_NAME": "airbyte",
            "APP_DATABASES": "\n".join(DATABASES),
            "DATABASE_SECRET": "airbyte-database",
            "SET": f"{inside}/scratch/{name}",
            "SERVER": f"{inside}/scratch/server",
            "SECRETS": f"{inside}/secrets",
            "PRIVATE": f"{inside}/private",
            "BACKUP_KEY": KEY,
            "MOMENT": "locked",
            "EMPTY": "dump",
            "SCRATCH": f"{inside}/scratch",
            "JOBS": "2",
            "COMPRESSION": "zstd:1",
            "STACK": "lakehouse/test",
            "DEPLOYMENT": "6c1d2e3f",
            "CHART": "airbyte 2.2.0",
            "PROGRAM": "1.0.0",
            "LOCK_ATTEMPTS": "3",
            "WAIT_SECONDS": "20",
            "GRACE_SECONDS": "0",
            "PROGRESS_SECONDS": "10",
            "MEMORY": "64",
            **self.environment,
        }

    def run(self, stage: str, name: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run a stage, such as `dump`, for the set of this name."""
        return self.server.root.run("sh", f"/scripts/{stage}.sh", env={**self.variables(name), **changes})

    def set(self, name: str) -> Path:
        """Folder of a set, outside the root."""
        return self.path / "scratch" / name

    def dumped(self, name: str, **changes: str) -> Path:
        """Dump a set.

        Raises:
            AssertionError: the stage failed; with its output.
        """
        done = self.run("dump", name, **changes)
        assert done.returncode == 0, done.stdout + done.stderr
        return self.set(name)


@contextmanager
def tool_root(files: rootfs.RootFs = rclone.ROOTFS) -> Generator[Root]:
    """The files of the image with rclone, or another tool, in a temporary folder, with the scripts of backups."""
    builder = Builder(cache=Sandbox.of(Path.cwd()).cache / "images", tools=Path, report=print)
    folder = Path(tempfile.mkdtemp(prefix=f"{files.name}-"))
    try:
        rootfs.unpack(files.build(builder), folder)
        for name in ("scripts", "volume"):
            (folder / name).mkdir()
        copy_scripts(folder / "scripts")
        yield Root(folder, environment={"PATH": os.environ["PATH"]}, uid=0)
    finally:
        shutil.rmtree(folder)
