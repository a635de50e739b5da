"""What is in the way of a release, from Helm's records, and the command that helps."""

import base64
import gzip
import json
from dataclasses import replace
from typing import Any

import pytest

from components.helm.release_records import Revision, advice, revisions, unfinished
from components.kubernetes.kubectl import Kubectl

IN_USE = "cannot re-use a name that is still in use"
IN_PROGRESS = "another operation (install/upgrade/rollback) is in progress"
UNINSTALLED = '"airbyte" has no deployed releases'
NOT_READY = "context deadline exceeded"

DELETE_ALL = "kubectl delete secrets --namespace lakehouse --selector owner=helm,name=airbyte"
DELETE_PENDING = (
    "kubectl delete secrets --namespace lakehouse --selector "
    "'owner=helm,name=airbyte,status in (pending-install, pending-upgrade, pending-rollback)'"
)


def record(number: int, status: str, *hooks: dict[str, Any]) -> dict[str, Any]:
    """A Secret as Helm writes it."""
    info = {"status": status, "last_deployed": "2026-11-25T15:00:01.123456789+01:00"}
    release = json.dumps({"name": "airbyte", "version": number, "info": info, "hooks": list(hooks)}).encode()
    return {"data": {"release": base64.b64encode(base64.b64encode(gzip.compress(release))).decode()}}


def test_records_are_read_as_helm_writes_them() -> None:
    hooks = [
        {"kind": "ServiceAccount", "name": "admin", "events": ["pre-install"], "last_run": {"phase": "Succeeded"}},
        {"kind": "StatefulSet", "name": "minio", "events": ["pre-install"], "last_run": {"phase": ""}},
        {"kind": "Service", "name": "minio-svc", "events": ["pre-install"]},
        {
            "kind": "Pod",
            "name": "bootloader",
            "events": ["pre-install", "pre-upgrade"],
            "last_run": {"phase": "Failed"},
        },
    ]
    assert revisions([record(2, "pending-upgrade"), record(1, "failed", *hooks)]) == [
        Revision(1, "failed", "2026-11-25 14:00:01 UTC", ("StatefulSet minio", "Service minio-svc")),
        Revision(2, "pending-upgrade", "2026-11-25 14:00:01 UTC"),
    ]


@pytest.mark.parametrize(
    ("statuses", "error", "says", "commands"),
    [
        ("pending-install", IN_USE, "pending-install", [DELETE_PENDING]),
        ("deployed pending-upgrade", IN_PROGRESS, "pending-upgrade", [DELETE_PENDING]),
        ("deployed failed pending-rollback", IN_PROGRESS, "(revision 3)", [DELETE_PENDING]),
        ("deployed", IN_USE, "is not in the state of this stack", [DELETE_ALL]),
        ("failed", IN_USE, "already exists (failed, revision 1)", [DELETE_ALL]),
        ("uninstalling", IN_USE, "already exists (uninstalling", [DELETE_ALL]),
        ("", UNINSTALLED, "uninstalled by others", ["pulumi up --refresh"]),
        ("uninstalled", UNINSTALLED, "uninstalled by others", [DELETE_ALL, "pulumi up --refresh"]),
        ("failed", NOT_READY, "", []),
        ("deployed failed", NOT_READY, "", []),
        ("deployed", "execution error at (app/x.yaml:1:2): must is needed", "", []),
    ],
)
def test_every_record_in_the_way_has_a_command(statuses: str, error: str, says: str, commands: list[str]) -> None:
    records = [Revision(i, status) for i, status in enumerate(statuses.split(), 1)]
    text = advice(records, error, "airbyte", "lakehouse", Kubectl())
    assert says in text
    assert [line.strip() for line in text.splitlines() if line.startswith("    ")] == commands


@pytest.mark.parametrize(
    ("statuses", "reported"), [("failed", True), ("failed failed", True), ("deployed failed", False)]
)
def test_hooks_of_an_incomplete_installation_are_reported(statuses: str, *, reported: bool) -> None:
    first, *later = [Revision(i, status) for i, status in enumerate(statuses.split(), 1)]
    records = [Revision(first.number, first.status, unfinished_hooks=("StatefulSet minio",)), *later]
    text = advice(records, NOT_READY, "airbyte", "lakehouse", Kubectl())
    assert ("StatefulSet minio" in text) is reported
    assert (DELETE_ALL in text) is reported
    pruned = [replace(revision, number=revision.number + 1) for revision in records]
    assert not advice(pruned, NOT_READY, "airbyte", "lakehouse", Kubectl()), "an upgrade creates nothing of it anyway"


def test_commands_reach_the_stacks_cluster() -> None:
    kubectl = Kubectl("/home/me/my config", "prod-eu")
    text = advice([Revision(1, "pending-install")], IN_USE, "airbyte", "lakehouse", kubectl)
    assert "kubectl --kubeconfig '/home/me/my config' --context prod-eu delete secrets" in text


@pytest.mark.parametrize("status", ["failed", "pending-upgrade", "uninstalling"])
def test_unfinished_release_in_the_state_has_commands(status: str) -> None:
    text = unfinished(status, "airbyte", "lakehouse", Kubectl())
    assert status in text
    assert [line.strip() for line in text.splitlines() if line.startswith("    ")] == [
        DELETE_ALL,
        "pulumi up --refresh",
    ]
