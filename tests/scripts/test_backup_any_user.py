"""Backups and restores as a user that no image knows, in group 0, as OpenShift runs them."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.images import age
from tests.scripts.conftest import new_server, started
from tests.support.backups import Backup, tool_root
from tests.support.postgres import Root
from tests.support.restores import Fetch, Restore

NAME = "20260101T000000Z"
USER, GROUP = 1_000_650_000, 0
PASSWD = "/volume/passwd"


def as_unknown(root: Root) -> Root:
    return replace(root, uid=USER, gid=GROUP)


def own(folder: Path) -> None:
    subprocess.run(["chown", "-R", f"{USER}:{GROUP}", folder], check=True)


@pytest.fixture(scope="module")
def backup(root: Root) -> Iterator[Backup]:
    """An app whose stages run as that user, with a set."""
    server = started(new_server(root))
    known = Backup(server, f"unknown-{server.name}")
    known.prepare()
    own(known.path)
    backup = replace(known, server=replace(server, root=as_unknown(root)))
    backup.dumped(NAME)
    yield backup
    server.stop()


def test_a_proof_needs_a_name_for_its_user_and_gets_one(backup: Backup, tmp_path: Path) -> None:
    server = backup.server
    nameless = backup.run("prove", NAME)
    assert nameless.returncode != 0
    assert f"could not look up effective user ID {USER}" in nameless.stderr
    passwd = Path(f"{server.root.path}{PASSWD}")
    passwd.touch()
    own(passwd)
    named = server.root.run("sh", "/scripts/any_user.sh", PASSWD)
    assert named.returncode == 0, named.stderr
    done = replace(backup, server=replace(server, root=replace(server.root, passwd=PASSWD))).run("prove", NAME)
    assert done.returncode == 0, done.stdout + done.stderr
    passwd.unlink()


def test_a_set_is_stored_fetched_and_restored(backup: Backup) -> None:
    folder = backup.set(NAME)
    proven = folder.with_name(f"{NAME}.proven")
    proven.write_text("{}")
    with tool_root() as tools:
        fetch = Fetch(as_unknown(tools), "any-user")
        for name in ("store", "scratch"):
            (fetch.path / name).mkdir(parents=True)
        subprocess.run(["cp", "-a", folder, proven, fetch.path], check=True)
        own(fetch.path)
        inside = f"/volume/{fetch.folder}"
        retention = {"RETENTION_DAYS": "9999", "RETENTION_COUNT": "2", "DEADLINE_SECONDS": "3600"}
        environment = fetch.variables(SET=f"{inside}/{NAME}", OUTCOME=f"{inside}/outcome", **retention)
        stored = fetch.root.run("sh", "/scripts/store.sh", env={**environment, "HOME": "/"})
        assert stored.returncode == 0, stored.stdout + stored.stderr
        fetched = fetch.run(HOME="/")
        assert fetched.returncode == 0, fetched.stdout + fetched.stderr
        restore = Restore(backup, backup.server)
        restore.prepare(NAME)
        subprocess.run(["rm", "-r", restore.path / "scratch"], check=True)
        subprocess.run(["cp", "-a", fetch.scratch, restore.path], check=True)
    own(restore.path)
    done = restore.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "identical with what was dumped" in done.stdout


def test_a_set_is_encrypted_and_decrypted() -> None:
    with tool_root(age.ROOTFS) as tools:
        root, folder = as_unknown(tools), tools.path / "volume" / "any-user"
        for name in ("private", "scratch/set", "secrets/airbyte-database"):
            (folder / name).mkdir(parents=True)
        (folder / "scratch" / "set" / "manifest.json").write_text("{}")
        (folder / "scratch" / "set" / "rows").write_text("a row")
        (folder / "secrets" / "airbyte-database" / "password").write_text("x")
        own(folder)
        inside = "/volume/any-user"
        assert root.run("age-keygen", "-o", f"{inside}/key").returncode == 0
        recipient = root.run("age-keygen", "-y", f"{inside}/key").stdout.strip()
        environment = {
            "SET": f"{inside}/scratch/set",
            "SECRETS": f"{inside}/secrets",
            "RECIPIENTS": recipient,
            "SCRATCH": f"{inside}/scratch",
            "PRIVATE": f"{inside}/private",
            "IDENTITY": f"{inside}/key",
            "IDENTITY_SECRET": "airbyte/identity",
        }
        for stage in ("encrypt", "decrypt"):
            done = root.run("sh", f"/scripts/{stage}.sh", env=environment)
            assert done.returncode == 0, done.stdout + done.stderr
        assert (folder / "scratch" / "set" / "rows").read_text() == "a row"
