"""Write one layer: a tar of files with fixed order, owners and times, so that the same input gives the same bytes."""

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class File:
    """A file of a layer, from memory or from disk. Owner 0:0 unless said."""

    path: str
    data: bytes | Path
    mode: int = 0o644


@dataclass(frozen=True)
class Folder:
    """A folder of a layer."""

    path: str
    mode: int = 0o755
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True)
class Link:
    """A symbolic link of a layer."""

    path: str
    to: str


Entry = File | Folder | Link


def write(target: Path, entries: list[Entry]) -> None:
    """Write a layer of these entries. Folders above them that no entry names are made on unpacking, owned by root."""
    with tarfile.open(target, "w") as tar:
        for entry in sorted(entries, key=lambda e: e.path):
            _add(tar, entry)


def _add(tar: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(entry.path.lstrip("/"))
    if isinstance(entry, Folder):
        info.type, info.mode, info.uid, info.gid = tarfile.DIRTYPE, entry.mode, entry.uid, entry.gid
        tar.addfile(info)
    elif isinstance(entry, Link):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.to, 0o777
        tar.addfile(info)
    elif isinstance(entry.data, bytes):
        info.size, info.mode = len(entry.data), entry.mode
        tar.addfile(info, io.BytesIO(entry.data))
    else:
        info.size, info.mode = entry.data.stat().st_size, entry.mode
        with entry.data.open("rb") as file:
            tar.addfile(info, file)


def write_tree(target: Path, root: Path, prefix: str) -> None:
    """Write a layer of everything below ``root``, placed at ``prefix``, owned by root, without times."""
    with tarfile.open(target, "w") as tar:
        for path in [root, *sorted(root.rglob("*"))]:
            info = tar.gettarinfo(path, arcname=str(Path(prefix.lstrip("/")) / path.relative_to(root)))
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mtime = 0
            if info.isreg():
                with path.open("rb") as file:
                    tar.addfile(info, file)
            else:
                tar.addfile(info)
