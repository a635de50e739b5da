"""Both apps on one server of three instances that the CloudNativePG operator runs, through failures of its primary."""

import json
import os
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox import postgres_cluster
from tests.sandbox.commits import Commits, writing
from tests.sandbox.count_commits import CONNECTIONS
from tests.sandbox.dagster import Webserver
from tests.sandbox.deployments import App
from tests.sandbox.operator_stack import (
    APPS,
    STORE_KEYS,
    endpoint,
    object_storage,
    operator_stack,
    query,
    wait_backed_up,
)
from tests.sandbox.outside import TLS_SEEN
from tests.sandbox.owned import OwnedStack
from tests.sandbox.postgres_cluster import AIRBYTE, CLUSTER, DAGSTER
from tests.sandbox.stack import Stack
from tests.sandbox.temporal import workflows
from tests.sandbox.test_04_dagster import webserver
from tests.sandbox.test_05_airbyte import address
from tests.sandbox.timeline import EVENTS, HEADER, Failover, observed
from tests.support.cluster import (
    SANDBOX,
    described,
    get,
    http,
    kubectl,
    node_port,
    objects,
    secret_values,
    shell,
    until,
)
from tests.support.recording import Plan
from tests.support.stacks import ROOT, config_of, plan, plan_program

CLUSTER_TYPE = f"kubernetes:{postgres_cluster.GROUP}/v1:Cluster"
CLONED_AGAIN = """
kubectl delete pvc -n postgresql postgresql-3 postgresql-3-wal --wait=false
kubectl delete pod -n postgresql postgresql-3
"""
"""As docs/servers.md has it, for the names that it has."""
POOLER_TYPE = f"kubernetes:{postgres_cluster.GROUP}/v1:Pooler"
FAILURES, POOLED_FAILURES, ARCHIVED_FAILURES = (10, 10, 4) if os.environ.get("CAMPAIGN") == "1" else (3, 1, 1)
IN_FLIGHT = "server conn crashed?", "server connection closed", "terminating connection due to administrator command"
"""What a client of PgBouncer is told whose statement the primary had not answered when it died."""
TURNED_AWAY = "server login has been failing", "bouncer config error", "connection timeout expired"
"""What PgBouncer tells a client that asks while it cannot connect to a primary, or whose password it was looking up
there when the primary died; and the client itself if it waits.
"""


@pytest.fixture(scope="module")
def _owned(sandbox: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnedStack]:
    with operator_stack(tmp_path_factory.mktemp("operator")) as owned:
        yield owned


@pytest.fixture
def owned(_owned: OwnedStack) -> OwnedStack:
    """The stack, deployed as its file says."""
    _owned.settle()
    CLUSTER.wait_healthy()
    return _owned


def run_succeeds(app: App) -> None:
    """Launch a run of the example job and see it succeed, also in the database."""
    dagster: Webserver = webserver(app)
    run = dagster.launch()
    assert dagster.wait(run) == "SUCCESS"
    assert [run, "SUCCESS"] in CLUSTER.rows("SELECT run_id, status FROM runs", "dagster")


def test_three_instances_run_and_every_commit_is_on_two_of_them(owned: OwnedStack) -> None:
    found = CLUSTER.object()
    assert (found["spec"]["instances"], found["status"]["readyInstances"]) == (3, 3)
    assert len(CLUSTER.pods()) == 3
    assert CLUSTER.rows("SELECT sync_state, count(*) FROM pg_stat_replication GROUP BY 1") == [["quorum", "2"]]
    assert CLUSTER.value("SHOW synchronous_commit") == "on"
    assert CLUSTER.value("SHOW data_checksums") == "on"
    assert get("poddisruptionbudget", "postgresql-primary", CLUSTER.namespace)


def test_the_operator_created_no_database_and_no_role_of_an_app(owned: OwnedStack) -> None:
    databases = CLUSTER.rows(
        "SELECT datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate "
        "FROM pg_database WHERE NOT datistemplate ORDER BY 1"
    )
    owners = {"airbyte": "airbyte", "dagster": "dagster", "postgres": "postgres"}
    owners |= {"temporal": "airbyte", "temporal_visibility": "airbyte"}
    assert databases == [[name, owner, "UTF8", "C.UTF-8"] for name, owner in owners.items()]
    roles = CLUSTER.rows("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1")
    assert roles == [["airbyte"], ["dagster"], ["postgres"], ["streaming_replica"]]


