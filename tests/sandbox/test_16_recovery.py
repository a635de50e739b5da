"""A server of the CloudNativePG operator, restored under load to a point in time from an S3-compatible server."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sandbox.commits import writing
from tests.sandbox.count_commits import CONNECTIONS
from tests.sandbox.dagster import Webserver
from tests.sandbox.operator_stack import APPS, endpoint, object_storage, operator_stack, query, wait_backed_up
from tests.sandbox.owned import OwnedStack
from tests.sandbox.postgres_cluster import AIRBYTE, CLUSTER, DAGSTER, PostgresCluster
from tests.sandbox.stack import Outcome, Stack
from tests.sandbox.test_04_dagster import webserver
from tests.sandbox.test_05_airbyte import address
from tests.support.cluster import http, secret_values, shell, until

RESTORED = PostgresCluster(CLUSTER.namespace, "restored")
NOW = """SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')"""
SMALL = {"instances": 1, "synchronous": {"enabled": False}}
"""One instance is enough for what its backups say."""


@dataclass
class Recovery:
    """What was before, and what was asked for.

    Attributes:
        moment: the point in time, by the old server's clock.
        before: rows that were inserted before it.
        acknowledged: those of them whose commit was acknowledged before it.
        after: rows that were inserted after it.
        run: a run of Dagster that had succeeded before it.
        outcome: outcome of the `pulumi up` that restored.
    """

    owned: OwnedStack
    moment: str
    before: set[int]
    acknowledged: set[int]
    after: set[int]
    run: str
    outcome: Outcome


@pytest.fixture(scope="module")
def recovery(sandbox: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recovery]:
    folder = tmp_path_factory.mktemp("recovery")
    with operator_stack(folder) as owned:
        for name, value in SMALL.items():
            owned.stack.set(f"postgresql.server.{name}", value)
        owned.settle()
        store = object_storage()
        owned.stack.set("postgresql.server.backups", {"s3": store})
        # The old server goes as soon as the apps are on the new one.
        owned.stack.set("postgresql.server.deletionProtection", False)
        owned.stack.set("retainData", False)
        owned.unsettle().up().check()
        wait_backed_up(CLUSTER)

        run = webserver(DAGSTER).launch()
        assert webserver(DAGSTER).wait(run) == "SUCCESS"
        moment, acknowledged, before, after = _disaster(folder)

        stack = owned.stack
        stack.set("postgresql.server.name", RESTORED.name)
        stack.set("postgresql.server.instances", 2)
        stack.set("postgresql.server.restoreFrom", {"s3": store, "serverName": CLUSTER.name, "at": moment})
        yield Recovery(owned, moment, before, acknowledged, after, run, stack.up().check())


def _disaster(folder: Path) -> tuple[str, set[int], set[int], set[int]]:
    """Lose a table while rows are written; return a point in time before it, and rows as `Recovery` has them."""
    CLUSTER.rows(
        "SET ROLE dagster; DROP TABLE IF EXISTS commits;"
        "CREATE TABLE commits (number bigint PRIMARY KEY, inserted timestamptz DEFAULT clock_timestamp())",
        "dagster",
    )
    password = secret_values(DAGSTER.secret, DAGSTER.namespace)["password"]
    with writing(endpoint(DAGSTER, folder), password) as commits:
        commits.wait_for_more(500)
        acknowledged = set(commits.acknowledged)
        moment = f"{CLUSTER.value(NOW)}Z"
        commits.wait_for_more(500)
        CLUSTER.rows("DROP TABLE connection CASCADE", "airbyte")
        commits.wait_for_more(500)
    rows = CLUSTER.rows(f"SELECT number, inserted <= '{moment}' FROM commits", "dagster")  # noqa: S608 - our own text
    before, after = ({int(number) for number, earlier in rows if earlier == word} for word in "tf")
    segment = CLUSTER.value("SELECT pg_walfile_name(pg_switch_wal())")
    archived = "SELECT last_archived_wal FROM pg_stat_archiver"
    until(f"WAL {segment} archived", lambda: ((seen := CLUSTER.value(archived)) >= segment, seen), 120)
    return moment, acknowledged, before, after


