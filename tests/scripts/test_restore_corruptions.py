"""A set that the proof rejects is rejected by the restore, too, before anything is touched."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.scripts.conftest import new_server, started
from tests.support.backups import DATABASES, Backup, tool_root
from tests.support.corruptions import ANOTHER, CHOSEN, NAME, Corruption, Damaged, two_sets
from tests.support.postgres import SCRIPTS, Root
from tests.support.restores import DEPLOYMENTS, Fetch, Restore


@pytest.fixture(scope="module")
def restore(root: Root) -> Iterator[Restore]:
    """A restore of an app with two sets, and with rows that are in none."""
    server = started(new_server(root))
    backup = Backup(server, f"refused-{server.name}")
    two_sets(backup)
    server.psql("CREATE TABLE later AS SELECT 1 AS n", user="airbyte", database="airbyte")
    yield Restore(backup, server)
    server.stop()


@pytest.fixture(scope="module")
def fetch() -> Iterator[Fetch]:
    with tool_root() as root:
        yield Fetch(root, "restore")


def live(restore: Restore) -> dict[str, str]:
    """The names of all databases, with the fingerprints of the app's; the Secrets and Deployments."""
    server = restore.server
    fingerprint = "\\set definitions yes\n" + (SCRIPTS / "fingerprint.sql").read_text()
    found = dict.fromkeys(restore.databases(), "")
    for name in DATABASES:
        flags = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-p", str(server.port), "-U", "postgres", "-d", name]
        done = server.root.run("psql", *flags, stdin=fingerprint)
        assert done.returncode == 0, done.stderr
        found[name] = done.stdout
    deployments = (restore.cluster / "deployments").read_text()
    return {**found, "deployments": deployments, "secrets": str(sorted((restore.cluster / "secrets").iterdir()))}


@pytest.mark.parametrize("corruption", CHOSEN, ids=lambda it: it.name.replace(" ", "-"))
def test_damage_is_refused_before_anything_is_touched(restore: Restore, fetch: Fetch, corruption: Corruption) -> None:
    shutil.rmtree(fetch.path, ignore_errors=True)
    another = fetch.store(restore.backup.set(ANOTHER))
    damaged = Damaged(fetch.store(restore.backup.set(NAME)), another)
    (damaged.folder / "PROVEN").unlink()
    corruption.apply(damaged)
    restore.prepare(NAME)
    before = live(restore)
    # By name: without its sums, a set is none.
    done = fetch.run(WANTED=NAME)
    if done.returncode == 0:
        assert corruption.summed, done.stdout
        shutil.rmtree(restore.path / "scratch")
        subprocess.run(["cp", "-a", fetch.scratch, restore.path], check=True)
        restore.own()
        done = restore.run()
    assert done.returncode == 3, done.stdout + done.stderr
    assert (corruption.refused or corruption.reason) in done.stderr
    assert "nothing was changed" in done.stderr or "there is no complete set" in done.stderr
    assert live(restore) == before
    log = restore.cluster / "log"
    assert not log.exists() or all(line.startswith("get secret db-admin") for line in log.read_text().splitlines())


def test_the_whole_set_is_restored(restore: Restore, fetch: Fetch) -> None:
    shutil.rmtree(fetch.path, ignore_errors=True)
    fetch.store(restore.backup.set(ANOTHER))
    fetch.store(restore.backup.set(NAME))
    restore.prepare(NAME)
    fetched = fetch.run()
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
    shutil.rmtree(restore.path / "scratch")
    subprocess.run(["cp", "-a", fetch.scratch, restore.path], check=True)
    restore.own()
    done = restore.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (restore.cluster / "deployments").read_text() == DEPLOYMENTS
