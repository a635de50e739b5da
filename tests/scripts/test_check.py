"""check.sh: an app's requirements on an existing role and its databases; all that is missing is reported at once."""

import subprocess

import pytest

from tests.support.postgres import DatabaseServer

DATABASES = "airbyte\ntemporal\ntemporal-visibility"


@pytest.fixture
def running(server: DatabaseServer) -> DatabaseServer:
    """A server with all that Airbyte needs, created by hand."""
    server.prepare("admin")
    server.start()
    server.psql("CREATE ROLE airbyte LOGIN PASSWORD 'of-the-company'")
    for database in DATABASES.split("\n"):
        server.psql(f"CREATE DATABASE \"{database}\" ENCODING 'UTF8' TEMPLATE template0")
        server.psql("GRANT CREATE ON SCHEMA public TO airbyte", database=database)
    server.psql("CREATE EXTENSION btree_gin", database="temporal-visibility")
    return server


def check(server: DatabaseServer, **changes: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": "airbyte",
        "PGPASSWORD": "of-the-company",
        "PGSSLMODE": "disable",
        "APP_NAME": "airbyte",
        "APP_DATABASES": DATABASES,
        "SETTINGS": "airbyte.database.name\nairbyte.database.temporalName\nairbyte.database.temporalVisibilityName",
        "APP_EXTENSIONS": "temporal-visibility:btree_gin",
        "CONNECTIONS": "20",
        "WAIT_SECONDS": "20",
        "GRACE_SECONDS": "0",
        **changes,
    }
    return server.root.run("sh", "/scripts/check.sh", env=env)


def missing(server: DatabaseServer, **changes: str) -> list[str]:
    """The unmet requirements that it reports."""
    done = check(server, **changes)
    assert done.returncode == 3, done.stdout + done.stderr
    head, *lines = done.stderr.splitlines()
    assert "does not meet the requirements of airbyte; nothing was changed" in head, done.stderr
    return [line.removeprefix("- ") for line in lines]


def test_a_role_without_privileges_of_an_admin_suffices(running: DatabaseServer) -> None:
    done = check(running)
    assert done.returncode == 0, done.stderr
    assert "ready: role airbyte and its databases meet the requirements of airbyte" in done.stdout


def test_everything_is_reported_at_once_and_each_remedy_works(running: DatabaseServer) -> None:
    running.psql("REVOKE CREATE ON SCHEMA public FROM airbyte", database="airbyte")
    running.psql("DROP DATABASE temporal")
    running.psql("DROP EXTENSION btree_gin", database="temporal-visibility")
    running.psql("ALTER ROLE airbyte CONNECTION LIMIT 5")
    reported = missing(running)
    assert reported == sorted(reported)
    assert len(reported) == 4, reported
    remedies = {
        "no permission to create tables in database airbyte": (
            "GRANT USAGE, CREATE ON SCHEMA public TO airbyte",
            "airbyte",
        ),
        "database temporal-visibility has no extension btree_gin": (
            "CREATE EXTENSION btree_gin",
            "temporal-visibility",
        ),
        "role airbyte allows 5 connections, and airbyte needs 20": (
            "ALTER ROLE airbyte CONNECTION LIMIT -1",
            "postgres",
        ),
    }
    for words, (statement, database) in remedies.items():
        (line,) = [line for line in reported if words in line]
        assert statement in line
        running.psql(statement, database=database)
    (line,) = missing(running)
    assert "database temporal does not exist: run CREATE DATABASE" in line
    assert "change `airbyte.database.temporalName`" in line
    running.psql("CREATE DATABASE temporal OWNER airbyte ENCODING 'UTF8' TEMPLATE template0")
    assert check(running).returncode == 0


def test_an_extension_that_the_role_may_create_itself_is_not_missing(running: DatabaseServer) -> None:
    running.psql("DROP EXTENSION btree_gin", database="temporal-visibility")
    running.psql('GRANT CREATE ON DATABASE "temporal-visibility" TO airbyte')
    assert check(running).returncode == 0


def test_the_first_database_may_be_the_missing_one(running: DatabaseServer) -> None:
    running.psql("DROP DATABASE airbyte")
    (line,) = missing(running)
    assert line.startswith("database airbyte does not exist")


def test_databases_that_the_apps_cannot_use(running: DatabaseServer) -> None:
    running.psql("DROP DATABASE temporal")
    running.psql("CREATE DATABASE temporal OWNER airbyte ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    running.psql("ALTER DATABASE airbyte SET default_transaction_read_only = on")
    running.psql('REVOKE CONNECT ON DATABASE "temporal-visibility" FROM PUBLIC')
    reported = missing(running)
    assert "database temporal has the encoding SQL_ASCII, and airbyte needs UTF8" in reported
    assert "database airbyte is read-only for role airbyte: default_transaction_read_only is on" in reported
    assert any(
        line.startswith("role airbyte has no CONNECT privilege on database temporal-visibility") for line in reported
    )


def test_tables_of_another_role_are_reported(running: DatabaseServer) -> None:
    running.psql("CREATE TABLE restored (n int)", database="airbyte")
    (line,) = missing(running)
    assert "in database airbyte, 1 tables in schema public belong to other roles, such as restored" in line
    running.psql("ALTER TABLE restored OWNER TO airbyte", database="airbyte")
    assert check(running).returncode == 0


def test_a_wrong_password_is_reported_with_the_setting(running: DatabaseServer) -> None:
    done = check(running, PGPASSWORD="not-this-one")
    assert done.returncode == 3
    assert "check the role's name and password in lakehouse:airbytePassword" in done.stderr
    assert "not-this-one" not in done.stderr + done.stdout


def test_nothing_is_changed(running: DatabaseServer) -> None:
    everything = "SELECT count(*) FROM pg_shdescription; SELECT rolpassword FROM pg_authid WHERE rolname = 'airbyte'"
    before = running.psql(everything)
    check(running)
    assert running.psql(everything) == before
