"""The report on a failed release, with a `kubectl` that answers as one on a cluster did."""

import asyncio
import inspect
import json
import os
import stat
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.helm.failed_release import explain, failure_report, installation_check
from components.kubernetes.kubectl import Kubectl
from tests.unit.test_masking import secret
from tests.unit.test_release_records import record

NOT_READY = "context deadline exceeded"

PODS = [
    {
        "kind": "Deployment",
        "metadata": {"name": "web", "uid": "d", "annotations": {"meta.helm.sh/release-name": "app"}},
    },
    {"kind": "ReplicaSet", "metadata": {"name": "web-1", "uid": "r", "ownerReferences": [{"uid": "d"}]}, "spec": {}},
    {
        "kind": "Pod",
        "metadata": {"name": "web-1-a", "uid": "p", "ownerReferences": [{"uid": "r"}]},
        "spec": {},
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": "web",
                    "restartCount": 2,
                    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                    "lastState": {"terminated": {"exitCode": 3, "reason": "Error"}},
                }
            ],
        },
    },
]
EVENTS = [{"reason": "FailedMount", "message": "no such Secret", "involvedObject": {"uid": "p"}}]

KUBECTL = """\
#!/bin/sh
cd "$(dirname "$0")" || exit
echo "$*" >> asked
case "$*" in
*owner=helm*) file=records ;;
"get secrets"*) file=secrets ;;
"get events"*) file=events ;;
"logs"*) file=log ;;
*) file=objects ;;
esac
if [ ! -f "$file" ]; then
    echo "Error from server (Forbidden)" >&2
    exit 1
fi
cat "$file"
"""


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of a `kubectl` and its answers, one file each; without a file it fails."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL)
    kubectl.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    write(
        tmp_path,
        records=[record(1, "failed")],
        objects=PODS,
        events=EVENTS,
        secrets=[secret(password="hunter2hunter2")],
    )
    (tmp_path / "log").write_text("connecting with hunter2hunter2\n\x1b[31mFATAL: \x1b[0mno such database\n")
    return tmp_path


def write(folder: Path, **lists: list[Any]) -> None:
    for name, items in lists.items():
        (folder / name).write_text(json.dumps({"items": items}))


def report(error: str = NOT_READY) -> str:
    return asyncio.run(explain("app", "ns", error, Kubectl()))


def test_the_report_on_a_failed_release_has_pod_reason_and_log(answers: Path) -> None:
    text = report()
    assert "Helm release ns/app failed and was not rolled back" in text
    assert 'pod web-1-a: container "web" CrashLoopBackOff (exit code 3, 2 restarts)' in text
    assert "| FATAL: no such database" in text
    assert "event: FailedMount: no such Secret" in text
    assert "run `pulumi up` again" in text
    assert "hunter2" not in text
    assert "logs --namespace ns web-1-a --container web --tail=10 --previous" in (answers / "asked").read_text()


def test_a_log_is_not_shown_where_its_secrets_are_not_known(answers: Path) -> None:
    (answers / "secrets").unlink()
    text = report()
    assert "FATAL" not in text
    assert "its log: kubectl logs --namespace ns web-1-a --container web --tail=10 --previous" in text


@pytest.mark.parametrize(
    ("statuses", "error"),
    [
        (["deployed", "pending-upgrade"], "another operation (install/upgrade/rollback) is in progress"),
        (["failed"], "cannot re-use a name that is still in use"),
    ],
)
def test_a_blocking_revision_is_reported_without_pods(answers: Path, statuses: list[str], error: str) -> None:
    write(answers, records=[record(i, status) for i, status in enumerate(statuses, 1)])
    text = report(error)
    assert "kubectl delete secrets --namespace ns" in text
    assert "web-1-a" not in text


@pytest.mark.parametrize(
    ("statuses", "error"),
    [(["deployed"], "execution error at (app/x.yaml:1:2): must is needed"), ([], "chart not found")],
)
def test_nothing_is_added_to_an_error_that_says_it_all(answers: Path, statuses: list[str], error: str) -> None:
    write(answers, records=[record(i, status) for i, status in enumerate(statuses, 1)])
    assert report(error) == ""


def test_an_interrupt_is_not_held_up(answers: Path) -> None:
    assert report("context canceled") == ""
    assert not (answers / "asked").exists()


@pytest.mark.parametrize("data", [{}, {"release": "e30="}, {"release": "not base64"}])
def test_records_of_another_kind_are_no_error_of_the_hook(answers: Path, data: dict[str, str]) -> None:
    write(answers, records=[{"data": data}])
    assert "the Secrets of Helm's revisions cannot be decoded" in report()


def test_the_command_to_use_is_reported_if_kubectl_fails(
    answers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (answers / "records").unlink()
    assert "kubectl failed: Error from server (Forbidden)" in report()
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    text = report()
    assert "kubectl cannot be run: No such file or directory" in text
    assert "kubectl get pods --namespace ns" in text


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize(
    ("preview", "operation", "reported"), [(False, "update", True), (True, "update", False), (False, "delete", False)]
)
def test_hook_reports_what_was_tried_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, *, preview: bool, operation: str, reported: bool
) -> None:
    messages: list[str] = []
    hooks: list[pulumi.ErrorHookFunction] = []
    monkeypatch.setattr(pulumi, "ErrorHook", lambda _name, report: hooks.append(report))
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)
    monkeypatch.setattr(pulumi.log, "error", lambda text, resource: messages.append(text))
    failure_report("app", Kubectl())

    async def fail() -> None:
        args = pulumi.ErrorHookArgs(
            "urn", "", "app", "t", {"name": "app", "namespace": "ns"}, failed_operation=operation, errors=[NOT_READY]
        )
        again = hooks[0](args)
        assert inspect.isawaitable(again)
        assert await again is False, "the engine must not try again"

    asyncio.run(fail())
    assert bool(messages) is reported


@pytest.mark.parametrize(("statuses", "refused"), [(["failed"], True), (["superseded", "failed"], False), ([], False)])
def test_an_upgrade_of_an_incomplete_installation_is_refused(
    answers: Path, monkeypatch: pytest.MonkeyPatch, statuses: list[str], *, refused: bool
) -> None:
    hook = {"kind": "StatefulSet", "name": "minio", "events": ["pre-install"], "last_run": {"phase": "Failed"}}
    write(answers, records=[record(i, status, hook) for i, status in enumerate(statuses, 1)])
    hooks: list[pulumi.ResourceHookFunction] = []
    monkeypatch.setattr(pulumi, "ResourceHook", lambda _name, check: hooks.append(check))
    installation_check("app", Kubectl())

    async def update() -> None:
        done = hooks[0](pulumi.ResourceHookArgs("urn", "", "app", "t", {"name": "app", "namespace": "ns"}))
        assert inspect.isawaitable(done)
        await done

    if refused:
        with pytest.raises(pulumi.RunError, match="an upgrade does not\ncreate: StatefulSet minio"):
            asyncio.run(update())
    else:
        asyncio.run(update())
    (answers / "records").unlink()
    asyncio.run(update())  # who may not look is not held up
