"""The bootstrap Job on what CrunchyData's operator sets up: an admin that is not a superuser, and PgBouncer's role."""

import os
import subprocess
import time

import pytest

from tests.support.crunchydata_stacks import standalone
from tests.support.kinds import SECRET
from tests.support.postgres import UID, DatabaseServer
from tests.support.recording import values
from tests.support.stacks import plan

ADMIN = "lakehouse-admin"
APP = {"username": "airbyte", "password": "first-password", "databases": "airbyte\ntemporal\ntemporal_visibility"}
# As internal/pgbouncer/postgres.go of version 6.0.3 does it in every existing database, template1 included.
PGBOUNCER = """
    CREATE SCHEMA pgbouncer;
    REVOKE ALL ON SCHEMA pgbouncer FROM PUBLIC;
    GRANT USAGE ON SCHEMA pgbouncer TO _crunchypgbouncer;
    CREATE FUNCTION pgbouncer.get_auth(username TEXT) RETURNS TABLE(username TEXT, password TEXT) AS
      'SELECT rolname::TEXT, rolpassword::TEXT FROM pg_authid WHERE rolname = $1 AND rolcanlogin AND NOT rolsuper'
      LANGUAGE SQL STABLE SECURITY DEFINER;
    REVOKE ALL ON FUNCTION pgbouncer.get_auth(TEXT) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION pgbouncer.get_auth(TEXT) TO _crunchypgbouncer;
"""


@pytest.fixture
def running(server: DatabaseServer) -> DatabaseServer:
    """A server with the admin role that the operator creates, with the options that the program gives."""
    server.prepare("superuser")
    server.start()
    server.psql(f"CREATE ROLE \"{ADMIN}\" LOGIN CREATEDB CREATEROLE PASSWORD 'admin'")
    return server


def bootstrap(server: DatabaseServer, **changes: str) -> subprocess.CompletedProcess[str]:
    return server.bootstrap(admin_password="admin", **{**APP, "admin": ADMIN, **changes})


def test_operators_admin_creates_roles_databases_and_extensions_repeatedly(running: DatabaseServer) -> None:
    for password in ("first-password", "second-password"):
        done = bootstrap(running, password=password, extensions="temporal_visibility:btree_gin")
        assert done.returncode == 0, done.stderr
        assert running.login("airbyte", password, "airbyte").stdout.strip() == "airbyte"
    other = bootstrap(running, username="dagster", password="other", databases="dagster")
    assert other.returncode == 0, other.stderr
    owners = "SELECT datname, datdba::regrole FROM pg_database WHERE datname IN ('airbyte', 'dagster') ORDER BY 1"
    assert running.psql(owners).split() == ["airbyte|airbyte", "dagster|dagster"]
    assert "permission denied for database" in running.login("dagster", "other", "airbyte").stderr


def test_a_database_that_the_operator_created_is_refused(running: DatabaseServer) -> None:
    running.psql("CREATE DATABASE temporal")
    done = bootstrap(running)
    assert done.returncode != 0
    assert "database temporal belongs to role postgres, not to airbyte" in done.stderr


def test_pgbouncer_finds_passwords_in_the_database_postgres_and_in_no_apps(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE _crunchypgbouncer LOGIN PASSWORD 'pooler'")
    for database in ("postgres", "template1"):
        running.psql(PGBOUNCER, database=database)
    done = bootstrap(running)
    assert done.returncode == 0, done.stderr

    refused = running.login("_crunchypgbouncer", "pooler", "airbyte")
    assert "permission denied for database" in refused.stderr
    # Not only for lack of privileges: the databases are created from template0.
    assert running.psql("SELECT to_regnamespace('pgbouncer') IS NULL", database="airbyte") == "t"
    flags = ["-X", "-A", "-t", "-h", "127.0.0.1", "-p", str(running.port), "-U", "_crunchypgbouncer", "-d", "postgres"]
    query = "SELECT password FROM pgbouncer.get_auth('airbyte')"
    authenticated = running.root.run("psql", *flags, "-c", query, env={"PGPASSWORD": "pooler"})
    assert authenticated.stdout.startswith("SCRAM-SHA-256$4096:"), authenticated.stderr


def _use_certificate(server: DatabaseServer, *names: str) -> None:
    """Enable TLS on the server with a new certificate for these names; the CA certificate is `ca.crt` beside it."""
    folder = server.folder
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
    signed = ["-CA", folder / "ca.crt", "-CAkey", folder / "ca.key"]
    alternatives = f"subjectAltName={','.join(f'DNS:{name}' for name in names)}"
    for name, more in (("ca", []), ("server", [*signed, "-addext", alternatives])):
        files = ["-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"]
        subprocess.run([*new, *more, *files], check=True, capture_output=True)
    for file in folder.glob("*.key"):
        os.chown(file, UID, UID)
    server.psql("ALTER SYSTEM SET ssl = on")
    server.psql("SELECT pg_reload_conf()")
    for _ in range(50):
        if server.psql("SHOW ssl") == "on":
            return
        time.sleep(0.1)
    raise AssertionError(server.log())


def test_clients_verify_the_name_that_the_program_gives_and_not_the_one_that_ends_with_a_dot(
    running: DatabaseServer,
) -> None:
    data = values(plan(**standalone()).one(SECRET, "dagster-database-secret"))
    service = "postgresql-primary.postgresql"
    # As internal/naming/dns.go of version 6.0.3 lists them: the cluster's domain with the dot that a resolver gives it.
    names = [f"{service}.svc.cluster.local.", f"{service}.svc", service, "postgresql-primary"]
    _use_certificate(running, *names)
    running.psql("CREATE ROLE app LOGIN PASSWORD 'app'")

    def login(host: str) -> subprocess.CompletedProcess[str]:
        where = f"host={host} hostaddr=127.0.0.1 port={running.port} user=app dbname=postgres"
        tls = f"sslmode=verify-full sslrootcert={running.pgdata}/ca.crt"
        command = ["psql", "-X", "-A", "-t", "-c", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"]
        return running.root.run(*command, f"{where} {tls}", env={"PGPASSWORD": "app"})

    done = login(data["host"])
    assert done.stdout.strip() == "t", done.stderr
    assert "does not match host name" in login(f"{service}.svc.cluster.local").stderr
