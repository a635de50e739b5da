"""Imports run one way: from the stack file down to the forms, without a circle between files or folders."""

import ast
import gc
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.stacks import ROOT

FLOORS = (
    "components.forms",
    "components.kubernetes",
    "components.helm",
    "components.postgres",
    "components.servers",
    "components.apps",
    "components.platform",
    "stack",
    "ops",
)
"""From the ground up: a folder imports those before it, never those behind it."""
FILES = sorted(path for folder in ("components", "stack", "ops") for path in (ROOT / folder).rglob("*.py"))
MODULES = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in FILES}


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """By module, those of the project that it imports, wherever in the file the statement stands."""
    # CPython 3.11 fails to build a syntax tree if finalizers run meanwhile (gh-106905), such as those of event loops.
    gc.collect()
    gc.disable()
    try:
        return {MODULES[path]: set(_imports(path)) for path in FILES}
    finally:
        gc.enable()


def _imports(path: Path) -> Iterator[str]:
    known = set(MODULES.values())
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        if isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else str(node.module)


def floor(module: str) -> int | None:
    """Number of the floor that a module is on; None for the empty package above all."""
    return next((number for number, name in enumerate(FLOORS) if f"{module}.".startswith(f"{name}.")), None)


def test_every_module_is_on_a_floor() -> None:
    assert [module for module in MODULES.values() if floor(module) is None] == ["components"]


@pytest.mark.parametrize("module", MODULES.values())
def test_imports_go_down(module: str, imports: dict[str, set[str]]) -> None:
    own = floor(module)
    above = [name for name in imports[module] if own is not None and (floor(name) or 0) > own]
    assert above == []


def test_files_have_no_circle(imports: dict[str, set[str]]) -> None:
    TopologicalSorter(imports).prepare()


def test_folders_have_no_circle(imports: dict[str, set[str]]) -> None:
    folders: dict[str, set[str]] = {}
    for module, names in imports.items():
        folders.setdefault(_folder(module), set()).update({_folder(name) for name in names} - {_folder(module)})
    TopologicalSorter(folders).prepare()


def _folder(module: str) -> str:
    return module if (ROOT / module.replace(".", "/")).is_dir() else module.rpartition(".")[0]


KINDS = sorted(path.parent.name for path in (ROOT / "components" / "servers").glob("*/settings.py"))


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_server_do_not_know_each_other(kind: str, imports: dict[str, set[str]]) -> None:
    own, others = _kind(kind), tuple(_kind(name) for name in KINDS if name != kind)
    found = {name for module, names in imports.items() if module.startswith(own) for name in names}
    assert {name for name in found if name.startswith(others)} == set()


def _kind(name: str) -> str:
    return f"components.servers.{name}."
