"""A set that is encrypted to a public key: only its owner reads it, and nothing readable is left."""

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.images import age
from tests.support.backups import tool_root
from tests.support.postgres import Root

SECRET = "the-connectors-password"
FILES = {"databases/1/toc.dat": SECRET, "databases/1.csv": "table,rows", "manifest.json": "{}", "secrets.enc": "x"}


@pytest.fixture(scope="module")
def root() -> Iterator[Root]:
    with tool_root(age.ROOTFS) as root:
        secret = root.path / "volume" / "secrets" / "airbyte-database"
        (secret / "..data").mkdir(parents=True)
        (secret / "..data" / "password").write_text(SECRET)
        (secret / "password").symlink_to("..data/password")
        yield root


def key(root: Root, name: str) -> tuple[str, str]:
    """A new key: its file, and its public part."""
    file = f"/volume/{name}"
    assert root.run("age-keygen", "-o", file).returncode == 0
    return file, root.run("age-keygen", "-y", file).stdout.strip()


def encrypted(root: Root, name: str, recipients: str) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A set of this name after the stage `encrypt`, and what that said."""
    folder = root.path / "volume" / name
    for file, text in FILES.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    inside = f"/volume/{name}"
    assert root.run("sh", "/scripts/sums.sh", env={"SET": inside}).returncode == 0
    environment = {"SET": inside, "SECRETS": "/volume/secrets", "RECIPIENTS": recipients}
    return folder, root.run("sh", "/scripts/encrypt.sh", env=environment)


def test_each_key_decrypts_every_file_and_no_other_does(root: Root) -> None:
    (first, one), (second, two), (stranger, _) = (key(root, name) for name in ("first", "second", "stranger"))
    folder, done = encrypted(root, "set", f"{one}\n{two}")
    assert done.returncode == 0, done.stderr
    assert "2 public keys" in done.stdout
    for file in (first, second):
        assert root.run("age", "-d", "-i", file, "/volume/set/databases/1/toc.dat.age").stdout == SECRET
    refused = root.run("age", "-d", "-i", stranger, "/volume/set/databases/1/toc.dat.age")
    assert refused.returncode != 0 and SECRET not in refused.stdout
    command = root.command("age", "-d", "-i", first, "/volume/set/secrets.enc.age")
    archive = subprocess.run(command, env=dict(root.environment), capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        held = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
    (content,) = (file.read().decode() for file in held.values() if file)
    assert set(held) == {"./airbyte-database/password"} and content == SECRET
    sums = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert len(sums.stdout.splitlines()) == len(FILES)


def test_nothing_readable_is_left_but_the_manifest(root: Root) -> None:
    _, recipient = key(root, "only")
    folder, done = encrypted(root, "readable", recipient)
    assert done.returncode == 0, done.stderr
    left = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert left == {f"{file}.age" for file in FILES if file != "manifest.json"} | {"manifest.json", "SHA256SUMS"}
    assert not any(SECRET.encode() in file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_a_key_that_age_does_not_know_leaves_no_complete_set(root: Root) -> None:
    folder, done = encrypted(root, "wrong", "age1wrong")
    assert done.returncode != 0
    assert not (folder / "SHA256SUMS").exists()
