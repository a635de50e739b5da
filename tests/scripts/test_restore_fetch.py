"""The first stage of a restore: the right set, whole, or a message."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.backups import tool_root
from tests.support.postgres import Root
from tests.support.restores import Fetch

FIRST, SECOND, THIRD = "20260101T000000Z", "20260102T000000Z", "20260103T000000Z"
SIZE = 2_000_000
"""Bytes of a set's largest file."""


@pytest.fixture(scope="module")
def root() -> Iterator[Root]:
    with tool_root() as root:
        yield root


@pytest.fixture
def fetch(root: Root, request: pytest.FixtureRequest, tmp_path: Path) -> Fetch:
    """Three stored sets, of which the last is not proven."""
    fetch = Fetch(root, re.sub(r"\W", "-", request.node.name))
    for name in (FIRST, SECOND, THIRD):
        folder = tmp_path / name
        (folder / "databases").mkdir(parents=True)
        (folder / "databases" / "rows").write_bytes(os.urandom(SIZE))
        (folder / "manifest.json").write_text(name)
        lines = "find . -type f | sort | xargs sha256sum >../sums && mv ../sums SHA256SUMS"
        subprocess.run(["sh", "-c", lines], cwd=folder, check=True)
        fetch.store(folder, proven=name != THIRD)
    return fetch


def fetched(fetch: Fetch) -> str | None:
    """Name of the set that the next stages find; None if they find none."""
    name = fetch.scratch / "name"
    if not name.exists():
        return None
    assert (fetch.scratch / "set" / "manifest.json").read_text() == name.read_text()
    return name.read_text()


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({}, SECOND),
        ({"AT": "20260101T235959Z"}, FIRST),
        ({"AT": SECOND}, SECOND),
        ({"WANTED": FIRST}, FIRST),
        ({"WANTED": THIRD}, THIRD),
    ],
    ids=["newest", "by time", "of that time", "by name", "by name, not proven"],
)
def test_the_wanted_set_is_fetched(fetch: Fetch, choice: dict[str, str], expected: str) -> None:
    done = fetch.run(**choice)
    assert done.returncode == 0, done.stderr
    assert fetched(fetch) == expected


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"WANTED": "20250101T000000Z"}, f"there is no complete set 20250101T000000Z; the newest ones are {FIRST}"),
        ({"AT": "20250101T000000Z"}, "there is no proven set of 20250101T000000Z or before"),
        ({"STORE": "store:/volume/nowhere"}, "there is no set in store:/volume/nowhere"),
    ],
    ids=["name", "time", "folder"],
)
def test_what_is_not_there_is_refused(fetch: Fetch, choice: dict[str, str], message: str) -> None:
    done = fetch.run(**choice)
    assert done.returncode == 3, done.stderr
    assert message in done.stderr
    assert fetched(fetch) is None


def test_a_damaged_set_is_refused_with_the_others_to_choose_from(fetch: Fetch) -> None:
    with (fetch.path / "store" / SECOND / "databases" / "rows").open("r+b") as file:
        file.truncate(SIZE - 1)
    done = fetch.run()
    assert done.returncode == 3
    assert "./databases/rows: FAILED" in done.stderr
    assert f"the proven ones are {FIRST}" in done.stderr
    assert fetched(fetch) is None


def test_a_set_larger_than_the_volume_is_refused(fetch: Fetch) -> None:
    with (fetch.path / "store" / SECOND / "databases" / "rows").open("r+b") as file:
        file.truncate(1 << 43)
    done = fetch.run()
    assert done.returncode == 3
    assert "raise `backups.scratch.storageSize`" in done.stderr


def test_an_interrupted_fetch_is_no_set_and_the_next_one_is_whole(fetch: Fetch) -> None:
    command = fetch.root.command("sh", "/scripts/fetch.sh")
    environment = {**fetch.root.environment, **fetch.variables(), "RCLONE_BWLIMIT": "200k"}
    with subprocess.Popen(
        command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        begun = time.monotonic()
        while not list((fetch.scratch / "set").glob("databases/*")):
            assert process.poll() is None and time.monotonic() - begun < 60
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
    assert fetched(fetch) is None
    # Left by it, or by anybody else.
    (fetch.scratch / "set" / "more").write_text("x")
    done = fetch.run()
    assert done.returncode == 0, done.stderr
    assert fetched(fetch) == SECOND
