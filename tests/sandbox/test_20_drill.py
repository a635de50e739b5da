"""Drills that cannot be held. Those that can deploy both apps again: campaign_drill.py."""

import sys

from ops.drill.run import MARK
from tests.sandbox.owned import OwnedStack
from tests.sandbox.test_17_pooler import DAGSTER
from tests.support.cluster import get, kubectl, objects, run

SECONDS = 900


def drill(owned: OwnedStack, *arguments: str) -> tuple[int, str]:
    """Hold a drill; its exit status and all that it printed."""
    stack = ["--stack", owned.stack.name, "--config-file", str(owned.stack.file)]
    done = run(sys.executable, "-m", "ops", "drill", *stack, *arguments, seconds=SECONDS)
    return done.returncode, done.stdout + done.stderr


def nothing_is_left() -> bool:
    return not [one for one in objects("namespaces") if one["metadata"]["name"].endswith("-drill")]


def test_a_drill_that_cannot_be_held_says_why_and_leaves_nothing(pooled: OwnedStack) -> None:
    status, said = drill(pooled, "--set", "20200101T000000Z")
    assert status == 1, said
    assert "there is no set 20200101T000000Z" in said
    assert nothing_is_left()


def test_a_namespace_that_no_drill_created_is_not_touched(pooled: OwnedStack) -> None:
    name = f"{DAGSTER.namespace}-drill"
    kubectl("create", "namespace", name)
    try:
        status, said = drill(pooled)
        assert status == 2, said
        assert f"namespace {name} exists without the label {MARK}" in said
        assert get("namespace", name, "")["status"]["phase"] == "Active"
    finally:
        kubectl("delete", "namespace", name)
