"""bootstrap.sh on a real PostgreSQL: what an app can rely on."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from components.postgres.scram import verifier
from tests.support.postgres import SALT, DatabaseServer

APP = {"username": "airbyte", "password": "first-password", "databases": "airbyte\ntemporal\ntemporal_visibility"}
AWKWARD = 'it\'s \\ a "quoted" $password% with `all` @:/?#&; --'


def bootstrap(server: DatabaseServer, **changes: str) -> subprocess.CompletedProcess[str]:
    return server.bootstrap(admin_password="admin", **{**APP, **changes})


def test_role_and_databases_are_created(running: DatabaseServer) -> None:
    done = bootstrap(running)

    assert done.returncode == 0, done.stderr
    owned = (
        "SELECT datname FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba WHERE rolname = 'airbyte' ORDER BY 1"
    )
    assert running.psql(owned).split() == ["airbyte", "temporal", "temporal_visibility"]
    assert running.login("airbyte", "first-password", "airbyte").stdout.strip() == "airbyte"


def test_a_second_run_changes_nothing_but_the_password(running: DatabaseServer) -> None:
    bootstrap(running)
    running.psql("CREATE TABLE seven AS SELECT 7 AS n", user="airbyte", database="airbyte")

    done = bootstrap(running, password="second-password")
    assert done.returncode == 0, done.stderr
    assert running.login("airbyte", "second-password", "airbyte").returncode == 0
    assert running.login("airbyte", "first-password", "airbyte").returncode != 0
    assert running.psql("SELECT n FROM seven", user="airbyte", database="airbyte") == "7"


def test_many_runs_at_once_agree(running: DatabaseServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: bootstrap(running), range(8)))
    assert [run.returncode for run in runs] == [0] * 8, runs


def test_a_further_database_is_added_to_existing_ones(running: DatabaseServer) -> None:
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
    assert done.returncode == 3
    assert "database airbyte belongs to role airbyte, not to renamed, and was created by this stack" in done.stderr
    assert running.login("airbyte", "first-password", "airbyte").returncode == 0

    running.psql("ALTER ROLE airbyte RENAME TO renamed")  # as the message says
    assert bootstrap(running, username="renamed").returncode == 0
    assert running.login("renamed", "first-password", "airbyte").returncode == 0


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


def test_an_error_of_the_server_is_reported_verbatim(running: DatabaseServer) -> None:
    done = running.bootstrap(admin_password="not-this-one", **APP)

    assert done.returncode == 3
    assert 'password authentication failed for user "postgres"' in done.stderr
    assert "check the role's name and password in Secret db-admin" in done.stderr
    assert "not-this-one" not in done.stderr + done.stdout


@pytest.mark.parametrize("iterations", ["1", "4096", "10000"])
def test_the_verifier_has_the_given_number_of_iterations(running: DatabaseServer, iterations: str) -> None:
    assert bootstrap(running, scram_iterations=iterations).returncode == 0

    verifier = running.psql("SELECT rolpassword FROM pg_authid WHERE rolname = 'airbyte'")
    assert verifier.startswith(f"SCRAM-SHA-256${iterations}:")
    assert running.login("airbyte", "first-password", "airbyte").returncode == 0


def test_a_password_that_the_server_hashed_itself_gets_the_verifier_and_locks_nobody_out(
    running: DatabaseServer,
) -> None:
    """Earlier versions of the program let psql compute the verifier, with a salt of its own."""
    assert bootstrap(running).returncode == 0
    running.psql("ALTER ROLE airbyte PASSWORD 'first-password'")
    verifiers = "SELECT rolpassword FROM pg_authid WHERE rolname = 'airbyte'"
    wanted = verifier("first-password", SALT, 4096)
    assert running.psql(verifiers) != wanted
    with running.session("airbyte", "first-password", "airbyte"):
        assert bootstrap(running).returncode == 0
        assert running.psql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'airbyte'") == "1"
    assert running.psql(verifiers) == wanted
    assert running.login("airbyte", "first-password", "airbyte").returncode == 0


def test_extensions_are_created_in_their_databases(running: DatabaseServer) -> None:
    for _ in range(2):
        done = bootstrap(running, extensions="temporal_visibility:btree_gin\nairbyte:pg_trgm\nairbyte:uuid-ossp")
        assert done.returncode == 0, done.stderr
    names = "SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension"
    assert running.psql(names, database="airbyte") == "pg_trgm plpgsql uuid-ossp"
    assert running.psql(names, database="temporal_visibility") == "btree_gin plpgsql"
    assert running.psql(names, database="temporal") == "plpgsql"


def test_an_extension_that_is_not_available_is_reported(running: DatabaseServer) -> None:
    done = bootstrap(running, extensions="airbyte:nobody_has_it")
    assert done.returncode == 3
    assert "extension nobody_has_it is not available on this server" in done.stderr
    assert "remove it from the stack file" in done.stderr
    assert running.psql("SELECT count(*) FROM pg_roles WHERE rolname = 'airbyte'") == "0"
    assert bootstrap(running).returncode == 0


def test_limits_are_set_and_reset(running: DatabaseServer) -> None:
    connections = "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'airbyte'"
    timeouts = "SELECT concat(current_setting('statement_timeout'), ' ', {})".format(
        "current_setting('idle_in_transaction_session_timeout')"
    )
    bootstrap(running, connection_limit="7", statement_timeout="90", idle_timeout="30")
    assert running.psql(connections) == "7"
    assert running.psql(timeouts, user="airbyte", database="airbyte") == "90s 30s"

    bootstrap(running)
    assert running.psql(connections) == "-1"
    assert running.psql(timeouts, user="airbyte", database="airbyte") == "0 0"


def test_an_admin_that_is_not_a_superuser_suffices(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE provisioner LOGIN CREATEROLE CREATEDB PASSWORD 'admin'")
    # Two apps, and each a second time, as after a change of its password.
    for username, databases in 2 * (("airbyte", APP["databases"]), ("dagster", "dagster")):
        done = bootstrap(
            running, admin="provisioner", username=username, databases=databases, connection_limit="9",
            statement_timeout="5", extensions=f"{databases.split()[-1]}:btree_gin",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert running.login("airbyte", "first-password", "temporal").stdout.strip() == "airbyte"
    assert "permission denied" in running.login("dagster", "first-password", "airbyte").stderr
    assert running.login("provisioner", "admin", "airbyte").returncode == 0
    running.psql("CREATE TABLE mine (n int)", user="dagster", database="dagster")
