"""Ways in which a backup set can be wrong."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.backups import KEY, SECRETS, Backup

Damage = Callable[["Damaged"], None]


@dataclass(frozen=True)
class Damaged:
    """A set to damage.

    Attributes:
        folder: its folder.
        another: the folder of a set of another minute, with other rows.
    """

    folder: Path
    another: Path

    def edit(self, path: str, change: Callable[[bytes], bytes]) -> None:
        """Change the content of a file."""
        file = self.folder / path
        file.write_bytes(change(file.read_bytes()))

    def edit_manifest(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change what the manifest says."""
        file = self.folder / "manifest.json"
        manifest = json.loads(file.read_text())
        change(manifest)
        file.write_text(json.dumps(manifest))

    def from_another(self, *paths: str) -> None:
        """Take files or folders from the other set."""
        for path in paths:
            target = self.folder / path
            if target.is_dir():
                shutil.rmtree(target)
                shutil.copytree(self.another / path, target)
            else:
                shutil.copy(self.another / path, target)

    def largest(self, pattern: str = "*.dat.zst") -> str:
        """Path of the largest file of database 1 with such a name."""
        files = (self.folder / "databases" / "1").glob(pattern)
        return str(max(files, key=lambda file: file.stat().st_size).relative_to(self.folder))

    def secrets(self, command: str, key: str = KEY) -> None:
        """Decrypt the Secrets, pass their archive through a shell command, and encrypt it again with a key."""
        cipher = "openssl enc -aes-256-cbc -pbkdf2 -iter 100000 -pass env:"
        line = f"{cipher}OLD -d <secrets.enc | {{ {command}; }} | {cipher}NEW >new && mv new secrets.enc"
        environment = {**os.environ, "OLD": KEY, "NEW": key}
        subprocess.run(["bash", "-euo", "pipefail", "-c", line], cwd=self.folder, env=environment, check=True)

    def sum_again(self) -> None:
        """Write SHA256SUMS as if the damage had been there before."""
        line = "find . -type f ! -path ./SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS"
        subprocess.run(["sh", "-c", line], cwd=self.folder, check=True)


@dataclass(frozen=True)
class Corruption:
    """One way.

    Attributes:
        name: in words.
        damage: what happens to the set.
        reason: part of the message of whoever finds it.
        summed: whether SHA256SUMS is that of the damaged set.
        refused: part of the restore's message, where that is another one.
    """

    name: str
    damage: Damage
    reason: str
    summed: bool = False
    refused: str | None = None

    def apply(self, damaged: Damaged) -> None:
        """Damage the set."""
        self.damage(damaged)
        if self.summed:
            damaged.sum_again()


def _flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def _flipped(path: str) -> Damage:
    return lambda it: it.edit(path, _flip)


def _cut(path: str) -> Damage:
    return lambda it: it.edit(path, lambda content: content[:-10])


def _emptied(path: str) -> Damage:
    return lambda it: it.edit(path, lambda _: b"")


def _removed(path: str) -> Damage:
    return lambda it: (it.folder / path).unlink()


def _manifest(key: str, value: object) -> Damage:
    return lambda it: it.edit_manifest(lambda manifest: manifest.update({key: value}))


def _database(number: int, key: str, value: object) -> Damage:
    return lambda it: it.edit_manifest(lambda manifest: manifest["databases"][number - 1].update({key: value}))


def _counted(damage: Damage) -> Damage:
    """As if it had been there before the manifest was written, which has the sizes of the archives."""

    def change(it: Damaged) -> None:
        damage(it)
        for number in (1, 2):
            files = (file for file in (it.folder / "databases" / str(number)).rglob("*") if file.is_file())
            _database(number, "bytes", sum(file.stat().st_size for file in files))(it)

    return change


def _table(key: str) -> Damage:
    def change(manifest: dict[str, Any]) -> None:
        manifest["databases"][0]["tables"][0][key] += 1

    return lambda it: it.edit_manifest(change)


def _swap_folders(it: Damaged) -> None:
    for left, right in (("1", "x"), ("2", "1"), ("x", "2")):
        (it.folder / "databases" / left).rename(it.folder / "databases" / right)


