"""A generated database with metadata like that of the apps: JSON text, ids, timestamps."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.forms.quantity import to_bytes, to_millicpu
from components.postgres import tuning
from components.postgres.backups.settings import BackupSets
from components.postgres.backups.storage import ClaimSets
from components.servers.embedded.settings import EmbeddedSettings
from tests.support.backups import Backup
from tests.support.postgres import DatabaseServer, Root, unpacked_image

HERE = Path(__file__).parent
DATABASE = "airbyte"
NAME = "20260101T000000Z"
SETTINGS = BackupSets(storage=ClaimSets(storage_size="20Gi"))


@contextmanager
def metadata(megabytes: int) -> Iterator[Backup]:
    """An app on an embedded server with its default settings, whose main database has this size, in MB."""
    size = EmbeddedSettings()
    parameters = tuning.derive(
        memory=to_bytes(size.memory), connections=size.max_connections, cpu_limit=to_millicpu(size.cpu_limit)
    )
    with unpacked_image() as root:
        server = DatabaseServer.on_free_port(root, "metadata")
        assert server.prepare("admin").returncode == 0
        server.start(**{name: str(value) for name, value in parameters.items()})
        try:
            environment = {"COMPRESSION": SETTINGS.compression, "JOBS": str(SETTINGS.jobs)}
            backup = Backup(server, "backup", environment)
            backup.prepare()
            _fill(server, megabytes)
            yield backup
        finally:
            server.stop()


def _fill(server: DatabaseServer, megabytes: int) -> None:
    for script in (*HERE.glob("metadata_*.sql"), HERE / "restore_part.sh"):
        shutil.copy(script, server.root.path / "scripts")
    execute(server, "metadata_tables.sql")
    batch = 0
    while (written := int(server.psql(f"SELECT pg_database_size('{DATABASE}')")) / 1e6) < megabytes:
        execute(server, "metadata_rows.sql", f"--set=batch={batch}")
        batch += 1
    server.psql("VACUUM ANALYZE", database=DATABASE)
    print(f"  database: {written:.0f} MB, {batch} batches of rows", file=sys.stderr, flush=True)


def execute(server: DatabaseServer, script: str, *arguments: str) -> None:
    """Run a script as the app."""
    login = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-p", str(server.port), "-U", DATABASE, "-d", DATABASE]
    succeed(server.root, *login, *arguments, f"--file=/scripts/{script}")


def succeed(root: Root, *arguments: str, **env: str) -> None:
    """Run a command.

    Raises:
        AssertionError: it failed; with its output.
    """
    done = root.run(*arguments, env=env)
    assert done.returncode == 0, done.stdout + done.stderr


def megabytes_of(path: Path) -> float:
    """Size of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def settle(server: DatabaseServer) -> None:
    """Write out what earlier measurements have left, so that the next does not pay for it."""
    server.psql("CHECKPOINT")
    subprocess.run(["sync", "--file-system", server.folder], check=True)