def test_every_row_before_the_point_is_there_and_none_after(
    recovery: Recovery, capfd: pytest.CaptureFixture[str]
) -> None:
    there = {int(number) for (number,) in RESTORED.rows("SELECT number FROM commits", "dagster")}
    with capfd.disabled():
        counts = f"{len(recovery.before)} before, {len(recovery.after)} after, {len(there)} restored"
        print(f"\nrows: {counts}; pulumi up with the recovery: {recovery.outcome.seconds:.0f} s")
    assert len(recovery.acknowledged) >= 500
    assert len(recovery.after) >= 500
    assert recovery.acknowledged - there == set()
    # Each connection may have been between a row and its commit.
    assert len(recovery.before - there) <= CONNECTIONS
    assert recovery.after & there == set()
    assert RESTORED.value("SELECT count(*) > 0 FROM pg_class WHERE relname = 'connection'", "airbyte") == "t"


def test_both_roles_log_in_with_the_passwords_of_their_secrets(recovery: Recovery, tmp_path: Path) -> None:
    for app in APPS:
        place = endpoint(app, tmp_path)
        assert place["host"] == f"{RESTORED.name}-rw.{RESTORED.namespace}.svc.cluster.local"
        assert query(place, secret_values(app.secret, app.namespace)["password"], "SELECT current_user") == app.key


def test_both_apps_go_on_with_what_they_had(recovery: Recovery) -> None:
    dagster: Webserver = webserver(DAGSTER)
    assert dagster.wait(recovery.run) == "SUCCESS"
    assert dagster.wait(dagster.launch()) == "SUCCESS"
    until("Airbyte healthy", lambda: ((seen := http(f"{address(AIRBYTE)}/api/v1/health")).status == 200, seen))


def test_the_operator_created_no_database_and_the_old_server_is_gone(recovery: Recovery) -> None:
    RESTORED.wait_healthy()
    names = RESTORED.rows("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
    assert names == [["airbyte"], ["dagster"], ["postgres"], ["temporal"], ["temporal_visibility"]]
    roles = RESTORED.rows("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1")
    assert roles == [["airbyte"], ["dagster"], ["postgres"], ["streaming_replica"]]
    assert {pod["metadata"]["labels"]["cnpg.io/cluster"] for pod in RESTORED.pods()} == {RESTORED.name}
    until("the old pods gone", lambda: ((pods := CLUSTER.pods()) == [], pods), 120)


def test_the_new_server_writes_backups_of_its_own_and_tells_of_them(recovery: Recovery) -> None:
    wait_backed_up(RESTORED)
    command: str = recovery.owned.stack.outputs()["postgresql"]["backups"]

    def told() -> tuple[bool, str]:
        heading, values = shell(command).stdout.splitlines()
        assert heading.split() == ["LAST", "FAILED", "SINCE"]
        last, failed, since = values.split()
        return last == since != "<none>" == failed, values

    until("the backup is told of", told, 60)


def test_restore_from_is_read_once(recovery: Recovery) -> None:
    stack, instances = recovery.owned.unsettle(), {pod["metadata"]["uid"] for pod in RESTORED.pods()}
    assert stack.up().check().changes == []
    stack.set("postgresql.server.restoreFrom.at", "2026-01-01T00:00:00Z")
    refused: subprocess.CompletedProcess[str] = stack.preview().done
    assert refused.returncode != 0
    assert "`restoreFrom` says s3://postgresql/sandbox/postgresql, at 2026-01-01 00:00:00+00, but" in refused.stdout
    assert f"at {recovery.moment[:10]} {recovery.moment[11:-1]}+00. A server" in refused.stdout
    stack.set("postgresql.server.restoreFrom", None)
    assert stack.up().check().changes == []
    assert {pod["metadata"]["uid"] for pod in RESTORED.pods()} == instances
