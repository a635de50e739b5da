"""A backup that is killed at any moment: no set looks better than it is, and the next run makes a whole one."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.scripts.conftest import new_server, started
from tests.support.backups import Backup
from tests.support.postgres import Root

NAME = "20260101T000000Z"
KILLS = 15 if os.environ.get("CAMPAIGN") else 1
EACH = pytest.mark.parametrize("number", range(KILLS))


@pytest.fixture(scope="module")
def backup(root: Root) -> Iterator[Backup]:
    server = started(new_server(root))
    backup = Backup(server, f"killed-{server.name}")
    backup.prepare()
    yield backup
    server.stop()


def killed(backup: Backup, stage: str, after: float) -> int:
    """Exit status of a stage that is killed, with all its processes, after some seconds, unless it has ended before."""
    root = backup.server.root
    with subprocess.Popen(
        root.command("sh", f"/scripts/{stage}.sh"),
        env={**root.environment, **backup.variables(NAME)},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        time.sleep(after)
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def whole(backup: Backup) -> bool:
    """Whether the set is complete, and each of its files as it was written."""
    check = ["sha256sum", "--quiet", "--check", "SHA256SUMS"]
    return subprocess.run(check, cwd=backup.set(NAME), check=False, capture_output=True).returncode == 0


def proven(backup: Backup) -> bool:
    """Whether the set is said to be proven."""
    return (backup.set(NAME).parent / f"{NAME}.proven").exists()


@EACH
def test_a_killed_dump_is_no_set_and_the_next_one_is(backup: Backup, number: int) -> None:
    subprocess.run(["rm", "-rf", backup.set(NAME)], check=True)
    status = killed(backup, "dump", random.uniform(0.1, 3))  # noqa: S311 - a moment
    if (backup.set(NAME) / "SHA256SUMS").exists():
        assert whole(backup)
    else:
        assert status == -signal.SIGKILL
    backup.dumped(NAME)
    assert whole(backup)
    assert (
        backup.server.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lakehouse-backup'") == "0"
    )


@EACH
def test_a_killed_proof_proves_nothing_and_the_next_one_does(backup: Backup, number: int) -> None:
    backup.dumped(NAME)
    status = killed(backup, "prove", random.uniform(0.1, 4))  # noqa: S311 - a moment
    assert proven(backup) == (status == 0)
    done = backup.run("prove", NAME)
    assert done.returncode == 0, done.stdout + done.stderr
    assert proven(backup)
    assert not (backup.path / "scratch" / "server").exists()
