"""bootstrap.sh, run from the program's image, on older PostgreSQL, with other rules for roles and passwords."""

import re
from collections.abc import Iterator

import pytest

from tests.support.postgres import DatabaseServer, Root, older_release

RELEASES = {13: "bullseye", 15: "bookworm"}


@pytest.fixture(scope="module", params=RELEASES)
def older(request: pytest.FixtureRequest) -> Iterator[DatabaseServer]:
    """A server of an older release with an admin that is not a superuser."""
    with older_release(request.param, RELEASES[request.param]) as root:
        server = DatabaseServer.on_free_port(root, "older")
        done = root.run("initdb", "--pgdata", server.pgdata, "--username=postgres", "--auth-local=trust",
                        "--auth-host=md5", "--encoding=UTF8", "--locale=C.UTF-8")  # fmt: skip
        assert done.returncode == 0, done.stderr
        server.start(hba_file=f"{server.pgdata}/pg_hba.conf", ident_file=f"{server.pgdata}/pg_ident.conf")
        try:
            server.psql("CREATE ROLE provisioner LOGIN CREATEROLE CREATEDB PASSWORD 'admin'")
            yield server
        finally:
            server.stop()


def test_bootstrap_on_an_older_server(root: Root, older: DatabaseServer) -> None:
    client = DatabaseServer(root, "client", older.port)
    for password in ("first", "second"):
        done = client.bootstrap(
            admin="provisioner", admin_password="admin", username="airbyte", password=password,
            databases="airbyte\ntemporal", extensions="temporal:btree_gin", connection_limit="9", statement_timeout="5",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert client.login("airbyte", "second", "temporal").stdout.strip() == "airbyte"
    assert client.login("airbyte", "first", "temporal").returncode != 0
    verifier = older.psql("SELECT rolpassword FROM pg_authid WHERE rolname = 'airbyte'")
    assert re.match(r"SCRAM-SHA-256\$4096:", verifier)
    older.psql("CREATE TABLE mine (n int)", user="airbyte", database="airbyte")


def test_a_server_that_is_too_old_is_refused(root: Root) -> None:
    """By a stand-in for psql that reports another version: Debian has no PostgreSQL 12 any more."""
    fake = root.path / "scripts" / "older-bin"
    fake.mkdir(exist_ok=True)
    (fake / "psql").write_text("#!/bin/sh\necho 12 f\n")
    (fake / "psql").chmod(0o755)
    path = f"/scripts/older-bin:{root.environment['PATH']}"
    env = {"PATH": path, "PGHOST": "db", "PGPORT": "5432", "PGUSER": "x", "WAIT_SECONDS": "1"}
    env |= {"PGPASSWORD": "x", "ADMIN_SECRET": "Secret x"}
    done = root.run("sh", "/scripts/bootstrap.sh", env=env)
    assert done.returncode == 3
    assert done.stderr == "db:5432 is PostgreSQL 12; Airbyte and Dagster need version 13 to 17\n"
