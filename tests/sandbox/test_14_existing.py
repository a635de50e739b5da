"""Both apps on one PostgreSQL that somebody else runs, outside the cluster; its admin is no superuser."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.sandbox.dagster import Webserver
from tests.sandbox.deployments import STACK_FILES
from tests.sandbox.outside import ADMIN, OutsideServer, outside_server
from tests.sandbox.owned import OwnedStack
from tests.sandbox.stack import Outcome
from tests.sandbox.sweep import passwords, sweep
from tests.support.cluster import Reply, described, get, http, kubectl, node_port, ok, secret_values, shell, until
from tests.support.kinds import PASSWORD

NAMESPACES = ["existing-airbyte", "existing-dagster", "existing-postgresql"]
SECRETS = {"airbyte": ("airbyte-database", "existing-airbyte"), "dagster": ("dagster-database", "existing-dagster")}
LIMITS = "SELECT rolname, rolconnlimit, rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = '{}'"


@dataclass(frozen=True)
class Deployed:
    """The stack on its server."""

    stack: OwnedStack
    outside: OutsideServer
    first: Outcome


@contextmanager
def stack_on(outside: OutsideServer, folder: Path) -> Iterator[OwnedStack]:
    """The stack of `existing.yaml`, its file completed and nothing deployed."""
    with OwnedStack(STACK_FILES / "existing.yaml", folder, NAMESPACES) as owned:
        stack = owned.stack
        stack.set("postgresql.server.host", outside.host)
        stack.set("postgresql.server.port", outside.port)
        if outside.ca_certificate:
            stack.set("postgresql.server.caCertificates", outside.ca_certificate)
        yield owned


def encrypt_admin_password(owned: OwnedStack, password: str) -> None:
    stack = owned.stack
    argv = ("pulumi", "config", "set", "--secret", "lakehouse:adminPassword", "--stack", stack.name)
    ok(*argv, "--config-file", str(stack.file), input=password)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Both apps on a server that takes TLS connections alone, its admin's password encrypted in the stack file."""
    with (
        outside_server(tls=True) as outside,
        stack_on(outside, tmp_path_factory.mktemp("existing")) as owned,
    ):
        encrypt_admin_password(owned, outside.password)
        yield Deployed(owned, outside, owned.stack.up().check())


def webserver() -> Webserver:
    found = Webserver(node_port("existing-dagster", "dagster-dagster-webserver"))
    until("webserver with the example job", lambda: (found.is_ready(), http(f"{found.address}/server_info")), 120)
    return found


def airbyte_health() -> Reply:
    address = node_port("existing-airbyte", "airbyte-airbyte-server-svc")
    return until("Airbyte healthy", lambda: ((r := http(f"{address}/api/v1/health")).status == 200, r), 120)


def test_no_server_is_made_and_the_outputs_say_where_it_is(deployed: Deployed) -> None:
    assert not [change for change in deployed.first.changes if "StatefulSet" in change.type]
    for app, output in deployed.stack.stack.outputs().items():
        assert (output["mode"], output["host"], output["port"]) == (
            "standalone",
            deployed.outside.host,
            deployed.outside.port,
        )
        assert output["database"] == app


def test_both_apps_are_connected_by_tls(deployed: Deployed) -> None:
    with ThreadPoolExecutor(1) as pool:
        # Connections come and go with what the apps do.
        seen = pool.submit(deployed.outside.tls_seen, 15)
        for _ in range(10):
            assert webserver().is_ready()
            airbyte_health()
        assert {(role, ssl) for role, _, ssl, _ in seen.result()} == {("airbyte", "t"), ("dagster", "t")}


def test_clients_check_the_certificate(deployed: Deployed) -> None:
    for secret, namespace in SECRETS.values():
        values = secret_values(secret, namespace)
        assert values["ca.crt"] == deployed.outside.ca_certificate
        assert values["uri"].endswith("?sslmode=verify-full")


def test_a_dagster_run_goes_to_its_end(deployed: Deployed) -> None:
    dagster = webserver()
    run = dagster.launch()
    assert dagster.wait(run) == "SUCCESS"
    found = deployed.outside.rows(f"SELECT status FROM runs WHERE run_id = '{run}'", "dagster")  # noqa: S608
    assert found == [["SUCCESS"]]


def test_airbyte_answers_from_its_database(deployed: Deployed) -> None:
    assert airbyte_health().json()["available"] is True
    assert deployed.outside.rows("SELECT count(*) >= 0 FROM connection", "airbyte") == [["t"]]
    for database, extension in (("airbyte", "pg_trgm"), ("temporal_visibility", "btree_gin")):
        assert [extension] in deployed.outside.rows("SELECT extname FROM pg_extension", database)


