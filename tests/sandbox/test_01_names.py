"""Names as people know them, and the commands that they paste."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox import rows_to_keep
from tests.sandbox.deployments import AIRBYTE, DAGSTER, TWIN_AIRBYTE, TWIN_DAGSTER, App
from tests.sandbox.stack import Stack
from tests.sandbox.terminal import terminal
from tests.support.cluster import described, find, get, is_ready, shell

SCRATCH = "restored"

PSQL = {
    AIRBYTE: "kubectl exec -it -n airbyte airbyte-airbyte-postgresql-0 -- psql -U airbyte -d airbyte",
    DAGSTER: "kubectl exec -it -n dagster dagster-postgresql-0 -- psql -U dagster -d dagster",
    TWIN_AIRBYTE: "kubectl exec -it -n twin ingest-airbyte-postgresql-0 -- psql -U ingest_user -d ingest_db",
    TWIN_DAGSTER: "kubectl exec -it -n twin jobs-postgresql-0 -- psql -U jobs_user -d jobs_db",
}
PG_DUMP = {
    AIRBYTE: "kubectl exec -n airbyte airbyte-airbyte-postgresql-0 -- pg_dump -U airbyte airbyte",
    DAGSTER: "kubectl exec -n dagster dagster-postgresql-0 -- pg_dump -U dagster dagster",
    TWIN_AIRBYTE: "kubectl exec -n twin ingest-airbyte-postgresql-0 -- pg_dump -U ingest_user ingest_db",
    TWIN_DAGSTER: "kubectl exec -n twin jobs-postgresql-0 -- pg_dump -U jobs_user jobs_db",
}
ADDRESS = {
    AIRBYTE: "http://airbyte-airbyte-server-svc.airbyte.svc.cluster.local:8001",
    DAGSTER: "http://dagster-dagster-webserver.dagster.svc.cluster.local",
    TWIN_AIRBYTE: "http://ingest-airbyte-server-svc.twin.svc.cluster.local:8001",
    TWIN_DAGSTER: "http://jobs-dagster-webserver.twin.svc.cluster.local",
}


def outputs_of(app: App, tmp_path: Path, *, secrets: bool = False) -> dict[str, object]:
    """The stack outputs of one app."""
    return Stack.of_checkout(app.stack, tmp_path).outputs(secrets=secrets)[app.key]


def test_pod_service_and_claim_have_the_names_that_people_know(app: App) -> None:
    assert is_ready(find("pod", app.pod.name, app.namespace))
    service = get("service", app.service, app.namespace)
    assert [port["port"] for port in service["spec"]["ports"]] == [5432]
    claim = get("persistentvolumeclaim", app.claim, app.namespace)
    assert claim["status"]["phase"] == "Bound"
    assert claim["status"]["capacity"]["storage"] == app.size
    secret = get("secret", app.secret, app.namespace)
    assert {"host", "port", "database", "username", "password", "uri", "jdbc-url"} <= secret["data"].keys()


def test_role_owns_its_databases(app: App) -> None:
    owned = app.pod.rows("SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = current_user ORDER BY 1")
    further = ["temporal", "temporal_visibility"] if app.key == "airbyte" else []
    assert [row[0] for row in owned] == sorted([app.pod.database, *further])
    role = "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    assert app.pod.value(role) == "f"


def test_outputs_tell_all_that_a_client_needs(app: App, tmp_path: Path) -> None:
    assert outputs_of(app, tmp_path) == {
        "mode": "embedded",
        "host": f"{app.service}.{app.namespace}.svc.cluster.local",
        "port": 5432,
        "database": app.pod.database,
        "username": app.pod.username,
        "secretName": app.secret,
        "connectionString": "[secret]",
        "psqlCommand": PSQL[app],
        "pgDumpCommand": f"{PG_DUMP[app]} > {app.pod.database}.sql",
        "address": ADDRESS[app],
    }


def test_connection_string_opens_a_session_from_another_pod(app: App, tmp_path: Path) -> None:
    uri = str(outputs_of(app, tmp_path, secrets=True)["connectionString"])
    other = next(pod for pod in (AIRBYTE.pod, DAGSTER.pod) if pod.name != app.pod.name)
    client = 'IFS= read -r uri; exec psql --no-psqlrc --csv --tuples-only --dbname "$uri" --command "$1"'
    sql = "SELECT current_user, current_database(), inet_server_port()"
    shown = other.output("sh", "-c", client, "sh", sql, input=f"{uri}\n")
    assert shown.strip() == f"{app.pod.username},{app.pod.database},5432"

    wrong = re.sub(r":[^:@/]+@", ":not-the-password@", uri)
    refused = other.exec("sh", "-c", client, "sh", sql, input=f"{wrong}\n")
    assert "password authentication failed" in refused.stderr, described(refused)


def test_psql_command_opens_a_session_in_a_terminal(app: App, tmp_path: Path) -> None:
    with terminal(str(outputs_of(app, tmp_path)["psqlCommand"])) as session:
        session.wait_for(rf"{app.pod.database}=> ")
        session.type("SELECT current_user || '@' || current_database() AS me;")
        assert f"{app.pod.username}@{app.pod.database}" in session.wait_for(r"\(1 row\)")
        session.type(r"\q")


@pytest.fixture
def scratch(app: App) -> Iterator[None]:
    """Rows in the app's database, and an empty database to restore into; both gone afterwards."""
    rows_to_keep.write(app.pod)
    app.pod.rows(f"DROP DATABASE IF EXISTS {SCRATCH}", username="postgres")
    app.pod.rows(f"CREATE DATABASE {SCRATCH} OWNER {app.pod.username} TEMPLATE template0", username="postgres")
    yield
    app.pod.rows(f"DROP DATABASE {SCRATCH}", username="postgres")
    rows_to_keep.drop(app.pod)