def test_both_apps_work_on_the_one_server(owned: OwnedStack) -> None:
    hosts = {secret_values(app.secret, app.namespace)["host"] for app in APPS}
    assert hosts == {"postgresql-rw.operator-postgresql.svc.cluster.local"}
    until("Airbyte healthy", lambda: ((seen := http(f"{address(AIRBYTE)}/api/v1/health")).status == 200, seen))
    assert int(CLUSTER.value("SELECT count(*) FROM connection", database="airbyte")) >= 0
    run_succeeds(DAGSTER)


def test_every_connection_of_both_apps_is_encrypted(owned: OwnedStack) -> None:
    run = webserver(DAGSTER).launch()
    seen = CLUSTER.rows(f"\\set seconds 20\n{TLS_SEEN}")
    assert webserver(DAGSTER).wait(run) == "SUCCESS"
    assert {row[0] for row in seen} >= {"airbyte", "dagster"}, seen
    assert {(ssl, version) for _, _, ssl, version in seen} == {("t", "TLSv1.3")}, seen


def test_clear_text_is_refused_and_a_wrong_name_or_ca_too(owned: OwnedStack, tmp_path: Path) -> None:
    place = endpoint(DAGSTER, tmp_path)
    password = secret_values(DAGSTER.secret, DAGSTER.namespace)["password"]
    assert query(place, password, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "t"
    assert "pg_hba.conf rejects connection" in query({**place, "sslmode": "disable"}, password, "SELECT 1")
    assert "does not match host name" in query({**place, "host": "other.example.com"}, password, "SELECT 1")
    stranger = tmp_path / "stranger.crt"
    stranger.write_text((SANDBOX.pki / "ca.crt").read_text())
    assert "certificate verify failed" in query({**place, "sslrootcert": str(stranger)}, password, "SELECT 1")


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.key)
def test_a_role_cannot_open_the_other_apps_databases(owned: OwnedStack, app: App, tmp_path: Path) -> None:
    password = secret_values(app.secret, app.namespace)["password"]
    others = {"airbyte": ["dagster"], "dagster": ["airbyte", "temporal", "temporal_visibility"]}[app.key]
    for database in others:
        said = query({**endpoint(app, tmp_path), "dbname": database}, password, "SELECT 1")
        assert f'permission denied for database "{database}"' in said


def test_a_second_up_changes_nothing(owned: OwnedStack) -> None:
    assert owned.stack.up().check().changes == []


def test_larger_sizes_are_an_update_that_loses_nothing(owned: OwnedStack) -> None:
    CLUSTER.rows("SET ROLE dagster; DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS number", "dagster")
    stack = owned.unsettle()
    for path, value in {"memory": "3712Mi", "storageSize": "9Gi", "walStorageSize": "9Gi"}.items():
        stack.set(f"postgresql.server.{path}", value)
    done = stack.up().check()
    assert [(step.op, step.type) for step in done.changes] == [("update", CLUSTER_TYPE)]

    def grown() -> tuple[bool, object]:
        claims = objects("persistentvolumeclaims", CLUSTER.namespace)
        seen = sorted(claim["status"]["capacity"]["storage"] for claim in claims)
        return seen == ["9Gi"] * 6, seen

    until("six volumes of 9Gi", grown, 120)

    def restarted() -> tuple[bool, object]:
        limits = [pod["spec"]["containers"][0]["resources"]["limits"]["memory"] for pod in CLUSTER.pods()]
        return limits == ["3712Mi"] * 3, limits

    until("three instances with 3712Mi", restarted, 300)
    CLUSTER.wait_healthy()
    assert CLUSTER.value("SHOW shared_buffers") == "928MB"
    assert CLUSTER.value("SELECT number FROM kept", "dagster") == "42"
    assert stack.up().check().changes == []


