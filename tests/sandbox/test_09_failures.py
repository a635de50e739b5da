"""What goes wrong is said, is put right by the next `pulumi up`, and costs no row."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox import rows_to_keep
from tests.sandbox.deployments import SHARED_AIRBYTE, SHARED_APPS, SHARED_DAGSTER, STACK_FILES
from tests.sandbox.events import Step
from tests.sandbox.owned import OwnedStack
from tests.sandbox.stack import Stack, remove
from tests.sandbox.terminal import terminal
from tests.support.cluster import get, is_ready, objects, ok, shell, told, until
from tests.support.kinds import RELEASE, SECRET, STACK, STATEFUL_SET

PODS = {"airbyte": "airbyte-airbyte-postgresql-0", "dagster": "dagster-postgresql-0"}
MISSING_TAG = "no-such-tag"


def begun(type_: str, count: int, seconds: float = 0) -> Callable[[list[Step]], bool]:
    """A moment: so many seconds after so many resources of a type were begun."""
    since: list[float] = []

    def come(steps: list[Step]) -> bool:
        if sum(step.type == type_ for step in steps) >= count:
            since.append(time.monotonic())
        return bool(since) and time.monotonic() - since[0] >= seconds

    return come


def test_killed_up_is_completed_by_the_next_one(shared: OwnedStack) -> None:
    stack = shared.unsettle()
    moments = [
        (begun(SECRET, 1), True),
        (begun(STATEFUL_SET, 2, seconds=1), False),
        (begun(RELEASE, 1, seconds=2), False),
        # At once: what the last one left needs little more.
        (begun(RELEASE, 1), True),
    ]
    for number, (moment, group) in enumerate(moments):
        stack.up_killed(moment, group=group)
        stack.cancel()
        if number == 1:
            # What was made but could not be noted is not as the stack file wants it any more.
            stack.set("dagster.database.embedded.cpu", "200m")
    shared.settle()

    stack.up("--expect-no-changes").check()
    for app in SHARED_APPS:
        assert is_ready(app.pod.object())
    pod = get("statefulset", SHARED_DAGSTER.service, SHARED_DAGSTER.namespace)["spec"]["template"]["spec"]
    assert pod["containers"][0]["resources"]["requests"]["cpu"] == "200m"
    assert releases() == {"airbyte": "deployed", "dagster": "deployed"}


def test_commands_work_verbatim_in_the_shared_layout(shared: OwnedStack, tmp_path: Path) -> None:
    shared.settle()

    def type_(line: str) -> str:
        done = shell(f"set -o pipefail; {line}", cwd=tmp_path)
        assert done.returncode == 0, told(done)
        return done.stdout

    rows_to_keep.write(SHARED_AIRBYTE.pod)
    type_("kubectl exec -n lakehouse airbyte-airbyte-postgresql-0 -- pg_dump -U airbyte airbyte > f.sql")
    rows_to_keep.drop(SHARED_AIRBYTE.pod)
    type_("cat f.sql | kubectl exec -i -n lakehouse airbyte-airbyte-postgresql-0 -- psql -U airbyte -d airbyte")
    assert rows_to_keep.read(SHARED_AIRBYTE.pod) == rows_to_keep.ROWS
    for app in ("airbyte", "dagster"):
        with terminal(f"kubectl exec -it -n lakehouse {PODS[app]} -- psql -U {app} -d {app}") as session:
            session.wait_for(f"{app}=> ")
            session.type(r"\q")
        shown = type_(f"kubectl exec -n lakehouse {PODS[app]} -- df -h /var/lib/postgresql")
        assert re.search(r"\n/dev/\S+ +8\.0G .* /var/lib/postgresql\n", shown), shown


def test_database_and_release_that_fail_are_explained_and_mended(shared: OwnedStack) -> None:
    shared.settle()
    rows_to_keep.write(SHARED_DAGSTER.pod)
    stack = shared.unsettle()
    stack.set("dagster.database.embedded.parameters", {"shared_preload_libraries": "no_such_library"})
    stack.set("airbyte.values.temporal", {"image": {"tag": MISSING_TAG}})
    stack.set("airbyte.timeoutSeconds", 60)
    failed = stack.up()

    assert failed.done.returncode != 0
    assert failed.seconds < 240, "a failure that takes longer than minutes"
    said = failed.diagnostics
    assert "pod dagster-postgresql-0" in said, said
    assert 'could not access file "no_such_library"' in said, said
    assert re.search(r"pod airbyte-temporal-\w+-\w+", said), said
    reasons = [line for line in said.splitlines() if re.search("ErrImagePull|ImagePullBackOff", line)]
    assert any(MISSING_TAG in line for line in reasons), said
    until("rolled back", lambda: (not (left := pods_with(MISSING_TAG)), left))
    assert releases() == {"airbyte": "deployed", "dagster": "deployed"}
    assert MISSING_TAG not in ok("helm", "get", "values", "airbyte", "--namespace", "lakehouse")

    stack.set("dagster.database.embedded.parameters", None)
    stack.set("airbyte.values.temporal", None)
    shared.settle()
    assert rows_to_keep.read(SHARED_DAGSTER.pod) == rows_to_keep.ROWS
    loaded = "SELECT count(*) FROM pg_settings WHERE name = 'shared_preload_libraries' AND setting <> ''"
    assert SHARED_DAGSTER.pod.value(loaded, username="postgres") == "0"


def test_database_that_no_node_takes_is_explained_and_mended(shared: OwnedStack) -> None:
    shared.settle()
    rows_to_keep.write(SHARED_DAGSTER.pod)
    stack = shared.unsettle()
    stack.set("dagster.database.embedded.nodeSelector", {"disk": "no-node-has-this"})
    failed = stack.up()

    assert failed.done.returncode != 0
    assert "pod dagster-postgresql-0" in failed.diagnostics, failed.diagnostics
    assert "didn't match Pod's node affinity/selector" in failed.diagnostics, failed.diagnostics

    # Kubernetes does not replace by itself a pod that never became ready, unless the StatefulSet allows it.
    stack.set("dagster.database.embedded.nodeSelector", None)
    shared.settle()
    assert rows_to_keep.read(SHARED_DAGSTER.pod) == rows_to_keep.ROWS


def releases() -> dict[str, str]:
    """Status of each Helm release of the shared namespace."""
    found = json.loads(ok("helm", "list", "--all", "--namespace", "lakehouse", "--output", "json"))
    return {release["name"]: release["status"] for release in found}


def pods_with(tag: str) -> list[str]:
    """Pods of the shared namespace with a container of that image tag."""
    pods = objects("pods", "lakehouse")
    return [p["metadata"]["name"] for p in pods if any(c["image"].endswith(f":{tag}") for c in p["spec"]["containers"])]


@pytest.mark.parametrize("command", ["preview", "up"])
def test_wrong_stack_file_is_refused_whole(sandbox: Stack, tmp_path: Path, command: str) -> None:
    remove("wrong", ["wrong"])
    stack = Stack.made_from(STACK_FILES / "wrong.yaml", tmp_path)
    try:
        refused = stack.preview() if command == "preview" else stack.up()
        assert refused.done.returncode != 0
        assert "Pulumi.wrong.yaml has 4 mistakes; nothing was created." in refused.text
        for path in (
            "lakehouse:postgresql.mode",
            "lakehouse:airbyte.databse",
            "lakehouse:airbyte.values.postgresql",
            "lakehouse:dagster.database.embedded.storageSize",
        ):
            assert path in refused.text
        assert "did you mean `database`" in refused.text
        assert "Traceback" not in refused.text
        assert [step for step in refused.changes if step.type != STACK] == []
        assert [r["type"] for r in stack.resources() if r["type"] != STACK] == []
        assert "wrong" not in {namespace["metadata"]["name"] for namespace in objects("namespaces")}
    finally:
        remove("wrong", ["wrong"])
