"""The plan of every stack file is the one that was reviewed: what a pull request shows of a change."""

import difflib
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.recording import GENERATED
from tests.support.snapshots import render
from tests.support.stacks import STACK_FILES, config_of, plan, plan_program, stack_name

SNAPSHOTS = Path(__file__).with_name("snapshots")
ACCEPT = "to accept it, type: make snapshots"
each_stack = pytest.mark.parametrize("path", STACK_FILES, ids=stack_name)


def planned(path: Path) -> str:
    return render(plan_program(config_of(path), stack_name(path)))


def difference(name: str, reviewed: str, now: str) -> str:
    """What differs, and what to type; empty if nothing does."""
    lines = list(
        difflib.unified_diff(reviewed.splitlines(), now.splitlines(), f"reviewed {name}", "now", lineterm="", n=6)
    )
    return "\n".join([*lines, ACCEPT]) if lines else ""


@each_stack
def test_plan_is_the_reviewed_one(path: Path) -> None:
    file = SNAPSHOTS / f"{stack_name(path)}.yaml"
    now = planned(path)
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        file.write_text(now)
    reviewed = file.read_text() if file.exists() else ""
    if told := difference(file.name, reviewed, now):
        pytest.fail(f"the plan of {path.name} is not the reviewed one\n{told}", pytrace=False)


def test_every_snapshot_has_its_stack_file() -> None:
    stale = {file for file in SNAPSHOTS.iterdir() if file.stem not in map(stack_name, STACK_FILES)}
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        for file in stale:
            file.unlink()
        stale.clear()
    if stale:
        pytest.fail(f"no stack file for {sorted(file.name for file in stale)}; {ACCEPT}", pytrace=False)


@each_stack
def test_plan_shows_no_secret(path: Path) -> None:
    assert GENERATED not in planned(path)


@each_stack
def test_no_object_has_an_empty_mapping_or_list(path: Path) -> None:
    """The API server keeps none: it would show as a change at every run."""
    resources = yaml.safe_load(planned(path))["resources"]
    objects = {name: made for name, made in resources.items() if " kubernetes:" in name and "helm.sh" not in name}
    assert [name for name, made in objects.items() if has_empty(made.get("inputs"))] == []


def has_empty(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value in ({}, []) or any(map(has_empty, inner))


@each_stack
def test_two_plans_are_the_same(path: Path) -> None:
    assert planned(path) == planned(path)


def test_plan_is_yaml_with_every_resource() -> None:
    made = plan()
    document = yaml.safe_load(render(made))
    assert len(document["resources"]) == len(made.resources) - 1
    assert document["outputs"].keys() == {"airbyte", "dagster", "connections"}
    server = document["resources"][
        "lakehouse/dagster-postgresql/dagster-postgresql-server kubernetes:apps/v1:StatefulSet"
    ]
    assert server["inputs"]["metadata"]["name"] == "dagster-postgresql"
    assert "dagster-postgresql-data PersistentVolumeClaim" in server["needs"]


def test_scripts_are_shown_by_their_digest_and_the_servers_settings_in_full() -> None:
    resources = yaml.safe_load(render(plan()))["resources"]
    data = resources["lakehouse/dagster-postgresql/dagster-postgresql-config kubernetes:core/v1:ConfigMap"]["inputs"][
        "data"
    ]
    assert data["prepare.sh"].startswith("components/postgres/scripts/prepare.sh, ")
    assert "shared_buffers = '262144kB'\n" in data["postgresql.conf"]


def test_a_change_is_told_with_the_command_that_accepts_it() -> None:
    before, after = render(plan()), render(plan(dagster={"database": {"embedded": {"storageSize": "16Gi"}}}))
    told = difference("dev.yaml", before, after).splitlines()
    assert [line for line in told if line.startswith(("+ ", "- "))] == [
        "-            storage: 8Gi",
        "+            storage: 16Gi",
    ]
    assert told[-1] == ACCEPT
    assert difference("dev.yaml", before, before) == ""
    assert difference("dev.yaml", "", after)
