"""One drill of a stack at a time: the second one is told of the first, and a killed one does not block for long."""

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from components.kubernetes.kubectl import Kubectl
from ops.clients.cluster import Cluster
from ops.clients.failure import Failure
from ops.drill.lock import LEASE, Timing, only_drill

QUICK = Timing(valid_seconds=2, renewal_seconds=1)
RUNNING = r"running since .*Z: \S+@\S+, process \d+; .* try again in \d+ s"


@dataclass(frozen=True)
class Leases(Cluster):
    """A cluster with one Lease at most, which is written as the API server does it."""

    kubectl: Kubectl = field(default_factory=lambda: Kubectl("", None))
    found: dict[str, Any] = field(default_factory=dict[str, Any])

    def get(self, kind: str, name: str, namespace: str) -> dict[str, Any] | None:
        assert (kind, name, namespace) == ("lease", LEASE, "airbyte")
        return json.loads(json.dumps(self.found)) or None

    def run(self, *arguments: str, given: str | None = None) -> str:
        body = json.loads(given or "")
        version = self.found.get("metadata", {}).get("resourceVersion")
        if arguments[0] == "delete":
            if body["preconditions"]["resourceVersion"] != version:
                raise Failure("the object has been modified")
            self.found.clear()
            return ""
        if body["metadata"].get("resourceVersion") != version:
            raise Failure("the object has been modified" if arguments[0] == "replace" else "it exists")
        body["metadata"]["resourceVersion"] = str(int(version or 0) + 1)
        self.found.update(body)
        return json.dumps(self.found)

    def killed(self, seconds_ago: int) -> None:
        """A Lease of a drill that was killed."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() - seconds_ago))
        spec = {"holderIdentity": "somebody", "acquireTime": at, "renewTime": at}
        self.found.update({"metadata": {"resourceVersion": "7"}, "spec": spec})


def test_a_second_drill_is_told_of_the_first_and_may_begin_after_it() -> None:
    cluster = Leases()
    with only_drill(cluster, "airbyte"):
        with pytest.raises(Failure, match=RUNNING), only_drill(cluster, "airbyte"):
            raise AssertionError("two at once")
        assert cluster.found
    assert not cluster.found
    with only_drill(cluster, "airbyte") as check:
        check()


def test_a_drill_that_runs_for_long_stays_the_only_one() -> None:
    cluster = Leases()
    with only_drill(cluster, "airbyte", QUICK) as check:
        time.sleep(QUICK.valid_seconds + 1)
        check()
        with pytest.raises(Failure, match=RUNNING), only_drill(cluster, "airbyte", QUICK):
            raise AssertionError("two at once")


def test_a_killed_drill_keeps_others_waiting_until_its_lease_expires() -> None:
    cluster = Leases()
    cluster.killed(seconds_ago=0)
    with pytest.raises(Failure, match="somebody") as refused, only_drill(cluster, "airbyte", QUICK):
        raise AssertionError("two at once")
    (seconds,) = re.findall(r"try again in (\d+) s", str(refused.value))
    time.sleep(int(seconds))
    with only_drill(cluster, "airbyte", QUICK):
        assert cluster.found["spec"]["holderIdentity"] != "somebody"
    assert not cluster.found


def test_a_lease_that_looks_old_and_is_renewed_belongs_to_a_drill_with_another_clock() -> None:
    class Renewed(Leases):
        def get(self, kind: str, name: str, namespace: str) -> dict[str, Any] | None:
            found = super().get(kind, name, namespace)
            self.found["metadata"]["resourceVersion"] += "1"
            return found

    renewed = Renewed()
    renewed.killed(seconds_ago=3600)
    with pytest.raises(Failure, match="somebody"), only_drill(renewed, "airbyte", QUICK):
        raise AssertionError("two at once")


def test_a_drill_whose_lease_was_taken_over_says_so_and_leaves_it_alone() -> None:
    cluster = Leases()
    with only_drill(cluster, "airbyte", QUICK) as check:
        cluster.killed(seconds_ago=0)
        time.sleep(QUICK.valid_seconds)
        with pytest.raises(Failure, match="another may have begun"):
            check()
    assert cluster.found["spec"]["holderIdentity"] == "somebody"
