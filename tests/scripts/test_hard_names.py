"""Names as PostgreSQL allows them, through every script; `test_drivers.py` tests drivers."""

import subprocess

import pytest

from components.postgres.endpoint import Endpoint, TlsMode
from components.postgres.sessions import PodSession
from tests.support.moves import Mover
from tests.support.postgres import DatabaseServer

ROLE = 'Air "byte" | it\'s \\ $(x) é'
DATABASES = ("db-airbyte", "My  DB", 'it\'s "q" | \\ $HOME', "名 * ?", "a=b", "postgres://x", "-d", "x:y")
APP = {"username": ROLE, "password": "first-password", "databases": "\n".join(DATABASES)}


def bootstrap(server: DatabaseServer, **changes: str) -> subprocess.CompletedProcess[str]:
    return server.bootstrap(admin_password="admin", **{**APP, **changes})


def fill(server: DatabaseServer, database: str) -> None:
    done = server.root.run(
        "psql", "-X", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(server.port),
        env={"PGDATABASE": database, "PGUSER": ROLE, "PGPASSWORD": "first-password"},
        stdin="CREATE TABLE here AS SELECT current_database() AS name;\n",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def content(server: DatabaseServer, database: str) -> str:
    done = server.root.run(
        "psql", "-X", "-A", "-t", "-h", "127.0.0.1", "-p", str(server.port), "-c", "SELECT name FROM here",
        env={"PGDATABASE": database, "PGUSER": ROLE, "PGPASSWORD": "first-password"},
    )  # fmt: skip
    return done.stdout.removesuffix("\n") if done.returncode == 0 else done.stderr


def test_role_databases_and_extensions_are_created_and_moved(servers: tuple[DatabaseServer, DatabaseServer]) -> None:
    source, target = servers
    extensions = "\n".join(f"{name}:btree_gin" for name in DATABASES)
    for password in ("before", "first-password"):
        done = bootstrap(source, extensions=extensions, password=password)
        assert done.returncode == 0, done.stderr
    for database in DATABASES:
        fill(source, database)
        assert content(source, database) == database

    assert bootstrap(target, arriving="yes").returncode == 0
    mover = Mover(source, target, username=ROLE, databases="\n".join(DATABASES))
    done = mover.move()
    assert done.returncode == 0, done.stdout
    assert [content(target, database) for database in DATABASES] == list(DATABASES)
    assert "not permitted to log in" in content(source, DATABASES[0])
    assert f"database {len(DATABASES)} of {len(DATABASES)}, {DATABASES[-1]}" in done.stdout
    assert "already moved" in mover.move().stdout
    assert bootstrap(target).returncode == 0


def test_a_refusal_shows_the_names(servers: tuple[DatabaseServer, DatabaseServer]) -> None:
    server, _ = servers
    assert bootstrap(server).returncode == 0
    done = bootstrap(server, username="Some Body")
    assert done.returncode == 3
    for database in DATABASES:
        assert f"database {database} belongs to role {ROLE}, not to Some Body" in done.stderr


def test_a_password_proves_a_role_of_any_name(servers: tuple[DatabaseServer, DatabaseServer]) -> None:
    server, _ = servers
    assert bootstrap(server).returncode == 0
    done = bootstrap(server, stack="lakehouse/renamed", deployment="00000000")
    assert done.returncode == 0, done.stderr


def test_names_that_are_not_ascii_need_an_admins_database_in_utf8(
    servers: tuple[DatabaseServer, DatabaseServer],
) -> None:
    server, _ = servers
    server.psql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    done = bootstrap(server, admin_database="latin", username="airbyte", databases="é")
    assert done.returncode == 3
    assert "name é contains non-ASCII characters, and database latin does not have the encoding UTF8" in done.stderr
    assert bootstrap(server, admin_database="latin", username="airbyte", databases="e").returncode == 0


@pytest.mark.parametrize("database", [*DATABASES, "a/b", "%41"])
def test_commands_of_the_outputs_reach_the_database(
    servers: tuple[DatabaseServer, DatabaseServer], database: str
) -> None:
    """As a shell parses them; kubectl passes on the arguments after `--` unchanged."""
    server, _ = servers
    assert bootstrap(server, databases=database).returncode == 0
    where = Endpoint("h", 5432, database, ROLE, "secret", TlsMode.DISABLE)
    session = PodSession("ns", "pod")
    shell = (
        'kubectl() { while [ "$1" != -- ]; do shift; done; shift; tool=$1; shift; "$tool" -p "$PORT" "$@"; }\ncd /tmp\n'
    )
    env = {"PORT": str(server.port)}
    done = server.root.run("sh", "-c", f"{shell}{session.psql(where)} -A -t -c 'SELECT current_database()'", env=env)
    assert done.stdout == f"{database}\n", done.stderr
    done = server.root.run("sh", "-c", f"{shell}{session.pg_dump(where)}", env=env)
    assert done.returncode == 0, done.stderr
    dump = server.root.path / "tmp" / f"{database.replace('/', '-')}.sql"
    assert "PostgreSQL database dump complete" in dump.read_text()
