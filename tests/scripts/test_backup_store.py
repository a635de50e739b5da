"""Sets in storage: complete or not there, retained by age and count, and cleaned up after an interruption."""

import json
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.backups import tool_root
from tests.support.postgres import Root

KILLS = 30 if os.environ.get("CAMPAIGN") else 3


@pytest.fixture(scope="module")
def root() -> Iterator[Root]:
    with tool_root() as root:
        yield root


def name(age: timedelta) -> str:
    """The name of a set of this age."""
    return (datetime.now(UTC) - age).strftime("%Y%m%dT%H%M%SZ")


@dataclass(frozen=True)
class Store:
    """A folder of local sets and one of stored sets, in a root with rclone."""

    root: Root
    folder: str

    @property
    def path(self) -> Path:
        return self.root.path / "volume" / self.folder

    @property
    def stored(self) -> Path:
        return self.path / "store" / "sets"

    def local_set(self, name: str, size: int = 100_000) -> Path:
        """A set on the scratch volume that is proven."""
        folder = self.path / name
        (folder / "databases" / "1").mkdir(parents=True)
        for number in range(5):
            (folder / "databases" / "1" / f"{number}.dat").write_bytes(os.urandom(size))
        (folder / "manifest.json").write_text("{}")
        lines = "find . -type f | sort | xargs sha256sum >../sums && mv ../sums SHA256SUMS"
        subprocess.run(["sh", "-c", lines], cwd=folder, check=True)
        (self.path / f"{name}.proven").write_text('{"rows": 7}\n')
        return folder

    def stored_set(self, name: str, *, complete: bool = True, proven: bool = True) -> None:
        """A set that an earlier run has stored."""
        folder = self.stored / name / "databases" / "1"
        folder.mkdir(parents=True)
        (folder / "toc.dat").write_text("x")
        if complete:
            (self.stored / name / "SHA256SUMS").write_text("sums")
        if proven:
            (self.stored / name / "PROVEN").write_text("{}")

    def variables(self, name: str, changes: dict[str, str]) -> dict[str, str]:
        inside = f"/volume/{self.folder}"
        return {
            "SET": f"{inside}/{name}",
            "STORE": f"store:{inside}/store/sets",
            "RCLONE_CONFIG_STORE_TYPE": "local",
            "RETENTION_DAYS": "30",
            "RETENTION_COUNT": "2",
            "DEADLINE_SECONDS": "3600",
            "OUTCOME": f"{inside}/outcome",
            "HOME": "/nonexistent",
            **changes,
        }

    def store(self, name: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return self.root.run("sh", "/scripts/store.sh", env=self.variables(name, changes))

    def sets(self) -> list[str]:
        return sorted(file.name for file in self.stored.iterdir())


@pytest.fixture
def store(root: Root, request: pytest.FixtureRequest) -> Store:
    store = Store(root, re.sub(r"\W", "-", request.node.name))
    store.stored.mkdir(parents=True)
    return store


def is_whole(folder: Path) -> bool:
    """Whether a stored set has every file of its sums."""
    done = subprocess.run(
        ["sha256sum", "--quiet", "--check", "SHA256SUMS"], cwd=folder, capture_output=True, check=False
    )
    return done.returncode == 0


def test_a_set_is_stored_whole_and_proven(store: Store) -> None:
    now = name(timedelta())
    store.local_set(now)
    done = store.store(now)
    assert done.returncode == 0, done.stdout + done.stderr
    assert is_whole(store.stored / now)
    assert json.loads((store.stored / now / "PROVEN").read_text()) == {"rows": 7}
    assert json.loads((store.path / "outcome").read_text()) == {"set": now, "outcome": {"rows": 7}, "sets": 1}
    assert not (store.path / now).exists()


def test_sets_are_retained_by_age_and_the_newest_proven_ones_for_ever(store: Store) -> None:
    days = {age: name(timedelta(days=age)) for age in (1, 31, 40, 50, 60)}
    store.stored_set(days[1], proven=False)
    store.stored_set(days[31], proven=False)
    for age in (40, 50, 60):
        store.stored_set(days[age])
    now = name(timedelta())
    store.local_set(now)
    assert store.store(now).returncode == 0
    # Two proven sets: this one and that of 40 days ago.
    assert store.sets() == sorted([now, days[1], days[40]])


def test_what_an_interrupted_run_has_left_is_deleted_after_its_deadline_only(store: Store) -> None:
    old, young = name(timedelta(hours=2)), name(timedelta(minutes=10))
    store.stored_set(old, complete=False, proven=False)
    store.stored_set(young, complete=False, proven=False)
    (store.stored / "something-else").mkdir()
    now = name(timedelta())
    store.local_set(now)
    assert store.store(now).returncode == 0
    assert store.sets() == sorted([now, young, "something-else"])


def test_a_set_that_is_not_proven_is_not_stored(store: Store) -> None:
    now = name(timedelta())
    store.local_set(now)
    (store.path / f"{now}.proven").unlink()
    done = store.store(now)
    assert done.returncode == 3
    assert "not proven" in done.stderr
    assert store.sets() == []


@pytest.mark.parametrize("number", range(KILLS))
def test_a_run_that_is_killed_leaves_no_bad_set_that_looks_complete(store: Store, number: int) -> None:
    expired = name(timedelta(days=60 + number))
    for kept in (expired, name(timedelta(days=1)), name(timedelta(days=2))):
        store.stored_set(kept)
    before = name(timedelta(hours=2))
    store.local_set(before, size=2_000_000)
    command = store.root.command("sh", "/scripts/store.sh")
    with subprocess.Popen(
        command,
        env={**store.root.environment, **store.variables(before, {})},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        time.sleep(random.uniform(0, 2.5))  # noqa: S311 - a moment
        os.killpg(process.pid, signal.SIGKILL)
    folder = store.stored / before
    if (folder / "SHA256SUMS").exists():
        assert is_whole(folder)
    if (folder / "PROVEN").exists():
        assert (folder / "SHA256SUMS").exists()
    was_complete = (folder / "SHA256SUMS").exists()

    now = name(timedelta())
    store.local_set(now)
    done = store.store(now)
    assert done.returncode == 0, done.stdout + done.stderr
    assert is_whole(store.stored / now)
    assert (before in store.sets()) == was_complete
    assert expired not in store.sets()
