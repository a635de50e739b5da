"""PgBouncer as its pods run it, in front of a real server whose roles the bootstrap Job has created."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from components.postgres.pooler.pgbouncer import PgBouncerSettings
from tests.support.ca import CertificateAuthority
from tests.support.pgbouncer import PgBouncer, in_front_of
from tests.support.postgres import DatabaseServer, Root, pooler_image

APP = {"username": "dagster", "password": "first-password", "databases": "dagster"}
SETTINGS = PgBouncerSettings(query_wait_timeout_seconds=7, max_client_connections=50)


@pytest.fixture(scope="module")
def pooler_root() -> Iterator[Root]:
    with pooler_image() as root:
        yield root


@pytest.fixture
def pooler(running: DatabaseServer, pooler_root: Root) -> Iterator[PgBouncer]:
    """In front of a server with one role, each of its pools with one connection."""
    done = running.bootstrap(admin_password="admin", scram_iterations="1", **APP)
    assert done.returncode == 0, done.stderr
    role = {"username": "dagster", "password": "first-password", "databases": ["dagster"]}
    with in_front_of(running, pooler_root, SETTINGS, iterations=1, pool_size=1, **role) as found:
        yield found


def connect(port: int, **parameters: Any) -> "psycopg.Connection[tuple[Any, ...]]":
    login = {"user": "dagster", "password": "first-password", "dbname": "dagster"}
    return psycopg.connect(host="127.0.0.1", port=port, autocommit=True, connect_timeout=10, **login | parameters)


def answer(connection: "psycopg.Connection[tuple[Any, ...]]", sql: LiteralString) -> Any:
    found = connection.execute(sql).fetchone()
    return found and found[0]


def test_a_login_is_passed_through_by_the_verifier_alone(pooler: PgBouncer) -> None:
    with connect(pooler.port) as client:
        assert answer(client, "SELECT current_user") == "dagster"
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        connect(pooler.port, password="second-password")


def test_a_verifier_of_another_salt_is_not_passed_through(running: DatabaseServer, pooler_root: Root) -> None:
    assert running.bootstrap(admin_password="admin", **APP).returncode == 0
    role = {"username": "dagster", "password": "first-password", "databases": ["dagster"]}
    with (
        in_front_of(running, pooler_root, SETTINGS, salt=bytes(16), **role) as pooler,
        pytest.raises(psycopg.OperationalError, match="authentication failed"),
    ):
        connect(pooler.port).execute("SELECT 1")


def test_what_one_client_sets_does_not_reach_another(pooler: PgBouncer) -> None:
    with connect(pooler.port) as webserver, connect(pooler.port) as daemon:
        for _ in range(3):
            webserver.execute("SET statement_timeout = '50ms'")
            assert answer(daemon, "SHOW statement_timeout") == "0"
            # With one server connection in the pool, it is the same one.
            assert answer(daemon, "SELECT pg_sleep(0.2), pg_backend_pid()") == ""
            assert answer(webserver, "SELECT pg_backend_pid()") == answer(daemon, "SELECT pg_backend_pid()")


def test_options_at_login_are_refused_and_not_dropped(pooler: PgBouncer) -> None:
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter"):
        connect(pooler.port, options="-c statement_timeout=50")


def test_prepared_statements_survive_other_clients(pooler: PgBouncer) -> None:
    with connect(pooler.port) as one, connect(pooler.port) as other:
        for number in range(10):
            for client in (one, other):
                found = client.execute("SELECT %s::int + 1", (number,), prepare=True).fetchone()
                assert found == (number + 1,)


def test_its_configuration_is_that_of_the_settings(pooler: PgBouncer) -> None:
    config = pooler.config()
    limits = {"query_wait_timeout": "7", "max_client_conn": "50", "max_db_connections": "1", "default_pool_size": "1"}
    fixed = {
        "ignore_startup_parameters": "extra_float_digits",
        "auth_type": "scram-sha-256",
        "pool_mode": "transaction",
    }
    assert {name: config[name] for name in (*limits, *fixed)} == {**limits, **fixed}


def test_a_client_that_waits_too_long_is_told_so(pooler: PgBouncer) -> None:
    pooler.console("SET query_wait_timeout = 1")
    with connect(pooler.port) as busy, connect(pooler.port) as waiting, busy.transaction():
        busy.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="query_wait_timeout"):
            waiting.execute("SELECT 1")


def test_it_stops_at_once_without_clients(pooler: PgBouncer) -> None:
    with connect(pooler.port) as client:
        client.execute("SELECT 1")
    assert pooler.stop().returncode == 0
    assert pooler.process.poll() is None


def test_an_idle_client_is_closed_before_it_stops(pooler: PgBouncer) -> None:
    with connect(pooler.port) as idle:
        idle.execute("SELECT 1")
        assert pooler.stop(leave_seconds=20).returncode == 0
        with pytest.raises(psycopg.OperationalError):
            idle.execute("SELECT 1")


def test_a_transaction_is_finished_before_it_stops(pooler: PgBouncer, running: DatabaseServer) -> None:
    running.psql("CREATE TABLE rows (number int); ALTER TABLE rows OWNER TO dagster", database="dagster")
    stopped: list[int] = []
    with connect(pooler.port) as client:
        with client.transaction():
            client.execute("INSERT INTO rows VALUES (1)")
            stopping = threading.Thread(target=lambda: stopped.append(pooler.stop().returncode))
            stopping.start()
            # Until it waits for nothing but this transaction.
            while pooler.console("SHOW STATE").count("yes") == 0:
                pass
            client.execute("INSERT INTO rows VALUES (2)")
            assert stopped == []
        stopping.join(timeout=30)
    assert stopped == [0]
    pooler.process.wait(timeout=10)
    assert running.psql("SELECT count(*) FROM rows", database="dagster") == "2"


def test_names_with_any_characters(running: DatabaseServer, pooler_root: Root) -> None:
    role, database = 'Air "byte" | it\'s \\ é', "db-airbyte.1"
    done = running.bootstrap(admin_password="admin", username=role, password="first-password", databases=database)
    assert done.returncode == 0, done.stderr
    settings = PgBouncerSettings()
    with (
        in_front_of(
            running, pooler_root, settings, username=role, password="first-password", databases=[database]
        ) as pooler,
        connect(pooler.port, user=role, dbname=database) as client,
    ):
        assert answer(client, "SELECT current_user || ' ' || current_database()") == f"{role} {database}"


@pytest.mark.parametrize("right", [True, False], ids=["right CA", "wrong CA"])
def test_server_and_pooler_are_checked(server: DatabaseServer, pooler_root: Root, tmp_path: Path, right: bool) -> None:
    ca, other = (CertificateAuthority.create(tmp_path / name) for name in ("ca", "other"))
    assert server.prepare("admin").returncode == 0
    server.start(**server.use_certificate(ca if right else other, "IP:127.0.0.1"))
    assert server.bootstrap(admin_password="admin", **APP).returncode == 0
    role = {"username": "dagster", "password": "first-password", "databases": ["dagster"]}
    with in_front_of(server, pooler_root, SETTINGS, ca=ca, **role) as pooler:
        checked = {"sslmode": "verify-full", "sslrootcert": str(ca.certificate)}
        if right:
            with connect(pooler.port, **checked) as client:
                assert answer(client, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") is True
            with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
                connect(pooler.port, **checked | {"sslrootcert": str(other.certificate)})
            with pytest.raises(psycopg.OperationalError, match="SSL required"):
                connect(pooler.port, sslmode="disable")
        else:
            # It tries again until the client's time is over.
            with pytest.raises(psycopg.OperationalError, match="query_wait_timeout"):
                connect(pooler.port, **checked)
            assert "certificate verify failed" in pooler.log()
