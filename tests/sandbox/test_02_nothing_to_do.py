"""Pulumi's commands on a stack that is as its file says."""

import json

from tests.sandbox.owned import OwnedStack
from tests.sandbox.stack import Stack
from tests.support.cluster import objects, ok


def test_up_changes_nothing_twice(sandbox: Stack) -> None:
    before = generations()
    for _ in range(2):
        assert sandbox.up("--expect-no-changes").check().changes == []
    assert generations() == before


def test_refresh_finds_nothing_changed(sandbox: Stack) -> None:
    sandbox.refresh("--expect-no-changes").check()


def test_preview_shows_no_change(sandbox: Stack) -> None:
    shown = sandbox.preview("--diff", "--expect-no-changes").check()
    assert shown.changes == []


def test_preview_of_a_change_shows_the_old_and_the_new_value_and_nothing_else(twin: OwnedStack) -> None:
    stack = twin.unsettle()
    stack.set("dagster.values.dagsterWebserver.dbStatementTimeout", 12345)
    shown = stack.preview("--diff").check()
    stack.set("dagster.values.dagsterWebserver.dbStatementTimeout", None)
    twin.settled = True

    assert [(step.op, step.name) for step in shown.changes] == [("update", "dagster")]
    assert "dbStatementTimeout" in shown.text
    assert "12345" in shown.text
    assert "[secret]" not in shown.text


def test_stack_output_as_json_has_both_apps(sandbox: Stack) -> None:
    shown = json.loads(ok("pulumi", "stack", "output", "--json", "--stack", sandbox.name))
    assert shown.keys() == {"airbyte", "dagster", "connections"}


def generations() -> dict[str, int]:
    """How often the specs of both apps' workloads were changed so far."""
    kinds, namespaces = ("deployments", "statefulsets"), ("airbyte", "dagster")
    found = [o for kind in kinds for namespace in namespaces for o in objects(kind, namespace)]
    return {f"{o['kind']} {o['metadata']['name']}": o["metadata"]["generation"] for o in found}
