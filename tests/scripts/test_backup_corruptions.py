"""A set counts once it was restored: the proof finds every damage, and none where there is none."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripts.conftest import new_server, started
from tests.support.backups import Backup
from tests.support.corruptions import ANOTHER, CAMPAIGN, CHOSEN, NAME, Corruption, Damaged, two_sets
from tests.support.postgres import Root

PROOFS = 40 if CAMPAIGN else 2


@pytest.fixture(scope="module")
def backup(root: Root) -> Iterator[Backup]:
    """An app with two sets."""
    server = started(new_server(root))
    backup = Backup(server, f"corrupted-{server.name}")
    two_sets(backup)
    yield backup
    server.stop()


@pytest.fixture
def damaged(backup: Backup) -> Iterator[Damaged]:
    """The second set, which is whole again afterwards."""
    folder, whole = backup.set(NAME), backup.path / "whole"
    subprocess.run(["cp", "-a", folder, whole], check=True)
    yield Damaged(folder, backup.set(ANOTHER))
    shutil.rmtree(folder)
    whole.rename(folder)
    proof(backup).unlink(missing_ok=True)


def proof(backup: Backup) -> Path:
    """The file with the outcome."""
    return backup.path / "scratch" / f"{NAME}.proven"


@pytest.mark.parametrize("corruption", CHOSEN, ids=lambda it: it.name.replace(" ", "-"))
def test_damage_is_found(backup: Backup, damaged: Damaged, corruption: Corruption) -> None:
    corruption.apply(damaged)
    subprocess.run(["chown", "-R", "--reference", backup.path, damaged.folder], check=True)
    done = backup.run("prove", NAME)
    assert done.returncode == 3, done.stdout + done.stderr
    assert corruption.reason in done.stderr
    assert not proof(backup).exists()
    assert not (backup.path / "scratch" / "server").exists()


@pytest.mark.parametrize("number", range(PROOFS))
def test_a_new_set_is_proven(backup: Backup, number: int) -> None:
    """Of rows that differ each time."""
    backup.server.psql(f"INSERT INTO few SELECT generate_series(1, {number})", user="airbyte", database="temporal")
    folder = backup.dumped(NAME)
    done = backup.run("prove", NAME)
    assert done.returncode == 0, done.stdout + done.stderr
    outcome, manifest = json.loads(proof(backup).read_text()), json.loads((folder / "manifest.json").read_text())
    counted = [table["rows"] for database in manifest["databases"] for table in database["tables"]]
    assert outcome["databases"] == len(manifest["databases"])
    assert outcome["rows"] == sum(counted) > 10
    assert not (backup.path / "scratch" / "server").exists()
