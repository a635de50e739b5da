"""prepare.sh and the server that starts after it, on a real PostgreSQL."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.scripts.conftest import new_server
from tests.support.postgres import DatabaseServer, Root

AWKWARD = 'it\'s \\ a "quoted" $password% with `all` @:/?#&; --'


def test_a_new_volume_becomes_a_utf8_cluster_with_checksums(server: DatabaseServer) -> None:
    assert server.prepare("first").returncode == 0
    server.start()

    assert server.psql("SHOW data_checksums") == "on"
    assert server.psql("SHOW server_encoding") == "UTF8"
    assert server.psql("SELECT datcollate FROM pg_database WHERE datname = 'template1'") == "C.UTF-8"


def test_the_password_in_the_secret_replaces_the_one_on_the_volume(server: DatabaseServer) -> None:
    server.prepare("first")
    assert server.prepare("second").returncode == 0
    server.start()

    assert server.login("postgres", "second", "postgres").stdout.strip() == "postgres"
    refused = server.login("postgres", "first", "postgres")
    assert "password authentication failed" in refused.stderr


def test_a_password_of_any_characters_works_on_new_and_existing_volumes(server: DatabaseServer) -> None:
    for password in (AWKWARD, AWKWARD[::-1]):
        done = server.prepare(password)
        assert done.returncode == 0, done.stderr
        server.start()
        assert server.login("postgres", password, "postgres").returncode == 0
        server.stop()


def test_rows_survive_a_crash_and_the_next_preparation(server: DatabaseServer) -> None:
    server.prepare("first")
    server.start()
    server.psql("CREATE TABLE thousand AS SELECT generate_series(1, 1000) AS n")
    server.stop(signal.SIGKILL)

    assert server.prepare("second").returncode == 0
    server.start()
    assert server.psql("SELECT sum(n) FROM thousand") == "500500"


def test_an_interrupted_initialisation_is_done_again(server: DatabaseServer) -> None:
    half = server.folder.with_name(f"{server.name}.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("17\n")
    os.chown(half, 999, 999)

    assert server.prepare("first").returncode == 0
    assert not half.exists()
    server.start()


def test_another_major_version_on_the_volume_is_refused(server: DatabaseServer) -> None:
    server.prepare("first")
    (server.folder / "PG_VERSION").write_text("16\n")

    done = server.prepare("first")
    assert done.returncode == 1
    assert "the volume contains data of PostgreSQL 16, but the image is PostgreSQL 17" in done.stderr


def test_the_password_shows_nowhere_but_in_the_secret(server: DatabaseServer) -> None:
    output = "".join([(done := server.prepare("s3cret-one")).stdout, done.stderr])
    server.start()
    files = [file for file in server.folder.rglob("*") if file.is_file()]

    assert "s3cret-one" not in output + server.log()
    assert not [file for file in files if b"s3cret-one" in file.read_bytes()]


def test_the_pods_user_may_open_a_session_as_anyone_and_others_need_a_password(
    root: Root, server: DatabaseServer
) -> None:
    server.prepare("first")
    server.start()
    server.psql("CREATE ROLE airbyte LOGIN")

    assert server.psql("SELECT current_user", user="airbyte") == "airbyte"
    assert root.run("psql", "-h", "127.0.0.1", "-p", str(server.port), "-w", "-U", "airbyte").returncode == 2


# A user id as OpenShift assigns them, which no image knows.
UNKNOWN_USER = 1_000_650_000


@pytest.fixture
def unknown_user(root: Root) -> Iterator[Root]:
    """The image's files, for a user id that it does not know and that may write to the volume as its group may."""
    for name in ("volume", "secret", "run/postgresql"):
        os.chown(root.path / name, UNKNOWN_USER, UNKNOWN_USER)
    yield replace(root, uid=UNKNOWN_USER)
    for name in ("volume", "secret", "run/postgresql"):
        os.chown(root.path / name, 999, 999)


def test_without_a_name_for_its_user_id_initdb_fails(unknown_user: Root) -> None:
    done = new_server(unknown_user).prepare("first")
    assert "could not look up effective user ID 1000650000" in done.stderr


def test_a_server_starts_as_a_user_that_the_image_does_not_know(unknown_user: Root) -> None:
    named = unknown_user.run("sh", "/scripts/any_user.sh", "/volume/passwd")
    assert named.returncode == 0, named.stderr
    server = new_server(replace(unknown_user, passwd="/volume/passwd"))
    for password in ("first", "second"):
        done = server.prepare(password)
        assert done.returncode == 0, done.stderr
    # The server itself runs without that list, as in the pod.
    server.root = unknown_user
    server.start(hba_file="/scripts/any_user_hba.conf", unix_socket_permissions="0700")
    try:
        server.psql("CREATE ROLE airbyte LOGIN")
        assert server.psql("SELECT current_user", user="airbyte") == "airbyte"
        assert server.login("postgres", "second", "postgres").stdout.strip() == "postgres"
        assert "password authentication failed" in server.login("postgres", "first", "postgres").stderr
        assert unknown_user.run("sh", "/scripts/probe.sh", "ready", env={"PGPORT": str(server.port)}).returncode == 0
        # Another user of the machine, even the image's own, has no access to the socket.
        image_user = replace(unknown_user, uid=999)
        refused = image_user.run("psql", "-p", str(server.port), "-U", "postgres", "-c", "SELECT 1")
        assert "Permission denied" in refused.stderr
    finally:
        server.stop()
