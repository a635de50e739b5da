"""Drills that cannot be held. Those that can deploy both apps again: campaign_drill.py."""

import json
import sys
from datetime import UTC, datetime

from ops.drill.lock import LEASE
from ops.drill.run import MARK
from tests.sandbox.owned import OwnedStack
from tests.sandbox.test_17_pooler import AIRBYTE, DAGSTER
from tests.support.cluster import get, kubectl, objects, run

SECONDS = 900


def command(owned: OwnedStack, *arguments: str) -> list[str]:
    """The command that holds a drill."""
    stack = ["--stack", owned.stack.name, "--config-file", str(owned.stack.file)]
    return [sys.executable, "-m", "ops", "drill", *stack, *arguments]


def drill(owned: OwnedStack, *arguments: str) -> tuple[int, str]:
    """Hold a drill; its exit status and all that it printed."""
    done = run(*command(owned, *arguments), seconds=SECONDS)
    return done.returncode, done.stdout + done.stderr


def nothing_is_left() -> bool:
    """Whether no namespace, pod or Lease of a drill exists."""
    left = [one["metadata"]["name"] for one in objects("namespaces")]
    for server in (AIRBYTE, DAGSTER):
        left += [one["metadata"]["name"] for kind in ("pods", "leases") for one in objects(kind, server.namespace)]
    return not [name for name in left if name.endswith("-drill")]


def test_a_drill_that_cannot_be_held_says_why_and_creates_nothing(pooled: OwnedStack) -> None:
    status, said = drill(pooled, "--set", "20200101T000000Z")
    assert status == 2, said
    assert "there is no set 20200101T000000Z" in said
    assert "namespaces" not in said
    assert nothing_is_left()


def test_a_namespace_that_no_drill_created_is_not_touched(pooled: OwnedStack) -> None:
    name = f"{DAGSTER.namespace}-drill"
    kubectl("create", "namespace", name)
    try:
        status, said = drill(pooled)
        assert status == 2, said
        assert f"namespace {name} exists without the label {MARK}" in said
        assert get("namespace", name, "")["status"]["phase"] == "Active"
        assert not [one for one in objects("namespaces") if one["metadata"]["name"] == f"{AIRBYTE.namespace}-drill"]
    finally:
        kubectl("delete", "namespace", name)


def test_a_second_drill_at_once_is_told_of_the_first(pooled: OwnedStack) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {"holderIdentity": "somebody@elsewhere, process 7", "acquireTime": now, "renewTime": now}
    metadata = {"name": LEASE, "namespace": AIRBYTE.namespace}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
    kubectl("create", "--filename=-", input=json.dumps(lease))
    try:
        status, said = drill(pooled)
        assert status == 2, said
        assert f"a drill of this stack has been running since {now[:19]}Z: somebody@elsewhere, process 7" in said
        assert "namespaces" not in said
        assert get("lease", LEASE, AIRBYTE.namespace)["spec"]["renewTime"] == now
    finally:
        kubectl("delete", "lease", LEASE, "--namespace", AIRBYTE.namespace)
    assert nothing_is_left()
