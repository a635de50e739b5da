"""A drill's settings are those of the stack, on servers and in namespaces of its own, and start nothing that acts."""

from pathlib import Path
from typing import Any

import pytest

from ops.clients.failure import Failure
from ops.drill.sets_on_volumes import Volume, pod
from ops.drill.settings import drill_settings, merged, secret_names
from stack.check import check
from stack.load import decode
from tests.support.kinds import DEPLOYMENT, NAMESPACE, RELEASE
from tests.support.stacks import ROOT, STACK_FILES, config_of, plan, stack_name

BUCKET = {"kind": "s3", "region": "eu-central-1", "bucket": "sets", "credentials": {"secretName": "store-keys"}}
BACKUPS = {"storage": BUCKET, "beforeUpgrade": True}


def drilled(raw: dict[str, Any], wanted: str = "newest") -> dict[str, Any]:
    return drill_settings(raw, check(raw), root=ROOT, wanted=wanted, made_by="acme/lakehouse/prod")


@pytest.mark.parametrize("file", STACK_FILES, ids=stack_name)
def test_every_stack_file_can_be_drilled(file: Path) -> None:
    raw = {key: value for key, value in decode(config_of(file), "lakehouse").items() if value != ""}
    settings = drilled({**raw, "backups": BACKUPS})
    keys = {"airbyteBackupKey": "a-key-of-the-stack", "dagsterBackupKey": "a-key-of-the-stack"}
    stack = check({**settings, **keys})
    assert stack.postgresql.mode == "embedded"
    assert all(app.namespace.endswith("-drill") for app in stack.apps.values())
    assert not stack.retain_data and stack.restore_from is not None


def test_nothing_in_a_drill_starts_syncs_or_runs_or_is_reached_from_outside() -> None:
    raw: dict[str, Any] = {
        "backups": BACKUPS,
        "airbyte": {"values": {"worker": {"podLabels": {"a": "b"}}, "ingress": {"enabled": True}}},
        "dagster": {"values": {"dagsterDaemon": {"enabled": True}}},
    }
    settings = drilled(raw)
    airbyte, dagster = settings["airbyte"]["values"], settings["dagster"]["values"]
    for part in ("worker", "cron", "workloadLauncher", "ingress"):
        assert airbyte[part]["enabled"] is False
    assert airbyte["worker"]["podLabels"] == {"a": "b"}
    assert dagster["dagsterDaemon"]["enabled"] is False


def test_a_drill_reads_the_sets_of_the_stack_and_makes_none() -> None:
    keys = {"airbyteBackupKey": "a-key-of-the-stack", "dagsterBackupKey": "a-key-of-the-stack"}
    made = plan(**drilled({"backups": BACKUPS}, "20260131T020000Z"), **keys)
    namespaces = {release.inputs["namespace"] for release in made.of_type(RELEASE)}
    assert namespaces == {"airbyte-drill", "dagster-drill"}
    assert not made.of_type(NAMESPACE) and not made.of_type(DEPLOYMENT)
    assert not [one for one in made.resources if "before-upgrade" in one.name]
    assert [one.name for one in made.resources if one.name.endswith("restore-new")]


def test_a_shared_server_is_not_used_and_an_embedded_one_is_as_large_as_the_stacks() -> None:
    shared: dict[str, Any] = {"mode": "standalone", "server": {"kind": "cloudnativepg", "pooler": {}}}
    settings = drilled({"backups": BACKUPS, "postgresql": shared, "dagster": {"database": {"connectionLimit": 60}}})
    assert settings["postgresql"] == {"mode": "embedded"}
    assert settings["dagster"]["database"] == {"embedded": {"storageSize": "20Gi"}}
    own = drilled({"backups": BACKUPS, "dagster": {"database": {"embedded": {"storageSize": "9Gi"}}}})
    assert own["dagster"]["database"]["embedded"] == {"storageSize": "9Gi"}


def test_secrets_that_pods_need_are_copied_by_name() -> None:
    raw = {
        "backups": BACKUPS,
        "pods": {"imagePullSecrets": ["registry"]},
        "airbyte": {"storage": {"credentials": {"secretName": "bucket"}}},
        "dagster": {"values": {"generatePostgresqlPasswordSecret": False, "x": [{"existingSecret": "mine"}]}},
    }
    assert secret_names(raw, "airbyte") == ["bucket", "registry", "store-keys"]
    assert secret_names(raw, "dagster") == ["mine", "registry", "store-keys"]


def test_the_pod_that_copies_a_set_obeys_the_settings_of_every_pod() -> None:
    pods = {
        "registry": "mirror.example.com/hub",
        "imagePullSecrets": ["registry"],
        "runAsUser": "none",
        "labels": {"team_name": "data"},
        "nodeSelector": {"disk_kind": "ssd"},
        "tolerations": [{"key": "batch", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}],
        "priorityClassName": "low",
        "jobSidecars": "none",
    }
    storage = {"kind": "claim", "storageSize": "50Gi"}
    stack = check({"backups": {"storage": storage}, "pods": pods, "labels": {"cost": "1"}})
    assert stack.backups is not None
    volume = Volume("airbyte-database-backup", "airbyte", "store:/store/acme/airbyte")
    made = pod("copy", "airbyte-drill", volume, stack.backups, stack.all_pods)
    assert made["metadata"]["labels"].items() >= {"team_name": "data", "cost": "1"}.items()
    assert made["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"
    assert (made["metadata"]["name"], made["metadata"]["namespace"]) == ("copy", "airbyte-drill")
    spec = made["spec"]
    assert spec["containers"][0]["image"].startswith("mirror.example.com/hub/rclone/rclone:")
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert spec["nodeSelector"] == {"disk_kind": "ssd"}
    assert spec["tolerations"][0]["tolerationSeconds"] == 5
    assert spec["priorityClassName"] == "low"
    assert not {"runAsUser", "runAsGroup", "fsGroup"} & spec["securityContext"].keys()
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["volumes"][0]["persistentVolumeClaim"]["claimName"] == "airbyte-database-backup-sets"


def test_without_backups_there_is_no_drill() -> None:
    with pytest.raises(Failure, match="there is nothing to restore"):
        drilled({"airbyte": {}})


def test_values_are_merged_as_helm_does() -> None:
    assert merged({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 3}, "d": [2]}) == {"a": {"b": 3, "c": 2}, "d": [2]}
