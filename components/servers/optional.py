"""Packages that only some stacks need, and what to type where one is missing."""

import importlib
import shlex
import sys

import pulumi

_PACKAGES = {"requirements-aws.txt": "pulumi_aws", "requirements-gcp.txt": "pulumi_gcp"}


def require(requirements: str) -> None:
    """Fail if the package of a requirements file is not installed.

    Args:
        requirements: name of the file.

    Raises:
        pulumi.RunError: it is not there; the text is the command that installs it.
    """
    package = _PACKAGES[requirements]
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            # A package that is there, and misses one of its own.
            raise
        command = shlex.join([sys.executable, "-m", "pip", "install", "--requirement", requirements])
        raise pulumi.RunError(
            f"lakehouse:postgresql.server needs the Python package {package.replace('_', '-')}, which is not there; "
            f"nothing was created. Install it from the project's folder, and run pulumi again:\n\n    {command}\n"
        ) from None