def _swap_all(it: Damaged) -> None:
    _swap_folders(it)
    for left, right in (("1.csv", "x"), ("2.csv", "1.csv"), ("x", "2.csv")):
        (it.folder / "databases" / left).rename(it.folder / "databases" / right)

    def change(manifest: dict[str, Any]) -> None:
        manifest["databases"].reverse()
        for number, database in enumerate(manifest["databases"], 1):
            database["number"] = number

    it.edit_manifest(change)


def _swap_contents(it: Damaged) -> None:
    """Also where the manifest still has the names."""
    _swap_all(it)

    def change(manifest: dict[str, Any]) -> None:
        first, second = manifest["databases"]
        first["name"], second["name"] = second["name"], first["name"]

    it.edit_manifest(change)


def _other_minute(it: Damaged) -> None:
    """With all that belongs to it."""
    it.from_another("databases/2", "databases/2.csv")
    entry = json.loads((it.another / "manifest.json").read_text())["databases"][1]
    it.edit_manifest(lambda manifest: manifest["databases"].__setitem__(1, entry))


def _one_database_less(it: Damaged) -> None:
    shutil.rmtree(it.folder / "databases" / "2")
    (it.folder / "databases" / "2.csv").unlink()
    it.edit_manifest(lambda manifest: manifest["databases"].pop())


def _two_files_swapped(it: Damaged) -> None:
    files = sorted((it.folder / "databases" / "1").glob("[0-9]*.dat.zst"), key=lambda file: file.stat().st_size)
    left, right = files[-1].read_bytes(), files[-2].read_bytes()
    files[-1].write_bytes(right)
    files[-2].write_bytes(left)


def _rows_removed(it: Damaged) -> None:
    """A table without its last row, and everything else as it was."""
    it.edit("databases/2/" + _only_table(it), lambda _: _zstd(b"\\.\n\n\n"))


def _rows_added(it: Damaged) -> None:
    it.edit("databases/2/" + _only_table(it), lambda _: _zstd(b"temporal\nanother\n\\.\n\n\n"))


def _only_table(it: Damaged) -> str:
    return next((it.folder / "databases" / "2").glob("*.dat.zst")).name


def _zstd(content: bytes) -> bytes:
    """A frame with one raw block (RFC 8878), so that nothing to compress with is needed."""
    header = (1 | len(content) << 3).to_bytes(3, "little")
    return b"\x28\xb5\x2f\xfd\x20" + bytes([len(content)]) + header + content


def _rename_largest(it: Damaged) -> None:
    file = it.folder / it.largest()
    file.rename(file.with_name("9999.dat.zst"))


def _link_largest(it: Damaged) -> None:
    file = it.folder / it.largest()
    file.rename(it.folder.with_name("elsewhere"))
    file.symlink_to(it.folder.with_name("elsewhere"))


