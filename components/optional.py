"""Packages that only some stacks need, and what to type where one is missing."""

import shlex
import sys
from collections.abc import Generator
from contextlib import contextmanager

import pulumi

_PACKAGES = {"requirements-aws.txt": "pulumi_aws", "requirements-gcp.txt": "pulumi_gcp"}


@contextmanager
def optional_package(requirements: str) -> Generator[None]:
    """Import inside what needs the package of a requirements file.

    Args:
        requirements: name of the file.

    Raises:
        pulumi.RunError: it is not installed; the text is the command that installs it.
    """
    package = _PACKAGES[requirements]
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        command = shlex.join([sys.executable, "-m", "pip", "install", "--requirement", requirements])
        raise pulumi.RunError(
            f"lakehouse:postgresql.server needs the Python package {package.replace('_', '-')}, which is not there. "
            f"Install it from the project's folder, and run pulumi again:\n\n    {command}\n"
        ) from None
