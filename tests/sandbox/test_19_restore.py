"""Sets restored into running apps after a mishap, and beside them, by the commands that the manual names."""

import re
import time

import pytest

from tests.sandbox.dagster import Webserver
from tests.sandbox.jobs import ended
from tests.sandbox.owned import OwnedStack
from tests.sandbox.test_17_pooler import AIRBYTE, DAGSTER
from tests.sandbox.test_18_backups import run as make_set
from tests.support.cluster import DatabasePod, described, http, kubectl, node_port, objects, secret_values, shell, until

AUTH = "airbyte-auth-secrets"
# What a running Dagster writes all the time.
LIVELY = ("daemon_heartbeats", "job_ticks", "kvs")


def restore(owned: OwnedStack, server: DatabasePod, **choice: str) -> tuple[str, str]:
    """Restore as docs/backups.md says."""
    command = owned.stack.outputs()[server.username]["restoreCommand"]
    if choice:
        setting = " ".join(f"{name}={value}" for name, value in choice.items())
        command += f" --dry-run=client -o yaml | kubectl set env --local -f - {setting} -o yaml | kubectl create -f -"
    made = shell(command)
    assert made.returncode == 0, described(made)
    (name,) = re.findall(r"job.batch/(\S+) created", made.stdout)
    return ended(server.namespace, name)


def dump(server: DatabasePod) -> list[str]:
    """A dump without the lines that are different each time."""
    without = [f"--exclude-table-data={table}" for table in LIVELY]
    text = server.output("pg_dump", "--username", server.username, *without, server.database)
    counters = tuple(f"SELECT pg_catalog.setval('public.{table}_id_seq'" for table in LIVELY)
    return [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict", *counters))]


def names(server: DatabasePod) -> set[str]:
    rows = server.rows("SELECT datname FROM pg_database", username="postgres", database="postgres")
    return {name for (name,) in rows}


def drop_kept(server: DatabasePod) -> None:
    """Drop what restores have left beside the app's databases, as a person does once all is well."""
    for name in names(server):
        if re.search(r"_(before|restored)_\d{8}T\d{6}Z$", name):
            server.rows(f'DROP DATABASE "{name}"', username="postgres", database="postgres")


def token(namespace: str) -> str:
    """A token for Airbyte's API from its admin's client."""
    values = secret_values(AUTH, namespace)
    keys = {"client_id": "instance-admin-client-id", "client_secret": "instance-admin-client-secret"}
    url = f"{node_port(namespace, 'airbyte-airbyte-server-svc')}/api/v1/applications/token"
    reply = http(url, {name: values[key] for name, key in keys.items()})
    assert reply.status == 200, reply
    return str(reply.json()["access_token"])


def webserver() -> Webserver:
    """Dagster's webserver, once it works."""
    found = Webserver(node_port(DAGSTER.namespace, "dagster-dagster-webserver"))
    until("Dagster's webserver", lambda: (found.is_ready(), None))
    return found


def replicas(server: DatabasePod) -> dict[str, int]:
    return {one["metadata"]["name"]: one["spec"]["replicas"] for one in objects("deployments", server.namespace)}


def test_a_dropped_database_and_a_lost_secret_come_back_and_airbyte_works(pooled: OwnedStack) -> None:
    url = f"{node_port(AIRBYTE.namespace, 'airbyte-airbyte-server-svc')}/api/v1"
    made = http(f"{url}/connections/create", {"name": "kept", "status": "active"}, token=token(AIRBYTE.namespace))
    assert made.status == 200, made
    how, log = make_set(pooled, AIRBYTE)
    assert how == "Complete", log
    before, secret, running = dump(AIRBYTE), secret_values(AUTH, AIRBYTE.namespace), replicas(AIRBYTE)
    kubectl("delete", "secret", AUTH, "--namespace", AIRBYTE.namespace)
    AIRBYTE.rows("DROP DATABASE airbyte WITH (FORCE)", username="postgres", database="postgres")
    try:
        how, log = restore(pooled, AIRBYTE)
        assert how == "Complete", log
        assert "database airbyte does not exist" in log
        assert re.search(r"the app was down for \d+ s of \d+ s", log), log
        assert dump(AIRBYTE) == before
        assert secret_values(AUTH, AIRBYTE.namespace) == secret
        assert replicas(AIRBYTE) == running
        found = http(f"{url}/connections/list", {}, token=token(AIRBYTE.namespace))
        assert found.status == 200 and "kept" in found.text, found
        for word in (*secret.values(), *secret_values("airbyte-database", AIRBYTE.namespace).values()):
            assert len(word) < 8 or word not in log
        # What the app had of Temporal until then.
        assert {name.rsplit("_", 1)[0] for name in names(AIRBYTE) if "_before_" in name} == {
            "temporal_before",
            "temporal_visibility_before",
        }
    finally:
        drop_kept(AIRBYTE)
    assert pooled.stack.preview().changes == []


def test_an_older_set_by_name_and_dagster_works(pooled: OwnedStack) -> None:
    dagster = webserver()
    known = dagster.launch()
    assert dagster.wait(known) == "SUCCESS"
    before = dump(DAGSTER)
    how, log = make_set(pooled, DAGSTER)
    assert how == "Complete", log
    (wanted,) = re.findall(r"stored and compared: (\d{8}T\d{6}Z)", log)
    later = dagster.launch()
    assert dagster.wait(later) == "SUCCESS"
    how, log = make_set(pooled, DAGSTER)
    assert how == "Complete", log
    try:
        how, log = restore(pooled, DAGSTER, WANTED=wanted)
        assert how == "Complete", log
        assert dump(DAGSTER) == before
        assert webserver().status(known) == "SUCCESS"
        (kept,) = (name for name in names(DAGSTER) if "_before_" in name)
        assert DAGSTER.value(f"SELECT status FROM runs WHERE run_id = '{later}'", database=kept) == "SUCCESS"  # noqa: S608
    finally:
        drop_kept(DAGSTER)


def test_beside_a_running_app_by_time(pooled: OwnedStack) -> None:
    running, begun = replicas(DAGSTER), time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    try:
        how, log = restore(pooled, DAGSTER, INTO="beside", AT=begun)
        assert how == "Complete", log
        (beside,) = (name for name in names(DAGSTER) if "_restored_" in name)
        assert int(DAGSTER.value("SELECT count(*) FROM runs", database=beside)) > 0
        assert replicas(DAGSTER) == running
    finally:
        drop_kept(DAGSTER)


def test_what_cannot_be_restored_is_a_failed_job_that_says_why(pooled: OwnedStack) -> None:
    before = names(DAGSTER)
    how, log = restore(pooled, DAGSTER, WANTED="20200101T000000Z")
    assert how == "Failed"
    assert "there is no complete set 20200101T000000Z" in log
    assert names(DAGSTER) == before


@pytest.mark.parametrize("server", [AIRBYTE, DAGSTER], ids=["airbyte", "dagster"])
def test_the_account_of_a_restore_may_not_read_other_secrets(pooled: OwnedStack, server: DatabasePod) -> None:
    account = f"system:serviceaccount:{server.namespace}:{server.username}-database-restore"
    for verb, thing, expected in (
        ("get", f"secret/{server.name.removesuffix('-0')}-admin", "yes"),
        ("get", f"secret/{server.username}-database", "no"),
        ("list", "secrets", "no"),
        ("delete", "deployments", "no"),
        ("create", "pods", "no"),
    ):
        said = shell(f"kubectl auth can-i {verb} {thing} --as={account} -n {server.namespace}").stdout.strip()
        assert said == expected, (verb, thing, said)