def _drop_line(pattern: str) -> Damage:
    def change(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        kept = [line for line in lines if pattern.encode() not in line]
        assert len(kept) < len(lines)
        return b"".join(kept)

    return lambda it: it.edit("SHA256SUMS", change)


def _csv_line(pattern: str, replacement: str) -> Damage:
    def change(content: bytes) -> bytes:
        assert pattern.encode() in content
        return content.replace(pattern.encode(), replacement.encode())

    return lambda it: it.edit("databases/2.csv", change)


def _more_files(it: Damaged) -> None:
    shutil.copytree(it.folder / "databases" / "2", it.folder / "databases" / "3")


def _without_key(it: Damaged) -> None:
    it.secrets("tar --delete --file=- ./airbyte-auth-secrets/jwt")


def _other_token(it: Damaged) -> None:
    it.secrets("sed s/a-token-key/b-token-key/")


CHECKSUM = "WARNING: 1 computed checksum did NOT match"
BOTH = "in SHA256SUMS or among the files, but not in both"
BYTES = "bytes, and its manifest says"
ONE_OF_TWO = "in its manifest or its fingerprint, but not in both"
UNREADABLE = "cannot be read"
NOT_RESTORED = "cannot be restored"
DIFFERS = "differs from what was dumped"
MANIFEST = "its manifest says"
OTHER_KEY = "another-key-0123456789"

CAMPAIGN = bool(os.environ.get("CAMPAIGN"))

NAME, ANOTHER = "20260101T000100Z", "20260101T000000Z"


def two_sets(backup: Backup) -> None:
    """Prepare an app and dump it twice: `ANOTHER`, then, with other rows and Secrets, `NAME`, the one to damage."""
    backup.prepare()
    token = backup.path / "secrets" / "airbyte-auth-secrets" / "jwt"
    token.write_text("an-older-key")
    backup.dumped(ANOTHER)
    token.write_text(SECRETS["airbyte-auth-secrets"]["jwt"])
    backup.server.psql("UPDATE few SET name = name || ' later'", user="airbyte", database="temporal")
    backup.dumped(NAME)


CORRUPTIONS = (
    # Since the sums were written.
    Corruption("a bit of rows", lambda it: it.edit(it.largest(), _flip), CHECKSUM),
    Corruption("a bit of a large object", lambda it: it.edit(it.largest("blob_*.zst"), _flip), CHECKSUM),
    Corruption("a bit of a list of large objects", lambda it: it.edit(it.largest("blobs_*.toc"), _flip), CHECKSUM),
    Corruption("a bit of a table of contents", _flipped("databases/1/toc.dat"), CHECKSUM),
    Corruption("a bit of a fingerprint", _flipped("databases/2.csv"), CHECKSUM),
    Corruption("a bit of the manifest", _flipped("manifest.json"), CHECKSUM),
    Corruption("a bit of the Secrets", _flipped("secrets.enc"), CHECKSUM),
    Corruption("a bit of the sums", _flipped("SHA256SUMS"), ""),
    Corruption("rows cut", lambda it: it.edit(it.largest(), lambda content: content[:-10]), CHECKSUM),
    Corruption("the sums cut", _cut("SHA256SUMS"), BOTH),
    Corruption("the sums emptied", _emptied("SHA256SUMS"), "it has no SHA256SUMS"),
    Corruption("the sums missing", _removed("SHA256SUMS"), "it has no SHA256SUMS", refused="there is no complete set"),
    Corruption("rows missing", lambda it: (it.folder / it.largest()).unlink(), "No such file"),
    Corruption("the sums without a line of rows", _drop_line("databases/1/37"), BOTH),
    Corruption("the sums without the manifest", _drop_line("manifest.json"), BOTH),
    Corruption("a file too many", lambda it: (it.folder / "databases/1/1.dat").write_text("x") and None, BOTH),
    Corruption("a file behind a link", _link_largest, BOTH),
    # Before they were written.
    Corruption("summed: a bit of rows", lambda it: it.edit(it.largest(), _flip), NOT_RESTORED, True),
    Corruption("summed: rows cut", lambda it: it.edit(it.largest(), lambda content: content[:-10]), BYTES, True),
    Corruption("summed: rows emptied", _counted(lambda it: it.edit(it.largest(), lambda _: b"")), "database 1", True),
    Corruption("summed: rows missing", _counted(lambda it: (it.folder / it.largest()).unlink()), NOT_RESTORED, True),
    Corruption("summed: rows under another name", _rename_largest, NOT_RESTORED, True),
    Corruption("summed: rows of two tables swapped", _two_files_swapped, "database 1", True),
    Corruption("summed: a row less", _counted(_rows_removed), DIFFERS, True),
    Corruption("summed: a row more", _counted(_rows_added), DIFFERS, True),
    Corruption(
        "summed: a bit of a large object", lambda it: it.edit(it.largest("blob_*.zst"), _flip), "database 1", True
    ),
    Corruption(
        "summed: large objects missing",
        _counted(lambda it: (it.folder / it.largest("blobs_*.toc")).unlink()),
        NOT_RESTORED,
        True,
    ),
    Corruption("summed: a table of contents cut", _cut("databases/1/toc.dat"), UNREADABLE, True),
    Corruption(
        "summed: a table of contents emptied", _emptied("databases/2/toc.dat"), "it has no databases/2/toc.dat", True
    ),
    Corruption(
        "summed: a table of contents of the other database",
        lambda it: it.edit("databases/1/toc.dat", lambda _: (it.folder / "databases/2/toc.dat").read_bytes()),
        "its archive is of the database temporal",
        True,
    ),
    Corruption("summed: a fingerprint missing", _removed("databases/2.csv"), "it has no databases/2.csv", True),
    Corruption("summed: a fingerprint without a table", _csv_line("table,public.few", "rules,"), ONE_OF_TWO, True),
    Corruption(
        "summed: another checksum of a table",
        _csv_line("table,public.few,1,-", "table,public.few,1,-1"),
        ONE_OF_TWO,
        True,
    ),
    Corruption(
        "summed: a fingerprint that is none",
        _csv_line("table,public.few,1,-", "table,public.few,1,x"),
        "the fingerprint of its database 2 cannot be read",
        True,
    ),
    Corruption("summed: another definition", _csv_line("columns,,1,-", "columns,,1,-1"), DIFFERS, True),
    Corruption(
        "summed: folders of two databases swapped", _swap_folders, "its archive is of the database temporal", True
    ),
    Corruption("summed: two databases swapped", _swap_all, "its manifest has the databases", True),
    Corruption("summed: two databases under each other's name", _swap_contents, "its archive is of the database", True),
    Corruption(
        "summed: a database of another minute", _counted(lambda it: it.from_another("databases/2")), DIFFERS, True
    ),
    Corruption(
        "summed: a database of another minute, and its fingerprint",
        lambda it: it.from_another("databases/2", "databases/2.csv"),
        ONE_OF_TWO,
        True,
    ),
    Corruption("summed: a database of another minute, with all about it", _other_minute, "of different moments", True),
    Corruption("summed: a database less", _one_database_less, "its manifest has the databases", True),
    Corruption("summed: a database more", _more_files, "does not belong there", True),
    Corruption("summed: the manifest missing", _removed("manifest.json"), "it has no manifest.json", True),
    Corruption("summed: the manifest cut", _cut("manifest.json"), "", True),
    Corruption(
        "summed: the manifest of another minute", lambda it: it.from_another("manifest.json"), f"{MANIFEST} name", True
    ),
    Corruption("summed: another format", _manifest("format", 2), "it has the format 2", True),
    Corruption("summed: another role", _manifest("role", "somebody"), f"{MANIFEST} role somebody", True),
    Corruption("summed: another app", _manifest("app", "dagster"), f"{MANIFEST} app dagster", True),
    Corruption("summed: another stack", _manifest("stack", "lakehouse/prod"), f"{MANIFEST} stack lakehouse/prod", True),
    Corruption(
        "summed: another chart",
        _manifest("chart", "airbyte 2.1.0"),
        f"{MANIFEST} chart",
        True,
        "it is of airbyte 2.1.0, and airbyte 2.2.0 runs",
    ),
    Corruption("summed: another major version", _manifest("major", 16), f"{MANIFEST} major version 16", True),
    Corruption("summed: another server", _manifest("server", "17.1"), f"{MANIFEST} 17.1", True),
    Corruption(
        "summed: another pg_dump", _manifest("pgDump", "pg_dump (PostgreSQL) 17.1"), f"{MANIFEST} pg_dump", True
    ),
    Corruption(
        "summed: another name of a database", _database(1, "name", "airbyt"), "its manifest has the databases", True
    ),
    Corruption("summed: other extensions", _database(1, "extensions", {}), "its archive has the extensions", True),
    Corruption("summed: another number of rows in the manifest", _table("rows"), ONE_OF_TWO, True),
    Corruption("summed: another checksum in the manifest", _table("checksum"), ONE_OF_TWO, True),
    Corruption("summed: a bit of the Secrets", _flipped("secrets.enc"), "secrets.enc", True),
    Corruption("summed: the Secrets missing", _removed("secrets.enc"), "it has no secrets.enc", True),
    Corruption("summed: the Secrets cut", _cut("secrets.enc"), "secrets.enc", True),
    Corruption(
        "summed: the Secrets of another minute", lambda it: it.from_another("secrets.enc"), "secrets.enc differs", True
    ),
    Corruption("summed: the Secrets with another key", lambda it: it.secrets("cat", OTHER_KEY), "backup key", True),
    Corruption("summed: the token's key lost", _without_key, "is not in the archive", True),
    Corruption("summed: another token", _other_token, "secrets.enc differs", True),
    Corruption(
        "summed: the token's key not in the manifest",
        _manifest("secretKeys", {"airbyte-auth-secrets": ["id"], "airbyte-database": ["password"]}),
        "is in the archive only",
        True,
    ),
    Corruption(
        "summed: a key in the manifest only",
        _manifest("secretKeys", {"airbyte-auth-secrets": ["id", "jwt", "more"], "airbyte-database": ["password"]}),
        "is not in the archive",
        True,
    ),
)

# All that are found before a server is started, and each sixth of the others.
CHOSEN = [it for number, it in enumerate(CORRUPTIONS) if CAMPAIGN or not it.summed or number % 6 == 0]
"""Those that a test applies: all in a campaign."""
