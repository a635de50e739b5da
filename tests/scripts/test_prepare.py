"""prepare.sh and the server that starts after it, on a real PostgreSQL."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.scripts.conftest import new_server
from tests.support.postgres import DatabaseServer, Root

AWKWARD = 'it\'s \\ a "quoted" $password% with `all` @:/?#&; --'


def test_a_new_volume_becomes_a_checked_utf8_cluster(server: DatabaseServer) -> None:
    assert server.prepare("first").returncode == 0
    server.start()

    assert server.psql("SHOW data_checksums") == "on"
    assert server.psql("SHOW server_encoding") == "UTF8"
    assert server.psql("SELECT datcollate FROM pg_database WHERE datname = 'template1'") == "C.UTF-8"


def test_the_password_in_the_secret_wins_over_the_volume(server: DatabaseServer) -> None:
    server.prepare("first")
    assert server.prepare("second").returncode == 0
    server.start()

    assert server.login("postgres", "second", "postgres").stdout.strip() == "postgres"
    refused = server.login("postgres", "first", "postgres")
    assert "password authentication failed" in refused.stderr


def test_a_password_of_any_characters_works_on_new_and_kept_volumes(server: DatabaseServer) -> None:
    for password in (AWKWARD, AWKWARD[::-1]):
        done = server.prepare(password)
        assert done.returncode == 0, done.stderr
        server.start()
        assert server.login("postgres", password, "postgres").returncode == 0
        server.stop()


def test_rows_survive_a_crash_and_the_next_preparation(server: DatabaseServer) -> None:
    server.prepare("first")
    server.start()
    server.psql("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    server.stop(signal.SIGKILL)

    assert server.prepare("second").returncode == 0
    server.start()
    assert server.psql("SELECT sum(n) FROM kept") == "500500"


def test_an_initialisation_that_was_cut_is_done_again(server: DatabaseServer) -> None:
    half = server.folder.with_name(f"{server.name}.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("17\n")
    os.chown(half, 999, 999)

    assert server.prepare("first").returncode == 0
    assert not half.exists()
    server.start()


def test_another_major_version_on_the_volume_is_refused_with_words(server: DatabaseServer) -> None:
    server.prepare("first")
    (server.folder / "PG_VERSION").write_text("16\n")

    done = server.prepare("first")
    assert done.returncode == 1
    assert "the volume holds data of PostgreSQL 16, the image is PostgreSQL 17" in done.stderr


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


# As OpenShift numbers users: nobody whom an image knows.
STRANGER = 1_000_650_000


@pytest.fixture
def stranger(root: Root) -> Iterator[Root]:
    """The image's files, for a user that it does not know, who may write to the volume as its group may."""
    for name in ("volume", "secret", "run/postgresql"):
        os.chown(root.path / name, STRANGER, STRANGER)
    yield replace(root, uid=STRANGER)
    for name in ("volume", "secret", "run/postgresql"):
        os.chown(root.path / name, 999, 999)


def test_without_a_name_for_its_user_nothing_starts(stranger: Root) -> None:
    done = new_server(stranger).prepare("first")
    assert "could not look up effective user ID 1000650000" in done.stderr


def test_a_server_starts_as_a_user_that_the_image_does_not_know(stranger: Root) -> None:
    named = stranger.run("sh", "/scripts/any_user.sh", "/volume/passwd")
    assert named.returncode == 0, named.stderr
    server = new_server(replace(stranger, passwd="/volume/passwd"))
    for password in ("first", "second"):
        done = server.prepare(password)
        assert done.returncode == 0, done.stderr
    # The server itself runs without that list, as in the pod.
    server.root = stranger
    server.start(hba_file="/scripts/any_user_hba.conf", unix_socket_permissions="0700")
    try:
        server.psql("CREATE ROLE airbyte LOGIN")
        assert server.psql("SELECT current_user", user="airbyte") == "airbyte"
        assert server.login("postgres", "second", "postgres").stdout.strip() == "postgres"
        assert "password authentication failed" in server.login("postgres", "first", "postgres").stderr
        assert stranger.run("sh", "/scripts/probe.sh", "ready", env={"PGPORT": str(server.port)}).returncode == 0
        # Another user of the machine, even the image's own, does not get at the socket.
        image_user = replace(stranger, uid=999)
        refused = image_user.run("psql", "-p", str(server.port), "-U", "postgres", "-c", "SELECT 1")
        assert "Permission denied" in refused.stderr
    finally:
        server.stop()
