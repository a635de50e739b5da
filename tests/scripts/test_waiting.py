"""What the Jobs say while they wait for a server, and what they do not wait for."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.authority import Authority
from tests.support.postgres import DatabaseServer

APP = {"username": "airbyte", "password": "first-password", "databases": "airbyte"}


def bootstrap(server: DatabaseServer, **changes: str) -> subprocess.CompletedProcess[str]:
    return server.bootstrap(**{"admin_password": "admin", "wait_seconds": 4, **APP, **changes})  # pyright: ignore[reportArgumentType]


def hopeless(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended at once, with a code that a Job does not try again, and these words."""
    assert done.returncode == 3, done.stdout + done.stderr
    assert "waiting for" not in done.stdout
    for word in words:
        assert word in done.stderr


def test_each_line_tells_the_reason(server: DatabaseServer) -> None:
    done = bootstrap(server)
    assert done.returncode == 1
    lines = [line for line in done.stdout.splitlines() if "waiting for" in line]
    assert lines
    assert all("Connection refused" in line for line in lines)
    assert "no connection to 127.0.0.1:" in done.stderr
    assert "Connection refused" in done.stderr


def test_a_name_that_does_not_resolve_yet_is_waited_for(server: DatabaseServer) -> None:
    done = bootstrap(server, host="nowhere.invalid")
    assert done.returncode == 1
    assert 'could not translate host name "nowhere.invalid"' in done.stdout


def test_a_wrong_password_ends_it_at_once(running: DatabaseServer) -> None:
    hopeless(bootstrap(running, admin_password="not-this-one"), "password authentication failed", "in Secret db-admin?")


def test_a_role_that_there_is_not_ends_it_at_once(running: DatabaseServer) -> None:
    hopeless(bootstrap(running, admin="nobody"), 'password authentication failed for user "nobody"')


@pytest.mark.parametrize("password", ["admin\n", "admin\r\n"])
def test_a_password_out_of_a_file_is_told_as_that(running: DatabaseServer, password: str) -> None:
    done = bootstrap(running, admin_password=password)
    hopeless(done, "the password in Secret db-admin ends in a line break, as a Secret made from a file does")
    assert "admin\n" not in done.stderr.replace("Secret db-admin\n", "")


def test_a_name_out_of_a_file_is_told_as_that(running: DatabaseServer) -> None:
    hopeless(bootstrap(running, admin="postgres\n"), "the role's name in Secret db-admin ends in a line break")


def test_an_empty_password_is_told_as_that(running: DatabaseServer) -> None:
    hopeless(bootstrap(running, admin_password=""), "the password in Secret db-admin is empty")


def test_a_database_that_there_is_not_ends_it_at_once(running: DatabaseServer) -> None:
    hopeless(bootstrap(running, admin_database="nothing"), 'database "nothing" does not exist', "is this the name")


def test_a_role_without_a_login_ends_it_at_once(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE provisioner PASSWORD 'admin'")
    hopeless(bootstrap(running, admin="provisioner"), "not permitted to log in", "ALTER ROLE … LOGIN")


def test_a_server_without_tls_ends_it_at_once(running: DatabaseServer) -> None:
    hopeless(bootstrap(running, sslmode="require"), "server does not support SSL", "switch TLS on in the server")


def test_a_certificate_that_is_not_trusted_or_for_another_name_ends_it_at_once(
    running: DatabaseServer, tmp_path: Path
) -> None:
    right, wrong = (Authority.make(tmp_path / name) for name in ("right", "wrong"))
    for authority in (right, wrong):
        shutil.copy(authority.certificate, running.root.path / "volume" / f"{authority.folder.name}.crt")
    running.stop()
    running.start(**running.use_certificate(right, "DNS:db.example.com"))
    tls = {"sslmode": "verify-full"}
    hopeless(
        bootstrap(running, **tls, ca="/volume/wrong.crt"), "certificate verify failed", "`caCertificate` is not the CA"
    )
    hopeless(bootstrap(running, **tls, ca="/volume/right.crt"), "does not match host name", "`host` must be a name")
    hopeless(bootstrap(running, **tls, ca="/volume/none.crt"), "root certificate file")


def test_an_address_that_the_server_does_not_let_in_ends_it_at_once(running: DatabaseServer) -> None:
    (running.root.path / "volume" / "shut.conf").write_text("local all all peer map=exec\n")
    running.stop()
    running.start(hba_file="/volume/shut.conf")
    hopeless(bootstrap(running), "no pg_hba.conf entry", "must let this role in from the cluster's addresses")


def test_a_password_that_is_still_being_set_is_waited_for(running: DatabaseServer) -> None:
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
    hopeless(done, "what answers there is no PostgreSQL")