def test_destroy_is_refused_with_words_and_takes_nothing(owned: OwnedStack) -> None:
    before = owned.stack.resources()
    refused = owned.stack.destroy(previewed=True)
    assert refused.done.returncode != 0, described(refused.done)
    assert "postgresql-cluster" in refused.diagnostics
    assert "protect" in refused.diagnostics
    assert owned.stack.resources() == before
    CLUSTER.wait_healthy(10)


def test_without_a_preview_the_server_and_its_rows_stay(owned: OwnedStack) -> None:
    CLUSTER.rows("SET ROLE dagster; DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 43 AS number", "dagster")
    instances = {pod["metadata"]["uid"] for pod in CLUSTER.pods()}
    refused = owned.unsettle().destroy()
    assert refused.done.returncode != 0, described(refused.done)
    assert "protect" in refused.diagnostics
    # The apps are gone by then: the engine comes to the server only after all that depends on it.
    assert {pod["metadata"]["uid"] for pod in CLUSTER.pods()} == instances
    owned.settle()
    assert CLUSTER.value("SELECT number FROM kept", "dagster") == "43"
    run_succeeds(DAGSTER)


def primaries_die(folder: Path, times: int) -> tuple[list[Failover], Commits]:
    """Let primaries fail while clients write through what Dagster's Secret says, and Temporal's workflows wait.

    No acknowledged row may be lost, and every workflow is completed.
    """
    CLUSTER.rows(
        "SET ROLE dagster; DROP TABLE IF EXISTS commits; CREATE TABLE commits (number bigint PRIMARY KEY)", "dagster"
    )
    password = secret_values(DAGSTER.secret, DAGSTER.namespace)["password"]
    failures: list[Failover] = []
    with (
        workflows(AIRBYTE.namespace, "airbyte", 20, 15) as running,
        writing(endpoint(DAGSTER, folder), password) as commits,
    ):
        running.wait_started()
        for number in range(times):
            commits.wait_for_more(200)
            failure, fail = (("pod deleted", CLUSTER.delete_pod), ("process killed", CLUSTER.kill_process))[number % 2]
            with observed(CLUSTER, commits, failure) as failover:
                fail(CLUSTER.primary())
                CLUSTER.wait_healthy()
                commits.wait_for_more(200)
            failures.append(failover)
        assert running.completed(240) == 20
    there = {int(number) for (number,) in CLUSTER.rows("SELECT number FROM commits", "dagster")}
    assert commits.acknowledged - there == set()
    assert len(commits.acknowledged) > 2 * 200 * times
    return failures, commits


def kind_of_error(said: str) -> str:
    """Which of the two kinds an error of PgBouncer is; the error itself if it is neither."""
    # Who is turned away is told with which words the last server connection ended, too.
    if any(words in said for words in TURNED_AWAY):
        return "turned away"
    return "in flight" if any(words in said for words in IN_FLIGHT) else said


def report(failures: list[Failover], commits: Commits) -> str:
    """The timelines and the times without writes."""
    gaps = [failover.seconds for failover in failures]
    sums = f"without writes {statistics.median(gaps):.1f} s (median), {max(gaps):.1f} s (worst)"
    rows = f"{len(commits.acknowledged)} rows acknowledged, none lost"
    return "\n".join(["", HEADER, *map(str, failures), f"{sums}; {rows}"])


