"""The pins of ``versions.toml``."""

import tomllib
from typing import Any

from sandbox.paths import PACKAGE


def versions() -> dict[str, Any]:
    """Return the tables of ``versions.toml``."""
    return tomllib.loads((PACKAGE / "versions.toml").read_text())
