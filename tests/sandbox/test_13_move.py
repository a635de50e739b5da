"""A live stack is moved from embedded to standalone and back: rows are the same, and the downtime is told."""

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from components.postgres.credentials import CA_CERTIFICATE
from tests.sandbox import postgres_cluster, rows_to_keep
from tests.sandbox.dagster import Webserver
from tests.sandbox.deployments import STACK_FILES, App
from tests.sandbox.outside import ADMIN, TLS_SEEN, outside_server
from tests.sandbox.owned import OwnedStack
from tests.sandbox.postgres_cluster import PostgresCluster
from tests.sandbox.stack import Stack
from tests.support.cluster import (
    DatabasePod,
    find,
    get,
    http,
    kubectl,
    node_port,
    objects,
    run,
    secret_values,
    until,
)

NAMESPACE = "moving"
SHARED = "moving-postgresql"
AIRBYTE = App(
    "moving",
    "airbyte",
    "airbyte",
    DatabasePod(NAMESPACE, "airbyte-airbyte-postgresql-0", "airbyte", "airbyte"),
    "data-airbyte-airbyte-postgresql-0",
    "6Gi",
    1024,
    "airbyte-database",
)
DAGSTER = App(
    "moving",
    "dagster",
    "dagster",
    DatabasePod(NAMESPACE, "dagster-postgresql-0", "dagster", "dagster"),
    "data-dagster-postgresql-0",
    "2Gi",
    512,
    "dagster-database",
)
APPS = [AIRBYTE, DAGSTER]
EMBEDDED = {"mode": "embedded", "startTimeoutSeconds": 120}
MEGABYTES = 1000 if os.environ.get("CAMPAIGN") == "1" else 200
"""Least size of the largest table that is moved."""
GENERATED = (
    "CREATE TABLE generated AS SELECT n AS id, repeat(md5(n::text), 15) AS text, random() AS number "
    "FROM generate_series(1, {rows}) AS n; ALTER TABLE generated ADD PRIMARY KEY (id)"
)
MOVE_LOG = ("--namespace", SHARED, "--tail=-1", "--selector")

# What no app writes to by itself while nothing runs: a table's rows in any order, as one checksum.
CHECKSUM = "SELECT count(*), coalesce(sum(hashtextextended((it.*)::text, 0)), 0) FROM {} AS it"
TABLES = {
    AIRBYTE: ["generated", "rows_to_keep", "workspace", "actor", "connection"],
    DAGSTER: ["rows_to_keep", "runs", "run_tags", "event_logs"],
}


@dataclass(frozen=True)
class Other:
    """A standalone server to move to.

    Attributes:
        settings: `postgresql` in the stack file.
        query: answers a statement in a database, as its superuser.
        tls_seen: looks for so many seconds; role, database, `t` or `f`, and version of TLS of every connection.
        killed_once: whether the move there is killed on its way and finished by the next `pulumi up`; one kind stands
            for all.
    """

    settings: Mapping[str, Any]
    query: Callable[[str, str], str]
    tls_seen: Callable[[int], list[list[str]]]
    killed_once: bool


@contextmanager
def existing() -> Iterator[Other]:
    """Debian's PostgreSQL outside the cluster, whose admin's Secret is made by hand."""
    with outside_server(tls=True) as outside:
        kubectl("create", "namespace", SHARED)
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "db-admin", "namespace": SHARED},
            "stringData": {"username": ADMIN, "password": outside.password},
        }
        kubectl("apply", "--filename=-", input=json.dumps(secret))
        server = {
            "kind": "existing",
            "host": outside.host,
            "port": outside.port,
            "caCertificates": outside.ca_certificate,
        }
        settings = {
            "mode": "standalone",
            "namespace": SHARED,
            "server": {**server, "admin": {"secretName": "db-admin"}},
        }
        yield Other(
            settings,
            lambda database, sql: outside.server.psql(sql, database=database).replace("|", ","),
            outside.tls_seen,
            killed_once=True,
        )


@contextmanager
def cloudnativepg() -> Iterator[Other]:
    """Three instances that the CloudNativePG operator runs; the move makes them and lets them go."""
    cluster = PostgresCluster(SHARED, "postgresql")
    settings = yaml.safe_load((STACK_FILES / "operator.yaml").read_text())["config"]["lakehouse:postgresql"]
    server = settings["server"] | {"storageSize": "4Gi", "deletionProtection": False}
    server["operator"]["chart"] = {"path": postgres_cluster.add_operator()}

    def query(database: str, sql: str) -> str:
        ((*values,),) = cluster.rows(sql, database)
        return ",".join(values)

    try:
        yield Other(
            settings | {"namespace": SHARED, "server": server},
            query,
            lambda seconds: cluster.rows(f"\\set seconds {seconds}\n{TLS_SEEN}"),
            killed_once=False,
        )
    finally:
        cluster.remove()
        kubectl("delete", "namespace", postgres_cluster.OPERATOR_NAMESPACE, "--ignore-not-found", "--timeout=180s")
        postgres_cluster.remove_operator()


KINDS: dict[str, Callable[[], AbstractContextManager[Other]]] = {"existing": existing, "cloudnativepg": cloudnativepg}


