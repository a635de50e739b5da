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
from tests.sandbox.stack import Outcome, Stack, remove
from tests.sandbox.sweep import passwords
from tests.sandbox.terminal import terminal
from tests.support.cluster import SANDBOX, described, get, is_ready, objects, ok, shell, until
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


def helm_is_at_work(status: str) -> Callable[[list[Step]], bool]:
    """A moment: a release has this status."""

    def come(steps: list[Step]) -> bool:
        return any(step.type == RELEASE for step in steps) and status in releases().values()

    return come


def type_told_commands(failed: Outcome) -> list[str]:
    """Type the kubectl commands that a failure names, as they are; return them."""
    commands = [line.strip() for line in failed.diagnostics.splitlines() if line.strip().startswith("kubectl delete")]
    for command in commands:
        done = shell(command)
        assert done.returncode == 0, described(done)
    return commands


def test_killed_up_is_completed_by_the_next_one(shared: OwnedStack) -> None:
    stack = shared.unsettle()
    moments = [
        (begun(SECRET, 1), True),
        (begun(STATEFUL_SET, 2, seconds=1), False),
        (helm_is_at_work("pending-install"), True),
    ]
    for number, (moment, group) in enumerate(moments):
        stack.up_killed(moment, group=group)
        stack.cancel()
        if number == 1:
            # What was made but could not be noted is not as the stack file wants it any more.
            stack.set("dagster.database.embedded.cpu", "200m")
    refused = stack.up()
    assert refused.done.returncode != 0
    assert "cannot re-use a name that is still in use" in refused.diagnostics
    assert "has been pending-install since" in refused.diagnostics, refused.diagnostics
    assert type_told_commands(refused)
    shared.settle()

    stack.up("--expect-no-changes").check()
    for app in SHARED_APPS:
        assert is_ready(app.pod.object())
    pod = get("statefulset", SHARED_DAGSTER.service, SHARED_DAGSTER.namespace)["spec"]["template"]["spec"]
    assert pod["containers"][0]["resources"]["requests"]["cpu"] == "200m"
    assert releases() == {"airbyte": "deployed", "dagster": "deployed"}
    # Pulumi does not replace these at once: whoever kills it while it writes one has a state that cannot be read.
    assert not list((SANDBOX.state / "pulumi").rglob(f"{stack.name}.json*.attrs"))


def test_up_that_is_killed_while_helm_upgrades_is_completed_by_the_next_one(shared: OwnedStack) -> None:
    shared.settle()
    rows_to_keep.write(SHARED_DAGSTER.pod)
    stack = shared.unsettle()
    stack.set("dagster.values.dagsterWebserver.annotations", {"try": "1"})
    stack.up_killed(helm_is_at_work("pending-upgrade"), group=True)
    stack.cancel()
    refused = stack.up()
    assert refused.done.returncode != 0
    assert "another operation (install/upgrade/rollback) is in progress" in refused.diagnostics
    assert "lakehouse/dagster has been pending-upgrade since" in refused.diagnostics, refused.diagnostics
    [command] = type_told_commands(refused)
    assert "name=dagster," in command
    shared.settle()
    assert releases() == {"airbyte": "deployed", "dagster": "deployed"}

    # Pulumi advises a refresh after a kill. It takes the pending revision into the state, where nothing is to change.
    shared.unsettle()
    stack.set("dagster.values.dagsterWebserver.annotations", {"try": "2"})
    stack.up_killed(helm_is_at_work("pending-upgrade"), group=True)
    stack.cancel()
    stack.refresh("--clear-pending-creates").check()
    refused = stack.up()
    assert refused.done.returncode != 0, "a pending release is no success"
    assert "Helm release lakehouse/dagster is pending-upgrade" in refused.diagnostics, refused.diagnostics
    assert type_told_commands(refused)
    stack.up("--refresh").check()
    assert releases() == {"airbyte": "deployed", "dagster": "deployed"}

    stack.set("dagster.values.dagsterWebserver.annotations", None)
    shared.settle()
    assert rows_to_keep.read(SHARED_DAGSTER.pod) == rows_to_keep.ROWS


def test_release_that_the_state_does_not_know_is_told_and_taken_over(shared: OwnedStack) -> None:
    shared.settle()
    stack = shared.unsettle()
    [release] = [r["urn"] for r in stack.resources() if r["type"] == RELEASE and r["urn"].endswith("::dagster")]
    ok("pulumi", "state", "delete", release, "--stack", stack.name, "--yes")
    pod = _one_webserver()
    refused = stack.up()
    assert refused.done.returncode != 0
    assert "is not in the state of this stack" in refused.diagnostics, refused.diagnostics
    assert type_told_commands(refused)
    shared.settle()
    stack.up("--expect-no-changes").check()
    assert _one_webserver() == pod


def _one_webserver() -> str:
    """UID of the webserver's pod, once those of an earlier revision are gone, which outlive its update."""

    def found() -> tuple[bool, list[str]]:
        pods = objects("pods", "lakehouse", "component=dagster-webserver")
        return len(pods) == 1, [pod["metadata"]["uid"] for pod in pods]

    (uid,) = until("the only webserver pod", found)
    return uid


def test_commands_work_verbatim_in_the_shared_layout(shared: OwnedStack, tmp_path: Path) -> None:
    shared.settle()

    def type_(line: str) -> str:
        done = shell(f"set -o pipefail; {line}", cwd=tmp_path)
        assert done.returncode == 0, described(done)
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
    assert [name for name, word in passwords(stack).items() if word in failed.text] == []
    # It stays to be looked at, and what was ready before serves.
    assert pods_with(MISSING_TAG)
    assert releases() == {"airbyte": "failed", "dagster": "deployed"}
    temporal = [pod for pod in objects("pods", "lakehouse") if pod["metadata"]["name"].startswith("airbyte-temporal-")]
    assert any(is_ready(pod) for pod in temporal)

    stack.set("dagster.database.embedded.parameters", None)
    stack.set("airbyte.values.temporal", None)
    shared.settle()
    assert rows_to_keep.read(SHARED_DAGSTER.pod) == rows_to_keep.ROWS
    assert releases() == {"airbyte": "deployed", "dagster": "deployed"}
    assert not pods_with(MISSING_TAG)
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
