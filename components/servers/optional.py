"""Packages that only some stacks need, and what to type where one is missing."""

import importlib
import shlex
import sys
from dataclasses import dataclass
from types import ModuleType

import pulumi


@dataclass(frozen=True)
class OptionalPackage:
    """A Pulumi package that is not in `requirements.txt`.

    Attributes:
        name: the package in a stack file, such as `aws` of `aws:region`.
        requirements: the requirements file that installs it.
    """

    name: str
    requirements: str

    def load(self) -> ModuleType:
        """The package's Python module.

        Raises:
            pulumi.RunError: it is not installed; the text is the command that installs it.
        """
        module = f"pulumi_{self.name}"
        try:
            return importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] != module:
                # The package is installed, and misses one that it needs itself.
                raise
            command = shlex.join([sys.executable, "-m", "pip", "install", "--requirement", self.requirements])
            raise pulumi.RunError(
                f"lakehouse:postgresql.server needs the Python package pulumi-{self.name}, which is not installed; "
                f"nothing was created. Install it from the project's folder, and run pulumi again:\n\n    {command}\n"
            ) from None
