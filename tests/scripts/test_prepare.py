"""prepare.sh and the server that starts after it, on a real PostgreSQL."""

import os
import signal

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
