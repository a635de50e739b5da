"""Airbyte's stand-in at work: what it does with its database is what Airbyte does."""

from tests.sandbox.deployments import AIRBYTE, TWIN_AIRBYTE, App
from tests.sandbox.owned import OwnedStack
from tests.sandbox.stack import Stack
from tests.sandbox.temporal import most_connections, workflows
from tests.support.cluster import http, kubectl, node_port, secret_values, until

NEWEST = "SELECT id, name, status, schedule FROM connection ORDER BY created_at DESC LIMIT 10"

SOURCES = {
    "temporal": "SELECT max(last_heartbeat) FROM cluster_membership",
    "temporal_visibility": "SELECT max(start_time) FROM executions_visibility WHERE workflow_id = 'stand-in-heartbeat'",
}
"""Databases of Temporal, and what in them is the newer, the later the heartbeat."""


def address(app: App) -> str:
    """Where the API answers."""
    return node_port(app.namespace, app.web)


def token(app: App) -> str:
    """A token for the API, from the credentials that the bootloader generated."""
    secret = secret_values("airbyte-auth-secrets", app.namespace)
    keys = {"client_id": "instance-admin-client-id", "client_secret": "instance-admin-client-secret"}
    body = {name: secret[key] for name, key in keys.items()}
    reply = http(f"{address(app)}/api/v1/applications/token", body)
    assert reply.status == 200, reply
    return str(reply.json()["access_token"])


def test_connection_made_by_the_api_is_found_in_the_database(sandbox: Stack) -> None:
    wanted = {"name": "it's 100% «quoted»", "status": "inactive", "schedule": {"units": 6, "timeUnit": "hours"}}
    url = f"{address(AIRBYTE)}/api/v1/connections/create"
    assert http(url, wanted).status == 401
    made = http(url, wanted, token=token(AIRBYTE))
    assert made.status == 200, made

    newest, *_ = AIRBYTE.pod.rows(NEWEST)
    assert newest[:3] == [made.json()["connectionId"], "it's 100% «quoted»", "inactive"]
    assert newest[3].replace(" ", "") == '{"units":6,"timeUnit":"hours"}'


def test_page_says_what_it_is_and_lists_connections(sandbox: Stack) -> None:
    page = http(address(AIRBYTE))
    assert page.status == 200
    assert "This is not Airbyte" in page.text
    assert "stand-in" in page.text


def test_health_is_bad_while_the_table_cannot_be_read(twin: OwnedStack) -> None:
    health = f"{address(TWIN_AIRBYTE)}/api/v1/health"
    until("healthy", lambda: ((seen := http(health)).status == 200, seen))
    TWIN_AIRBYTE.pod.rows("ALTER TABLE connection RENAME TO hidden")
    try:
        until("not healthy", lambda: ((seen := http(health)).status == 503, seen))
    finally:
        TWIN_AIRBYTE.pod.rows("ALTER TABLE hidden RENAME TO connection")
    until("healthy again", lambda: ((seen := http(health)).status == 200, seen))


def test_temporal_sets_up_and_uses_both_of_its_databases(sandbox: Stack) -> None:
    for database in SOURCES:
        assert AIRBYTE.pod.value("SELECT curr_version FROM schema_version", database=database)
    names = AIRBYTE.pod.rows("SELECT name FROM namespaces ORDER BY 1", database="temporal")
    assert names == [["default"], ["temporal-system"]]

    def heartbeats() -> dict[str, str]:
        return {database: AIRBYTE.pod.value(newest, database=database) for database, newest in SOURCES.items()}

    before = heartbeats()
    until(
        "new heartbeats in both databases",
        lambda: (all((seen := heartbeats())[database] > before[database] for database in SOURCES), seen),
    )


def test_temporal_opens_no_more_than_four_pools_of_the_given_size_to_each_database(twin: OwnedStack) -> None:
    with most_connections(TWIN_AIRBYTE.pod) as most, workflows(TWIN_AIRBYTE.namespace, "ingest", 100, 1) as running:
        assert running.completed(240) == 100
    # The stack file gives pools of 2 and 1. A pool opens a connection when it needs it: how many do is chance.
    assert 0 < most["temporal"] <= 4 * 2
    assert 0 < most["temporal_visibility"] <= 4 * 1


def test_workflows_go_on_after_temporal_and_its_database_were_killed(twin: OwnedStack) -> None:
    namespace, pod = TWIN_AIRBYTE.namespace, TWIN_AIRBYTE.pod
    with workflows(namespace, "ingest", 20, 15) as running:
        running.wait_started()
        former = pod.wait_ready()["metadata"]["uid"]
        selector = "app.kubernetes.io/name=temporal,app.kubernetes.io/instance=ingest"
        kubectl("delete", "pod", "-n", namespace, "--selector", selector, "--force", "--grace-period=0")
        kubectl("delete", "pod", "-n", namespace, pod.name, "--force", "--grace-period=0")
        pod.wait_ready(other_than=former)
        assert running.completed(240) == 20