def test_no_acknowledged_row_is_lost_when_primaries_die(
    owned: OwnedStack, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pods = {pod["metadata"]["uid"] for pod in _dagsters()}
    failures, commits = primaries_die(tmp_path, FAILURES)
    with capfd.disabled():
        print(report(failures, commits))
    for failover in failures:
        # A process that is back in time leaves nobody to elect, nor the operator anything to notice.
        needed = [name for name in EVENTS if failover.failure == "pod deleted" or name not in {"noticed", "elected"}]
        assert set(needed) <= failover.events.keys(), failover
    assert max(failover.seconds for failover in failures) < 60

    # Its webserver keeps connections, and tells of a dead one to whoever asks next; then it opens new ones.
    run = until("a run launched", _launched, 60, 1)
    assert Webserver(node_port(DAGSTER.namespace, DAGSTER.web)).wait(run) == "SUCCESS"
    assert {pod["metadata"]["uid"] for pod in _dagsters()} == pods


def test_a_standby_is_cloned_again_by_the_commands_of_the_docs(owned: OwnedStack) -> None:
    lines = CLONED_AGAIN.strip().splitlines()
    assert "".join(f"    {line}\n" for line in lines) in (ROOT / "docs/servers.md").read_text()
    standby = next(pod["metadata"] for pod in CLUSTER.pods() if pod["metadata"]["name"] != CLUSTER.primary().name)
    for line in lines:
        done = shell(line.replace("postgresql-3", standby["name"]).replace("-n postgresql", f"-n {CLUSTER.namespace}"))
        assert done.returncode == 0, described(done)
    until(
        "the standby removed",
        lambda: (standby["uid"] not in (seen := [p["metadata"]["uid"] for p in CLUSTER.pods()]), seen),
    )
    CLUSTER.wait_healthy()


def _launched() -> tuple[bool, str]:
    try:
        return True, webserver(DAGSTER).launch()
    except AssertionError as error:
        return False, str(error)


def _dagsters() -> list[dict[str, dict[str, str]]]:
    """The pods of Dagster itself, without those of runs."""
    return [pod for pod in objects("pods", DAGSTER.namespace) if not pod["metadata"]["name"].startswith("dagster-run-")]


POOLER = {"instances": 1, "maxDbConnections": 10, "defaultPoolSize": 8}
FORMS: dict[str, dict[str, Any]] = {
    "one instance": {"instances": 1, "synchronous": {"enabled": False}, "podDisruptionBudget": False},
    "first, preferred": {"instances": 2, "synchronous": {"method": "first", "dataDurability": "preferred"}},
    "placed": {"nodeSelector": {"disk": "fast"}, "topologyKey": "topology.kubernetes.io/zone", "storageClass": "fast"},
    "tuned": {"memory": "64Gi", "maxConnections": 2000, "walStorageSize": "64Gi", "parameters": {"jit": False}},
    "pooler": {"pooler": {"mode": "session", "maxPreparedStatements": 0}},
    "s3 key": {"backups": {"s3": {"bucket": "backups", "endpoint": "http://s3.example.com", **STORE_KEYS}}},
    "s3 role": {
        "backups": {
            "s3": {
                "bucket": "backups",
                "compression": "none",
                "workloadIdentity": {"roleArn": "arn:aws:iam::123456789012:role/backups"},
            }
        }
    },
    "restored from s3": {
        "backups": {"s3": {"bucket": "backups", "serverName": "other-2", **STORE_KEYS}},
        "restoreFrom": {
            "s3": {"bucket": "backups", **STORE_KEYS},
            "serverName": "other",
            "at": "2026-11-25T09:00:00.25+01:00",
        },
    },
    "restored from gcs": {"restoreFrom": {"gcs": {"bucket": "backups", **STORE_KEYS}, "serverName": "other"}},
    "gcs key": {"backups": {"gcs": {"bucket": "backups", "compression": "bzip2", **STORE_KEYS}}},
    "gcs account": {
        "backups": {
            "gcs": {
                "bucket": "backups",
                "workloadIdentity": {"serviceAccount": "backups@my-project.iam.gserviceaccount.com"},
            }
        }
    },
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_operator_takes_every_form_of_the_server(owned: OwnedStack, form: dict[str, Any]) -> None:
    server = {"kind": "cloudnativepg", "name": "other", **form}
    made = plan(postgresql={"mode": "standalone", "namespace": CLUSTER.namespace, "server": server})
    check_taken(made, CLUSTER.namespace)


def test_the_operator_takes_the_stack_file_for_production(owned: OwnedStack) -> None:
    made = plan_program(config_of(ROOT / "Pulumi.prod-operator.yaml"), "prod-operator")
    assert check_taken(made, CLUSTER.namespace) == {"Cluster", "Pooler", "ScheduledBackup"}


def check_taken(made: Plan, namespace: str) -> set[str]:
    """Let the API server judge all that is the operator's in a plan, with its webhooks, and make nothing of it."""
    kinds: set[str] = set()
    for resource in made.resources:
        if f":{postgres_cluster.GROUP}/" not in resource.type:
            continue
        found = {"apiVersion": f"{postgres_cluster.GROUP}/v1", "kind": resource.type.rpartition(":")[2]}
        name = f"other-{found['kind'].lower()}"
        found |= {"metadata": {"name": name, "namespace": namespace}, "spec": resource.inputs["spec"]}
        kubectl("create", "--dry-run=server", "--validate=strict", "--filename=-", input=json.dumps(found))
        kinds.add(found["kind"])
    return kinds


def test_a_pooler_comes_between_without_a_change_of_the_server(owned: OwnedStack, tmp_path: Path) -> None:
    started = {pod["metadata"]["uid"] for pod in CLUSTER.pods()}
    stack = owned.unsettle()
    stack.set("postgresql.server.pooler", POOLER)
    done = stack.up().check()
    assert ("create", POOLER_TYPE) in [(step.op, step.type) for step in done.changes]
    assert {step.op for step in done.changes} <= {"create", "update"}
    assert {pod["metadata"]["uid"] for pod in CLUSTER.pods()} == started

    place = endpoint(DAGSTER, tmp_path)
    assert place["host"] == "postgresql-pooler.operator-postgresql.svc.cluster.local"
    password = secret_values(DAGSTER.secret, DAGSTER.namespace)["password"]
    ours = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert query(place, password, ours) == "t"
    assert "SSL required" in query({**place, "sslmode": "disable"}, password, ours)
    run_succeeds(DAGSTER)
    until("Airbyte healthy", lambda: ((seen := http(f"{address(AIRBYTE)}/api/v1/health")).status == 200, seen))
    assert stack.up().check().changes == []


def test_through_the_pooler_nothing_is_lost_and_errors_are_of_two_kinds(
    owned: OwnedStack, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stack = owned.unsettle()
    stack.set("postgresql.server.pooler", POOLER)
    stack.set("postgresql.server.backups", None)
    stack.up().check()
    CLUSTER.wait_healthy()
    failures, commits = primaries_die(tmp_path, POOLED_FAILURES)
    errors = Counter(kind_of_error(said) for _, said in commits.failures)
    with capfd.disabled():
        print(report(failures, commits))
        print(f"errors of {CONNECTIONS} clients: {errors['in flight']} in flight, {errors['turned away']} turned away")
    assert errors.keys() <= {"in flight", "turned away"}, errors
    assert errors["in flight"] <= CONNECTIONS * len(failures), Counter(said for _, said in commits.failures)
    for failover in failures:
        assert {"endpoint", "connected", "commit"} <= failover.events.keys(), failover


def set_backups(stack: Stack) -> None:
    stack.set("postgresql.server.backups", {"s3": {**object_storage(), "schedule": "0 2 * * *"}})


def test_backups_and_wal_go_to_object_storage(owned: OwnedStack) -> None:
    stack = owned.unsettle()
    set_backups(stack)
    done = stack.up().check()
    kinds = sorted((step.op, step.type.rpartition(":")[2]) for step in done.changes)
    assert kinds == [("create", "ScheduledBackup"), ("update", "Cluster")]

    wait_backed_up(CLUSTER)
    look = ("find", "/storage/postgresql/sandbox/postgresql", "-name", "xl.meta")

    def stored() -> tuple[bool, object]:
        seen = kubectl("exec", "--namespace", AIRBYTE.namespace, "airbyte-minio-0", "--", *look)
        return "/base/" in seen and "/wals/" in seen, seen

    until("base backup and WAL in the bucket", stored, 120, 1)
    assert stack.up().check().changes == []


def test_no_acknowledged_row_is_lost_where_wal_is_archived(
    owned: OwnedStack, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """An instance looks into the archive, too, each time before it is promoted or streams from another."""
    stack = owned.unsettle()
    set_backups(stack)
    stack.up().check()
    CLUSTER.wait_healthy()
    failures, commits = primaries_die(tmp_path, ARCHIVED_FAILURES)
    with capfd.disabled():
        print(report(failures, commits))
