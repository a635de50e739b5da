"""Dagster's packages and its own storage tests, from PyPI in the sandbox's cache: nothing of them is committed."""

import shutil
import sys
from pathlib import Path

from sandbox.images import dagster
from sandbox.images.cache import digest, run, scratch
from sandbox.locks import locked
from sandbox.paths import Sandbox

HERE = Path(__file__).parent
REQUIREMENTS, SOURCES = HERE / "requirements.txt", HERE / "sources.txt"
TESTS = ("dagster_tests", "dagster_postgres_tests")
"""Folders of the source archives that hold tests."""


def python() -> Path:
    """The interpreter of an environment with the packages of the sandbox's Dagster image, and Dagster's tests beside
    them; made unless the cache has it, which takes a minute.
    """
    cache = Sandbox.of(Path.cwd()).cache / "dagster"
    key = digest(Path(__file__), REQUIREMENTS, SOURCES, dagster.REQUIREMENTS, sys.version)
    target = cache / key
    with locked(cache / "lock"):
        if not target.exists():
            # Under its name only when it is whole.
            with scratch(cache) as folder:
                _make(folder / "made")
                (folder / "made").rename(target)
    return target / "bin" / "python"


def _make(folder: Path) -> None:
    run("an environment for Dagster's tests", sys.executable, "-m", "venv", folder)
    pip = [folder / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    pins = ["--requirement", dagster.REQUIREMENTS, "--requirement", REQUIREMENTS]
    run("Dagster's packages", *pip, "install", "--no-compile", "--no-deps", *pins)
    archives = folder / "archives"
    # pip asks a source archive for its name and version with the builder that it finds in the environment.
    strict = ["--require-hashes", "--no-deps", "--no-binary=:all:", "--no-build-isolation"]
    run("Dagster's tests", *pip, "download", *strict, "--dest", archives, "--requirement", SOURCES)
    (packages,) = folder.glob("lib/python3*/site-packages")
    # Beside the packages, where the tests look for each other.
    for archive, tests in zip(sorted(archives.iterdir()), TESTS, strict=True):
        inside = f"{archive.name.removesuffix('.tar.gz')}/{tests}"
        run("Dagster's tests", "tar", "-C", packages, "--strip-components=1", "-xf", archive, inside)
    shutil.rmtree(archives)
