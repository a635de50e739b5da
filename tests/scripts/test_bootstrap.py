"""bootstrap.sh on a real PostgreSQL: what a Database promises to an app."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.postgres import DatabaseServer

APP = {"username": "airbyte", "password": "first-password", "databases": "airbyte temporal temporal_visibility"}
AWKWARD = 'it\'s \\ a "quoted" $password% with `all` @:/?#&; --'


@pytest.fixture
def running(server: DatabaseServer) -> DatabaseServer:
    server.prepare("admin")
    server.start()
    return server


def bootstrap(server: DatabaseServer, **changes: str) -> subprocess.CompletedProcess[str]:
    return server.bootstrap(admin_password="admin", **{**APP, **changes})


def test_role_and_databases_are_made_and_owned(running: DatabaseServer) -> None:
    done = bootstrap(running)

    assert done.returncode == 0, done.stderr
    owned = (
        "SELECT datname FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba WHERE rolname = 'airbyte' ORDER BY 1"
    )
    assert running.psql(owned).split() == ["airbyte", "temporal", "temporal_visibility"]
    assert running.login("airbyte", "first-password", "airbyte").stdout.strip() == "airbyte"


def test_a_second_run_changes_nothing_but_the_password(running: DatabaseServer) -> None:
    bootstrap(running)
    running.psql("CREATE TABLE kept AS SELECT 7 AS n", user="airbyte", database="airbyte")

    done = bootstrap(running, password="second-password")
    assert done.returncode == 0, done.stderr
    assert running.login("airbyte", "second-password", "airbyte").returncode == 0
    assert running.login("airbyte", "first-password", "airbyte").returncode != 0
    assert running.psql("SELECT n FROM kept", user="airbyte", database="airbyte") == "7"


def test_many_runs_at_once_agree(running: DatabaseServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: bootstrap(running), range(8)))
    assert [run.returncode for run in runs] == [0] * 8, runs


def test_a_further_database_is_added_to_those_there(running: DatabaseServer) -> None:
    bootstrap(running, databases="airbyte")
    assert bootstrap(running).returncode == 0
    assert running.psql("SELECT count(*) FROM pg_database WHERE datname LIKE 'temporal%'") == "2"


def test_names_and_passwords_of_any_characters_work(running: DatabaseServer) -> None:
    role, database = "odd \"role\" 'name'", "odd-database;drop"
    done = bootstrap(running, username=role, password=AWKWARD, databases=database)

    assert done.returncode == 0, done.stderr
    assert running.login(role, AWKWARD, database).stdout.strip() == role


def test_another_apps_role_cannot_open_the_database(running: DatabaseServer) -> None:
    bootstrap(running)
    bootstrap(running, username="dagster", password="other", databases="dagster")

    refused = running.login("dagster", "other", "airbyte")
    assert "permission denied for database" in refused.stderr


def test_a_database_of_another_role_is_refused_and_left_alone(running: DatabaseServer) -> None:
    bootstrap(running)

    done = bootstrap(running, username="renamed")
    assert done.returncode != 0
    assert "belongs to role airbyte, not to renamed" in done.stderr
    assert running.login("airbyte", "first-password", "airbyte").returncode == 0


def test_the_server_never_sees_the_password_in_clear(running: DatabaseServer) -> None:
    running.psql("ALTER SYSTEM SET log_statement = 'all'")
    running.psql("SELECT pg_reload_conf()")
    done = bootstrap(running)

    assert "SCRAM-SHA-256$" in running.log()
    assert "first-password" not in running.log() + done.stdout + done.stderr


def test_it_waits_for_a_server_that_is_still_starting(server: DatabaseServer) -> None:
    server.prepare("admin")
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(bootstrap, server)
        server.start()
        done = run.result()
    assert done.returncode == 0, done.stderr


def test_a_server_that_refuses_is_told_in_its_own_words(running: DatabaseServer) -> None:
    done = running.bootstrap(admin_password="wrong", wait_seconds=3, **APP)

    assert done.returncode == 1
    assert 'password authentication failed for user "postgres"' in done.stderr
    assert "wrong" not in done.stderr


@pytest.mark.parametrize("iterations", ["1", "4096", "10000"])
def test_the_verifier_has_as_many_rounds_as_asked_for(running: DatabaseServer, iterations: str) -> None:
    assert bootstrap(running, scram_iterations=iterations).returncode == 0

    verifier = running.psql("SELECT rolpassword FROM pg_authid WHERE rolname = 'airbyte'")
    assert verifier.startswith(f"SCRAM-SHA-256${iterations}:")
    assert running.login("airbyte", "first-password", "airbyte").returncode == 0
