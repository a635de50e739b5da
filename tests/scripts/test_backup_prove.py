"""A set counts once it was restored: `prove` finds every damage."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scripts.conftest import new_server, started
from tests.support.backups import Backup
from tests.support.postgres import Root

NAME = "20260101T000000Z"


@pytest.fixture(scope="module")
def backup(root: Root) -> Iterator[Backup]:
    server = started(new_server(root))
    backup = Backup(server, f"backup-{server.name}")
    backup.prepare()
    backup.dumped(NAME)
    yield backup
    server.stop()


@pytest.fixture
def damaged(backup: Backup) -> Callable[[str], Path]:
    """Gives a copy of the set to damage."""

    def copy(name: str) -> Path:
        subprocess.run(["cp", "-a", backup.set(NAME), backup.set(name)], check=True)
        return backup.set(name)

    return copy


def sum_again(folder: Path) -> None:
    """As if the damage had been there when the sums were written."""
    lines = "find . -type f ! -name SHA256SUMS | sort | tr '\\n' '\\0' | xargs -0 sha256sum > SHA256SUMS"
    subprocess.run(["sh", "-c", lines], cwd=folder, check=True)


def test_a_set_is_proven_and_nothing_of_the_server_is_left(backup: Backup) -> None:
    done = backup.run("prove", NAME)
    assert done.returncode == 0, done.stdout + done.stderr
    outcome = json.loads(Path(f"{backup.set(NAME)}.proven").read_text())
    assert outcome["databases"] == 2
    manifest = json.loads((backup.set(NAME) / "manifest.json").read_text())
    counted = [table["rows"] for database in manifest["databases"] for table in database["tables"]]
    assert outcome["rows"] == sum(counted) > 10
    assert not (backup.path / "scratch" / "server").exists()


def flip_a_bit(folder: Path) -> None:
    file = max((folder / "databases" / "1").glob("*.dat*"), key=lambda file: file.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def remove_a_file(folder: Path) -> None:
    next((folder / "databases" / "1").glob("*.dat*")).unlink()


def truncate_a_file(folder: Path) -> None:
    file = folder / "databases" / "1" / "toc.dat"
    file.write_bytes(file.read_bytes()[:-10])


def remove_secrets(folder: Path) -> None:
    (folder / "secrets.enc").unlink()


def remove_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def swap_databases(folder: Path) -> None:
    for left, right in (("1", "x"), ("2", "1"), ("x", "2")):
        (folder / "databases" / left).rename(folder / "databases" / right)


def change_a_checksum(folder: Path) -> None:
    file = folder / "databases" / "2.csv"
    file.write_text(file.read_text().replace("table,public.few,1,", "table,public.few,2,"))


@pytest.mark.parametrize("damage", [flip_a_bit, remove_a_file, truncate_a_file, remove_secrets, remove_the_manifest])
@pytest.mark.parametrize("summed", [False, True], ids=["sums-kept", "sums-new"])
def test_damage_is_found(
    backup: Backup, damaged: Callable[[str], Path], damage: Callable[[Path], None], summed: bool
) -> None:
    name = f"{damage.__name__}-{summed}"
    folder = damaged(name)
    damage(folder)
    if summed:
        sum_again(folder)
    done = backup.run("prove", name)
    assert done.returncode == 3, done.stdout + done.stderr
    assert done.stderr.strip()
    assert not Path(f"{folder}.proven").exists()
    assert not (backup.path / "scratch" / "server").exists()


@pytest.mark.parametrize("damage", [swap_databases, change_a_checksum])
def test_contents_that_differ_are_found(
    backup: Backup, damaged: Callable[[str], Path], damage: Callable[[Path], None]
) -> None:
    folder = damaged(damage.__name__)
    damage(folder)
    sum_again(folder)
    done = backup.run("prove", damage.__name__)
    assert done.returncode == 3
    assert "differs from what was dumped" in done.stderr
    assert "DIFFERS" in done.stderr


def test_another_key_is_found(backup: Backup) -> None:
    done = backup.run("prove", NAME, BACKUP_KEY="another")
    assert done.returncode == 3
    assert "secrets.enc cannot be decrypted with the backup key" in done.stderr
