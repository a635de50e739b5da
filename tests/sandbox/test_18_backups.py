"""Backup sets of both apps, made by the command that the stack's outputs name, on a volume of the cluster."""

import json

import pytest

from tests.sandbox.jobs import ended
from tests.sandbox.owned import OwnedStack
from tests.sandbox.test_17_pooler import AIRBYTE, DAGSTER
from tests.support.cluster import DatabasePod, described, kubectl, shell

BOTH = pytest.mark.parametrize("server", [AIRBYTE, DAGSTER], ids=["airbyte", "dagster"])
READER = "sets"
COUNT = """
SELECT tablename,
  (xpath('//n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I', tablename), true, false, '')))[1]
FROM pg_tables WHERE schemaname = 'public'"""


def run(owned: OwnedStack, server: DatabasePod) -> tuple[str, str]:
    """Make a set; how its Job ended, and all that it logged."""
    made = shell(owned.stack.outputs()[server.username]["backupCommand"])
    assert made.returncode == 0, described(made)
    name = made.stdout.removeprefix("job.batch/").removesuffix(" created\n")
    return ended(server.namespace, name)


def rows(server: DatabasePod) -> dict[str, int]:
    """Rows of each table of the app's main database."""
    return {table: int(count) for table, count in server.rows(COUNT)}


def stored(owned: OwnedStack, server: DatabasePod) -> dict[str, str]:
    """Files of all sets by their path, each with its text where that is short and readable."""
    folder = owned.stack.outputs()[server.username]["backupSets"]
    claim = f"{server.username}-database-backup-sets"
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": READER, "namespace": server.namespace},
        "spec": {
            "restartPolicy": "Never",
            "securityContext": {"runAsUser": 999, "runAsGroup": 999, "fsGroup": 999},
            "containers": [
                {
                    "name": READER,
                    "image": "docker.io/library/postgres:17.11-trixie",
                    "command": [
                        "bash",
                        "-c",
                        f"cd {folder} && find . -type f | sort | while read -r file; do printf '%s\\t' \"$file\"; "
                        "case $file in *manifest.json | *PROVEN) tr -d '\\n' <\"$file\" ;; esac; echo; done",
                    ],
                    "volumeMounts": [{"name": "sets", "mountPath": folder.split("/lakehouse-")[0]}],
                }
            ],
            "volumes": [{"name": "sets", "persistentVolumeClaim": {"claimName": claim}}],
        },
    }
    kubectl("apply", "--filename", "-", input=json.dumps(pod))
    try:
        kubectl("wait", "pod", READER, "--namespace", server.namespace, "--for=jsonpath={.status.phase}=Succeeded")
        lines = kubectl("logs", READER, "--namespace", server.namespace).splitlines()
    finally:
        kubectl("delete", "pod", READER, "--namespace", server.namespace)
    return dict(line.split("\t", 1) for line in lines)


@BOTH
def test_a_set_is_complete_and_proven(pooled: OwnedStack, server: DatabasePod) -> None:
    before = rows(server)
    how, log = run(pooled, server)
    assert how == "Complete", log
    after = rows(server)
    files = stored(pooled, server)
    (name,) = {path.split("/")[1] for path in files}
    assert {f"./{name}/{file}" for file in ("SHA256SUMS", "PROVEN", "manifest.json", "secrets.enc")} <= set(files)
    manifest = json.loads(files[f"./{name}/manifest.json"])
    names = [each["name"] for each in manifest["databases"]]
    assert names == (["airbyte", "temporal", "temporal_visibility"] if server is AIRBYTE else ["dagster"])
    assert all(f"./{name}/databases/{each['number']}/toc.dat" in files for each in manifest["databases"])
    described = {table["name"]: table["rows"] for table in manifest["databases"][0]["tables"]}
    assert described.keys() == before.keys()
    # The app writes to a few while the set is made.
    steady = {table: count for table, count in before.items() if after[table] == count}
    assert len(steady) > len(before) / 2
    assert {table: described[table] for table in steady} == steady
    assert f"{server.username}-database" in manifest["secrets"]
    if server is AIRBYTE:
        assert "airbyte-auth-secrets" in manifest["secrets"]
    proven = json.loads(files[f"./{name}/PROVEN"])
    assert proven["rows"] > 0, proven
    assert "proven" in log and "stored" in log


@BOTH
def test_another_run_makes_another_set_and_prints_no_secret(pooled: OwnedStack, server: DatabasePod) -> None:
    how, log = run(pooled, server)
    assert how == "Complete", log
    assert len({path.split("/")[1] for path in stored(pooled, server)}) == 2
    outputs = pooled.stack.outputs(secrets=True)[server.username]
    password = outputs["connectionString"].split(":")[2].split("@")[0]
    assert password not in log and outputs["backupKey"] not in log


def test_a_run_that_fails_is_a_failed_job_that_says_why_and_stores_nothing(pooled: OwnedStack) -> None:
    before = stored(pooled, DAGSTER)
    try:
        DAGSTER.rows("ALTER ROLE dagster NOLOGIN", username="postgres", database="postgres")
        how, log = run(pooled, DAGSTER)
    finally:
        DAGSTER.rows("ALTER ROLE dagster LOGIN", username="postgres", database="postgres")
    assert how == "Failed"
    assert "not permitted to log in" in log
    assert stored(pooled, DAGSTER) == before