def test_roles_may_what_the_stack_file_says_and_not_open_each_others_databases(deployed: Deployed) -> None:
    assert deployed.outside.rows(LIMITS.format("airbyte")) == [["airbyte", "60", "f"]]
    assert deployed.outside.rows(LIMITS.format("dagster")) == [["dagster", "-1", "f"]]
    configured = dict(deployed.outside.rows("SELECT rolname, rolconfig FROM pg_roles WHERE rolname = 'dagster'"))
    assert "idle_in_transaction_session_timeout=300s" in configured["dagster"]
    for app, other in (("airbyte", "dagster"), ("dagster", "airbyte")):
        values = secret_values(*SECRETS[app])
        done = deployed.outside.server.root.run(
            "psql", f"host={deployed.outside.host} port={values['port']} user={app} dbname={other} sslmode=require",
            env={"PGPASSWORD": values["password"]},
        )  # fmt: skip
        assert f'permission denied for database "{other}"' in done.stderr, described(done)


@pytest.mark.parametrize("app", SECRETS)
def test_psql_and_pg_dump_commands_work_verbatim(deployed: Deployed, app: str, tmp_path: Path) -> None:
    output = deployed.stack.stack.outputs()[app]
    # What a person types into the session comes from standard input, which is no terminal here.
    session = output["psqlCommand"].replace(" -it ", " -i ", 1)
    done = shell(session, input="SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid();\n")
    assert f"{app} " in done.stdout, described(done)
    assert "| t" in done.stdout, described(done)
    done = shell(f"cd {tmp_path} && {output['pgDumpCommand']}")
    assert done.returncode == 0, described(done)
    assert "\n-- PostgreSQL database dump complete\n" in (tmp_path / f"{app}.sql").read_text()


def test_a_second_up_changes_nothing(deployed: Deployed) -> None:
    for _ in range(2):
        assert deployed.stack.stack.up("--expect-no-changes").check().changes == []


def test_passwords_are_in_their_secrets_alone(deployed: Deployed) -> None:
    stack = deployed.stack.stack
    words = {**passwords(stack), "admin": deployed.outside.password}
    found = sweep(words, [stack])
    apps = {f"{namespace}/{secret}" for secret, namespace in SECRETS.values()}
    jobs = {f"existing-postgresql/{secret}-bootstrap" for secret, _ in SECRETS.values()}
    allowed = {*apps, *jobs, "existing-postgresql/postgresql-admin", "existing-airbyte/airbyte-object-storage"}
    assert {finding.place for finding in found} == {"secrets"}, found
    assert {finding.where.partition(" ")[0] for finding in found} <= allowed
    admins = {finding.where for finding in found if finding.word == "admin"}
    assert admins == {"existing-postgresql/postgresql-admin password"}
    assert {r["type"] for r in stack.resources()} >= {PASSWORD}


def test_changed_limits_run_the_bootstrap_again_and_nothing_else(deployed: Deployed) -> None:
    stack = deployed.stack.stack
    job = get("job", "airbyte-database-bootstrap", "existing-postgresql")["metadata"]["uid"]
    stack.set("airbyte.database.connectionLimit", 70)
    changed = stack.up().check().changes
    assert {change.name for change in changed} == {"airbyte-database-bootstrap"}
    assert get("job", "airbyte-database-bootstrap", "existing-postgresql")["metadata"]["uid"] != job
    assert deployed.outside.rows(LIMITS.format("airbyte")) == [["airbyte", "70", "f"]]


def test_destroy_leaves_the_server_and_its_rows_alone(deployed: Deployed) -> None:
    runs = deployed.outside.rows("SELECT count(*) FROM runs", "dagster")
    deployed.stack.stack.destroy().check()
    assert deployed.outside.rows("SELECT count(*) FROM runs", "dagster") == runs != [["0"]]


def test_without_tls_with_a_secret_made_by_hand(tmp_path: Path) -> None:
    with outside_server(tls=False) as outside, stack_on(outside, tmp_path) as owned:
        kubectl("create", "namespace", "existing-postgresql")
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "company-admin", "namespace": "existing-postgresql"},
            "stringData": {"login": ADMIN, "word": outside.password},
        }
        kubectl("apply", "--filename=-", input=yaml.safe_dump(secret))
        owned.stack.set("airbyte.enabled", False)
        owned.stack.set("postgresql.server.tls", "disable")
        owned.stack.set("postgresql.server.admin", {
            "secretName": "company-admin", "usernameKey": "login", "passwordKey": "word",
        })  # fmt: skip
        owned.stack.up().check()
        dagster = webserver()
        assert dagster.wait(dagster.launch()) == "SUCCESS"
        outside.server.psql("SELECT 1")
        # The namespace and the Secret are not the program's: they stay.
        owned.stack.destroy().check()
        assert secret_values("company-admin", "existing-postgresql")["login"] == ADMIN