@pytest.fixture(params=KINDS, scope="module")
def other(request: pytest.FixtureRequest, sandbox: Stack) -> Iterator[Other]:
    kubectl("delete", "namespace", SHARED, "--ignore-not-found", "--timeout=180s")
    with KINDS[request.param]() as server:
        yield server
    kubectl("delete", "namespace", SHARED, "--ignore-not-found", "--timeout=180s")


@pytest.fixture(scope="module")
def moving(sandbox: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnedStack]:
    """The stack on embedded servers, with rows of all kinds in both."""
    with OwnedStack(STACK_FILES / "moving.yaml", tmp_path_factory.mktemp("moving"), [NAMESPACE]) as stack:
        stack.settle()
        generate(AIRBYTE.pod)
        for app in APPS:
            rows_to_keep.write(app.pod)
        run_job()
        yield stack


@dataclass
class Seen:
    """What one test hands to the next: rows by app and table, as they were before the first move."""

    rows: dict[str, str]


@pytest.fixture(scope="module")
def before(other: Other, moving: OwnedStack) -> Seen:
    return Seen(checksums(in_pod))


def test_there_everything_is_identical_and_downtime_is_told(moving: OwnedStack, other: Other, before: Seen) -> None:
    pods = {app: app.pod.wait_ready()["metadata"]["uid"] for app in APPS}
    stack, began = moving.unsettle(), time.monotonic()
    stack.set("postgresql", dict(other.settings))
    stack.set("moveFrom", EMBEDDED)
    if other.killed_once:
        stack.up_killed(lambda _: copying(AIRBYTE), group=True)
        stack.cancel()
    done = stack.up().check()
    took = time.monotonic() - began

    gone = [step for step in done.changes if step.op.startswith("delete") and "-postgresql" in step.name]
    assert not gone, gone
    for app in APPS:
        # The old server is kept as it is, and nobody writes to it.
        assert app.pod.wait_ready()["metadata"]["uid"] == pods[app]
        refused = app.pod.exec("psql", "-U", app.pod.username, "-d", app.pod.database, "-c", "SELECT 1")
        assert "is not permitted to log in" in refused.stderr
        seconds = reported_downtime(app)
        assert 0 < seconds < took
        log = kubectl("logs", *MOVE_LOG, f"app.kubernetes.io/instance={app.secret}-move")
        assert "DIFFERS" not in log
        assert f"writers on {app.service}.{NAMESPACE}.svc.cluster.local" in log
        assert "have been stopped since" in log
    assert checksums(in_pod) == before.rows
    assert checksums(lambda app, sql: other.query(app.pod.database, sql)) == before.rows
    moving.settled = True


def test_apps_work_there_over_tls_and_a_second_up_changes_nothing(moving: OwnedStack, other: Other) -> None:
    check_both_apps_work()
    # Also what was up all the time, and does not notice that its database is another.
    beats = {
        "temporal": "SELECT max(last_heartbeat) > now() - interval '20 s' FROM cluster_membership",
        # Of the workflow that began on the other server.
        "temporal_visibility": "SELECT max(start_time) > now() - interval '20 s' FROM executions_visibility"
        " WHERE workflow_id = 'stand-in-heartbeat'",
    }
    for database, beat in beats.items():
        until(f"heartbeat in {database}", lambda: ((seen := other.query(database, beat)) == "t", seen), 90)  # noqa: B023
    run = Webserver(node_port(NAMESPACE, DAGSTER.web)).launch()
    seen = other.tls_seen(15)
    assert {role for role, *_ in seen} >= {app.pod.username for app in APPS}, seen
    assert {ssl for _, _, ssl, _ in seen} == {"t"}, seen
    assert Webserver(node_port(NAMESPACE, DAGSTER.web)).wait(run) == "SUCCESS"
    assert moving.stack.up().check().changes == []


def test_the_old_servers_go_with_the_last_change(moving: OwnedStack, other: Other) -> None:
    stack = moving.unsettle()
    stack.set("moveFrom", None)
    for app in APPS:
        stack.set(f"{app.key}.database.embedded", None)
    releases = {app: get("secret", app.secret, NAMESPACE)["metadata"]["uid"] for app in APPS}
    stack.up().check()
    moving.settled = True
    for app in APPS:
        assert find("statefulset", app.service, NAMESPACE) is None
        assert not objects("job", SHARED, f"app.kubernetes.io/instance={app.secret}-move")
        assert get("secret", app.secret, NAMESPACE)["metadata"]["uid"] == releases[app]
    check_both_apps_work()


