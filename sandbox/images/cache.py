"""Where made layers and archives are kept, and how their keys are computed."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sandbox.versions

HERE = Path(__file__).resolve().parent


class ImageError(Exception):
    """An image could not be made; the text names the step and shows what the tool said."""


def versions() -> dict[str, Any]:
    """Return the pins of all images."""
    return sandbox.versions.versions()["images"]


def digest(*parts: str | bytes | Path) -> str:
    """Return a short key of texts, of files' contents, and of whole folders' names and contents."""
    total = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part):
            total.update(hashlib.sha256(piece).digest())
    return total.hexdigest()[:16]


def _pieces(part: str | bytes | Path) -> Iterator[bytes]:
    if isinstance(part, str):
        yield part.encode()
    elif isinstance(part, bytes):
        yield part
    elif part.is_dir():
        for file in sources(part):
            yield str(file.relative_to(part)).encode()
            yield file.read_bytes()
    else:
        yield part.read_bytes()


def sources(folder: Path) -> list[Path]:
    """Return the files below a folder, sorted, without what Python leaves behind."""
    return sorted(f for f in folder.rglob("*") if f.is_file() and "__pycache__" not in f.parts)


@dataclass(frozen=True)
class Builder:
    """What a recipe needs: the cache folder, the built tools, and somewhere to say what is being made."""

    cache: Path
    tools: Callable[[str], Path]
    report: Callable[[str], None]

    def cached(self, name: str, key: str, make: Callable[[Path], None]) -> Path:
        """Return ``<cache>/<name>-<key>.tar``, calling ``make`` with a temporary path when it is not there yet.

        The file appears under its name only when it is whole, so an interrupted build leaves nothing to be mistaken.
        """
        target = self.cache / f"{name}-{key}.tar"
        if target.exists():
            return target
        self.cache.mkdir(parents=True, exist_ok=True)
        start = time.monotonic()
        with scratch(self.cache) as folder:
            made = folder / "made"
            make(made)
            size = made.stat().st_size
            made.replace(target)
        self.report(f"made {name} ({size / 1e6:.0f} MB, {time.monotonic() - start:.0f} s)")
        return target


@contextlib.contextmanager
def scratch(parent: Path) -> Generator[Path]:
    """Give a temporary folder, removed at the end; those that a killed build left a day ago are removed too."""
    parent.mkdir(parents=True, exist_ok=True)
    for old in parent.glob("tmp-*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > 86400:
                shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="tmp-", dir=parent))
    folder.chmod(0o755)  # apt reads below it as another user
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(what: str, *command: str | Path, env: dict[str, str] | None = None) -> str:
    """Run a command and return its output.

    Raises:
        ImageError: it is not installed or failed; the text ends with the last lines that it printed.

    """
    try:
        done = subprocess.run(
            [str(part) for part in command],
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
        )
    except FileNotFoundError as error:
        msg = f"{what}: {command[0]} is not installed"
        raise ImageError(msg) from error
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-15:])
        msg = f"{what}: {command[0]} failed with exit code {done.returncode}\n{tail}"
        raise ImageError(msg)
    return done.stdout
