"""The stack files as Pulumi would pass them to the program."""

import functools
import gc
import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from stack.load import SECRET_SETTINGS
from tests.support.recording import Plan, record

ROOT = Path(__file__).parents[2]
STACK_FILES = sorted(ROOT.glob("Pulumi.*.yaml"))


def stack_name(path: Path) -> str:
    """`dev` of `Pulumi.dev.yaml`."""
    return path.name.split(".")[1]


def project_file() -> dict[str, Any]:
    """The contents of `Pulumi.yaml`."""
    return yaml.safe_load((ROOT / "Pulumi.yaml").read_text())


def config_of(path: Path) -> dict[str, str]:
    """Configuration of a stack file merged with the project's defaults, values as Pulumi passes them."""
    stack = yaml.safe_load(path.read_text()).get("config", {})
    defaults = {key: declared["default"] for key, declared in project_file()["config"].items() if "default" in declared}
    return {key: as_text(value) for key, value in {**defaults, **stack}.items()}


def as_config(settings: Mapping[str, Any]) -> dict[str, str]:
    """Configuration with these settings, keys without the project's prefix."""
    return {f"lakehouse:{key}": as_text(value) for key, value in settings.items()}


def as_text(value: Any) -> str:
    """A configuration value as Pulumi passes it: JSON, text without quotes."""
    return value if isinstance(value, str) else json.dumps(value)


def plan_program(config: dict[str, str], stack: str, *, preview: bool = False) -> Plan:
    """Run the whole program on mocks, its passwords encrypted."""
    secret = tuple(key for name in SECRET_SETTINGS if config.get(key := f"lakehouse:{name}"))
    return record(run_main, config=config, stack=stack, secret_keys=secret, preview=preview)


def plan(**settings: Any) -> Plan:
    """Run the whole program on mocks with these settings; cached."""
    return _plan(json.dumps(as_config(settings), sort_keys=True))


@functools.cache
def _plan(config: str) -> Plan:
    return plan_program(json.loads(config), "test")


def run_main() -> None:
    """The program itself."""
    try:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
    finally:
        # It freezes what its process holds. Here that is also what earlier runs have left.
        gc.unfreeze()
