"""The stage that decrypts a fetched set with age."""

import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.images import age
from tests.support.backups import tool_root
from tests.support.postgres import Root

FILES = {"databases/1/toc.dat": "a table of contents", "databases/1.csv": "table,rows", "manifest.json": "{}"}
PLAIN = {**FILES, "secrets.enc": "encrypted with the backup key"}


@dataclass(frozen=True)
class Decrypt:
    """The stage in a folder of a root with age.

    Attributes:
        root: the root.
        folder: name of the folder below `volume`.
        recipient: the public key of `folder/key`.
    """

    root: Root
    folder: str
    recipient: str

    @property
    def path(self) -> Path:
        return self.root.path / "volume" / self.folder

    @property
    def set(self) -> Path:
        return self.path / "scratch" / "set"

    def fetched(self, *, encrypted: bool) -> None:
        """Make a set as the stages of a backup leave it."""
        for file, text in PLAIN.items():
            (self.set / file).parent.mkdir(parents=True, exist_ok=True)
            (self.set / file).write_text(text)
        inside = f"/volume/{self.folder}"
        environment = {"SET": f"{inside}/scratch/set", "SECRETS": f"{inside}/secrets", "RECIPIENTS": self.recipient}
        if encrypted:
            done = self.root.run("sh", "/scripts/encrypt.sh", env=environment)
            assert done.returncode == 0, done.stderr

    def run(self, identity: str = "key") -> subprocess.CompletedProcess[str]:
        inside = f"/volume/{self.folder}"
        return self.root.run(
            "sh",
            "/scripts/decrypt.sh",
            env={
                "SCRATCH": f"{inside}/scratch",
                "PRIVATE": f"{inside}/private",
                "IDENTITY": f"{inside}/{identity}",
                "IDENTITY_SECRET": "airbyte/airbyte-database-identity",
            },
        )

    def files(self) -> dict[str, str]:
        """The set's files but its sums, by path, with their texts; those that are encrypted without."""
        paths = {str(path.relative_to(self.set)): path for path in self.set.rglob("*") if path.is_file()}
        return {
            name: "" if name.endswith(".age") else path.read_text()
            for name, path in paths.items()
            if name != "SHA256SUMS"
        }


@pytest.fixture(scope="module")
def root() -> Iterator[Root]:
    with tool_root(age.ROOTFS) as root:
        yield root


@pytest.fixture
def decrypt(root: Root, request: pytest.FixtureRequest) -> Decrypt:
    folder = re.sub(r"\W", "-", request.node.name)
    path = root.path / "volume" / folder
    # The second Secret does not exist.
    for name in ("scratch", "private", "secrets/airbyte-auth-secrets", "secrets/airbyte-postgresql-pooler"):
        (path / name).mkdir(parents=True)
    (path / "secrets" / "airbyte-auth-secrets" / "jwt").write_text("a-token-key")
    for name in ("key", "another"):
        assert root.run("age-keygen", "-o", f"/volume/{folder}/{name}").returncode == 0
    (path / "empty").write_text("")
    return Decrypt(root, folder, root.run("age-keygen", "-y", f"/volume/{folder}/key").stdout.strip())


def held(decrypt: Decrypt) -> dict[str, str]:
    """Names and values of the archive with Secrets in memory."""
    with tarfile.open(fileobj=io.BytesIO((decrypt.path / "private" / "secrets.tar").read_bytes())) as tar:
        assert [one.name for one in tar if one.isdir()] == ["./airbyte-auth-secrets"]
        return {one.name: file.read().decode() for one in tar if one.isfile() and (file := tar.extractfile(one))}


def test_an_encrypted_set_is_decrypted_and_its_secrets_are_in_memory_only(decrypt: Decrypt) -> None:
    decrypt.fetched(encrypted=True)
    done = decrypt.run()
    assert done.returncode == 0, done.stderr
    assert decrypt.files() == FILES
    assert held(decrypt) == {"./airbyte-auth-secrets/jwt": "a-token-key"}


def test_a_key_does_not_change_a_set_that_is_not_encrypted(decrypt: Decrypt) -> None:
    decrypt.fetched(encrypted=False)
    done = decrypt.run()
    assert done.returncode == 0, done.stderr
    assert "not encrypted with age" in done.stdout
    assert decrypt.files() == PLAIN
    assert not list((decrypt.path / "private").iterdir())


@pytest.mark.parametrize("identity", ["missing", "empty"])
def test_without_a_key_the_secret_to_create_is_named(decrypt: Decrypt, identity: str) -> None:
    decrypt.fetched(encrypted=True)
    done = decrypt.run(identity)
    assert done.returncode == 3
    assert "the Secret airbyte/airbyte-database-identity with a private key does not exist" in done.stderr
    assert set(decrypt.files()) == {f"{name}.age" if name != "manifest.json" else name for name in PLAIN}


def test_another_key_is_refused(decrypt: Decrypt) -> None:
    decrypt.fetched(encrypted=True)
    done = decrypt.run("another")
    assert done.returncode == 3
    assert re.search(r"cannot be decrypted, and nothing was changed: age: error: no identity matched", done.stderr)
    assert not list((decrypt.path / "private").iterdir())
    assert not set(decrypt.files()) & {"databases/1.csv", "databases/1/toc.dat"}


@pytest.mark.parametrize("file", ["databases/1/toc.dat.age", "secrets.enc.age"])
def test_a_truncated_file_is_refused_by_name(decrypt: Decrypt, file: str) -> None:
    decrypt.fetched(encrypted=True)
    content = (decrypt.set / file).read_bytes()
    (decrypt.set / file).write_bytes(content[:-1])
    done = decrypt.run()
    assert done.returncode == 3
    assert f"{file} cannot be decrypted, and nothing was changed" in done.stderr


def test_what_an_interrupted_run_has_left_is_decrypted_by_the_next(decrypt: Decrypt) -> None:
    decrypt.fetched(encrypted=True)
    whole = decrypt.path / "whole"
    shutil.copytree(decrypt.set, whole)
    assert decrypt.run().returncode == 0
    # As after an interruption in the middle of a file.
    shutil.copy(whole / "databases" / "1.csv.age", decrypt.set / "databases")
    (decrypt.set / "databases" / "1.csv").write_text("tab")
    done = decrypt.run()
    assert done.returncode == 0, done.stderr
    assert decrypt.files() == FILES
    assert held(decrypt) == {"./airbyte-auth-secrets/jwt": "a-token-key"}