@pytest.mark.usefixtures("scratch")
def test_dump_and_restore_by_the_commands_that_people_paste(app: App, tmp_path: Path) -> None:
    dumped = shell(f"{PG_DUMP[app]} > f.sql", cwd=tmp_path)
    assert dumped.returncode == 0, described(dumped)
    restored = shell(
        f"cat f.sql | kubectl exec -i -n {app.namespace} {app.pod.name} --"
        f" psql -U {app.pod.username} -d {SCRATCH} -v ON_ERROR_STOP=1",
        cwd=tmp_path,
    )
    assert restored.returncode == 0, described(restored)

    assert rows_to_keep.read(app.pod, SCRATCH) == rows_to_keep.ROWS
    assert schema(app, SCRATCH) == schema(app, app.pod.database)
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert int(app.pod.value(tables, database=SCRATCH)) > 5


@pytest.mark.usefixtures("sandbox")
def test_pg_dump_command_of_the_outputs_writes_a_file(app: App, tmp_path: Path) -> None:
    done = shell(str(outputs_of(app, tmp_path)["pgDumpCommand"]), cwd=tmp_path)
    assert done.returncode == 0, described(done)
    text = (tmp_path / f"{app.pod.database}.sql").read_text()
    assert "PostgreSQL database dump complete" in text
    assert "CREATE TABLE public." in text


def schema(app: App, database: str) -> str:
    """The schema as pg_dump writes it, without what differs from one run to the next."""
    text = app.pod.output("pg_dump", "-U", app.pod.username, "--schema-only", database)
    return "\n".join(line for line in text.splitlines() if not re.match(r"\\(un)?restrict ", line))


def test_df_shows_the_volume_of_the_claim(app: App) -> None:
    df = f"kubectl exec -n {app.namespace} {app.pod.name} -- df"
    shown = shell(f"{df} -h /var/lib/postgresql")
    assert shown.returncode == 0, described(shown)
    _, line = shown.stdout.splitlines()
    assert line.endswith(" /var/lib/postgresql")
    assert not line.startswith("overlay")
    # A file system keeps some of its volume for itself.
    size = int(app.pod.output("df", "--block-size=1", "--output=size", "/var/lib/postgresql").split()[1])
    claimed = int(app.size.removesuffix("Gi")) * 2**30
    assert 0.9 * claimed <= size <= claimed, line
