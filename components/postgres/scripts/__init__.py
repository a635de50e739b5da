"""The shell and SQL that run in pods."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

_FOLDER = Path(__file__).parent


def read(*names: str, folder: Path = _FOLDER) -> dict[str, str]:
    """Texts of the named scripts, for a ConfigMap.

    Args:
        names: names of files.
        folder: where they are, if a part has scripts of its own.

    Raises:
        FileNotFoundError: there is no such script.
    """
    return {name: (folder / name).read_text() for name in names}


def fingerprint(files: Mapping[str, str]) -> str:
    """Sixteen hexadecimal digits that change with any name or text of these files."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{files[name]}\0".encode())
    return digest.hexdigest()[:16]


def names() -> list[str]:
    """Names of all scripts, sorted."""
    return sorted(file.name for file in _FOLDER.iterdir() if file.suffix in {".sh", ".sql", ".conf"})