def test_back_again_with_what_was_written_since(moving: OwnedStack, other: Other) -> None:
    check_both_apps_work()
    on_the_other = checksums(lambda app, sql: other.query(app.pod.database, sql))
    tags = as_told_by_the_code_server()
    stack = moving.unsettle()
    stack.set("postgresql", EMBEDDED)
    stack.set("moveFrom", dict(other.settings))
    stack.set("airbyte.database.embedded", {"storageSize": "6Gi", "cpu": "50m"})
    stack.set(
        "dagster.database.embedded", {"storageSize": "2Gi", "memory": "512Mi", "cpu": "50m", "maxConnections": 50}
    )
    stack.up().check()
    assert checksums(in_pod) == on_the_other
    for app in APPS:
        assert reported_downtime(app) > 0
        assert CA_CERTIFICATE in secret_values(app.secret, NAMESPACE)
    check_both_apps_work()
    stack.set("moveFrom", None)
    stack.up().check()
    moving.settled = True
    check_both_apps_work()
    assert stack.up().check().changes == []
    for app in APPS:
        assert CA_CERTIFICATE not in secret_values(app.secret, NAMESPACE)
    run_job(tags)
    warnings = [event["message"] for event in objects("events", NAMESPACE) if event["reason"] == "FailedMount"]
    assert not [message for message in warnings if CA_CERTIFICATE in message]


@pytest.mark.parametrize("other", ["existing"], indirect=True)
def test_a_move_that_is_killed_is_turned_back(moving: OwnedStack, other: Other) -> None:
    moving.settle()
    rows = checksums(in_pod)
    stack = moving.unsettle()
    stack.set("postgresql", dict(other.settings))
    stack.set("moveFrom", EMBEDDED)
    stack.up_killed(lambda _: copying(AIRBYTE), group=True)
    stack.cancel()
    # What the killed command has begun goes on in the cluster; one app may be there already, the other is on its way.
    stack.set("postgresql", EMBEDDED)
    stack.set("moveFrom", dict(other.settings))
    stack.up().check()
    assert checksums(in_pod) == rows
    check_both_apps_work()
    stack.set("moveFrom", None)
    stack.up().check()
    moving.settled = True
    check_both_apps_work()


def generate(pod: DatabasePod) -> None:
    """Make a table of more than `MEGABYTES`."""
    pod.rows(GENERATED.format(rows=1950 * MEGABYTES))
    assert int(pod.value("SELECT pg_table_size('generated')")) > MEGABYTES * 10**6


def as_told_by_the_code_server() -> dict[str, str]:
    """Tags that give a run the volumes which the code server tells now, as a webserver gives them to each run.

    It may keep to them after a switch: one that starts while the code server is replaced may load the old one and watch
    the new one, which then never changes.
    """
    deployment = get("deployment", f"{DAGSTER.release}-dagster-user-deployments-example", NAMESPACE)
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (told,) = [env["value"] for env in container["env"] if env["name"].endswith("CONTAINER_CONTEXT")]
    context = json.loads(told)["k8s"]
    config = {
        "pod_spec_config": {"volumes": context["volumes"]},
        "container_config": {"volume_mounts": context["volume_mounts"]},
    }
    return {"dagster-k8s/config": json.dumps(config)}


def run_job(tags: Mapping[str, str] | None = None) -> None:
    """Run Dagster's example job to its end."""
    dagster = Webserver(node_port(NAMESPACE, DAGSTER.web))
    until("webserver with the example job", lambda: (dagster.is_ready(), "not yet"), 120)

    def launch() -> tuple[bool, str]:
        # A move that is turned back leaves the webserver as it was, with a connection that has been ended.
        try:
            return True, dagster.launch(tags=tags)
        except AssertionError as error:
            return False, str(error)

    assert dagster.wait(until("a run launched", launch, 30, every=2)) == "SUCCESS"


def check_both_apps_work() -> None:
    """See that each app does with its database what it is for."""
    health = node_port(NAMESPACE, AIRBYTE.web) + "/api/v1/health"
    until("Airbyte healthy", lambda: ((seen := http(health)).status == 200, seen), 120)
    run_job()


def in_pod(app: App, sql: str) -> str:
    """Answer of a query in the app's embedded database, as its superuser."""
    ((*values,),) = app.pod.rows(sql, username="postgres")
    return ",".join(values)


def checksums(query: Callable[[App, str], str]) -> dict[str, str]:
    """Rows and checksum of each table that nothing writes to while nothing runs; twice the same, so nothing runs."""
    seen: list[dict[str, str]] = []

    def look() -> tuple[bool, dict[str, str]]:
        seen.append(_checksums(query))
        return len(seen) > 1 and seen[-1] == seen[-2], seen[-1]

    return until("the last row of the last run", look, 120, every=3)


def _checksums(query: Callable[[App, str], str]) -> dict[str, str]:
    return {
        f"{app.key}.{table}": query(app, CHECKSUM.format(f'"{table}"'))
        for app, tables in TABLES.items()
        for table in tables
    }


def reported_downtime(app: App) -> int:
    """The downtime in seconds that the last Job of a move reports."""
    log = kubectl("logs", "--namespace", SHARED, f"job/{app.secret}-downtime")
    reported = re.fullmatch(rf"{app.key} downtime: (\d+) s\n", log)
    assert reported, log
    return int(reported[1])


def copying(app: App) -> bool:
    """Whether the app's database is being copied to the other server right now."""
    done = run("kubectl", "logs", *MOVE_LOG, f"app.kubernetes.io/instance={app.secret}-move")
    return done.stdout.rpartition("moving airbyte")[2].count("have been stopped since") == 1
