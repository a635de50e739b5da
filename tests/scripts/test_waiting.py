"""Messages of the Jobs while they wait for a server, and errors at which they stop waiting."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.ca import CertificateAuthority
from tests.support.postgres import DatabaseServer

APP = {"username": "airbyte", "password": "first-password", "databases": "airbyte"}


def bootstrap(server: DatabaseServer, **changes: str) -> subprocess.CompletedProcess[str]:
    return server.bootstrap(**{"admin_password": "admin", "wait_seconds": 4, **APP, **changes})  # pyright: ignore[reportArgumentType]


def ended_at_once(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended at once, with the exit status of a refusal, which the Job does not try again, and these words."""
    assert done.returncode == 3, done.stdout + done.stderr
    assert "waiting for" not in done.stdout
    for word in words:
        assert word in done.stderr


def test_each_line_has_the_reason(server: DatabaseServer) -> None:
    done = bootstrap(server)
    assert done.returncode == 1
    lines = [line for line in done.stdout.splitlines() if "waiting for" in line]
    assert lines
    assert all("Connection refused" in line for line in lines)
    assert "no connection to 127.0.0.1:" in done.stderr
    assert "Connection refused" in done.stderr


def test_it_waits_for_a_name_that_cannot_be_resolved_yet(server: DatabaseServer) -> None:
    done = bootstrap(server, host="nowhere.invalid")
    assert done.returncode == 1
    assert 'could not translate host name "nowhere.invalid"' in done.stdout


def test_a_wrong_password_ends_it_at_once(running: DatabaseServer) -> None:
    ended_at_once(
        bootstrap(running, admin_password="not-this-one"), "password authentication failed", "in Secret db-admin"
    )


def test_a_role_that_does_not_exist_ends_it_at_once(running: DatabaseServer) -> None:
    ended_at_once(bootstrap(running, admin="nobody"), 'password authentication failed for user "nobody"')


@pytest.mark.parametrize("password", ["admin\n", "admin\r\n"])
def test_a_password_with_a_line_break_is_reported_as_that(running: DatabaseServer, password: str) -> None:
    done = bootstrap(running, admin_password=password)
    ended_at_once(done, "the password in Secret db-admin ends with a line break")
    assert "admin\n" not in done.stderr.replace("Secret db-admin\n", "")


def test_a_name_with_a_line_break_is_reported_as_that(running: DatabaseServer) -> None:
    ended_at_once(bootstrap(running, admin="postgres\n"), "the role's name in Secret db-admin ends with a line break")


def test_an_empty_password_is_reported_as_that(running: DatabaseServer) -> None:
    ended_at_once(bootstrap(running, admin_password=""), "the password in Secret db-admin is empty")


def test_a_database_that_does_not_exist_ends_it_at_once(running: DatabaseServer) -> None:
    ended_at_once(bootstrap(running, admin_database="nothing"), 'database "nothing" does not exist', "check the name")


def test_a_role_without_a_login_ends_it_at_once(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE provisioner PASSWORD 'admin'")
    ended_at_once(bootstrap(running, admin="provisioner"), "not permitted to log in", "ALTER ROLE … LOGIN")


def test_a_server_without_tls_ends_it_at_once(running: DatabaseServer) -> None:
    ended_at_once(bootstrap(running, sslmode="require"), "server does not support SSL", "enable TLS on the server")


def test_a_certificate_that_is_not_trusted_or_for_another_name_ends_it_at_once(
    running: DatabaseServer, tmp_path: Path
) -> None:
    right, wrong = (CertificateAuthority.create(tmp_path / name) for name in ("right", "wrong"))
    for ca in (right, wrong):
        shutil.copy(ca.certificate, running.root.path / "volume" / f"{ca.folder.name}.crt")
    running.stop()
    running.start(**running.use_certificate(right, "DNS:db.example.com"))
    tls = {"sslmode": "verify-full"}
    ended_at_once(
        bootstrap(running, **tls, ca="/volume/wrong.crt"),
        "certificate verify failed",
        "`caCertificates` does not contain the CA",
    )
    ended_at_once(bootstrap(running, **tls, ca="/volume/right.crt"), "does not match host name", "set `host` to a name")
    ended_at_once(bootstrap(running, **tls, ca="/volume/none.crt"), "root certificate file")


def test_an_address_without_an_entry_in_pg_hba_conf_ends_it_at_once(running: DatabaseServer) -> None:
    (running.root.path / "volume" / "local_only.conf").write_text("local all all peer map=exec\n")
    running.stop()
    running.start(hba_file="/volume/local_only.conf")
    ended_at_once(bootstrap(running), "no pg_hba.conf entry", "needs an entry for this role, the cluster's addresses")


def test_it_waits_for_a_password_that_is_still_being_set(running: DatabaseServer) -> None:
    """As by an operator, or by a server that restarts with a new one."""
    running.psql("ALTER ROLE postgres PASSWORD 'of-before'")
    with running.later(3, "ALTER ROLE postgres PASSWORD 'admin'"):
        done = bootstrap(running, grace_seconds="20")
    assert done.returncode == 0, done.stderr
    assert "waiting for 127.0.0.1:" in done.stdout
    assert "password authentication failed" in done.stdout


def test_a_server_that_is_not_postgresql_ends_it(server: DatabaseServer) -> None:
    with server.answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"):
        done = bootstrap(server)
    ended_at_once(done, "the server at this address is not a PostgreSQL server")
