"""A set: its contents, its moment, and that nothing of a Secret is in it in plain text."""

import json
import subprocess
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from tests.support.backups import DATABASES, KEY, PASSWORD, SECRETS, Backup
from tests.support.postgres import DatabaseServer

NAME = "20260101T000000Z"


@pytest.fixture
def backup(running: DatabaseServer) -> Backup:
    backup = Backup(running, f"backup-{running.name}")
    backup.prepare()
    return backup


def test_a_set_has_every_database_the_secrets_and_a_manifest(backup: Backup) -> None:
    folder = backup.dumped(NAME)

    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["name"], manifest["app"], manifest["stack"], manifest["moment"]) == (
        NAME,
        "airbyte",
        "lakehouse/test",
        "locked",
    )
    assert manifest["secrets"] == sorted(name for name, keys in SECRETS.items() if keys)
    assert [database["name"] for database in manifest["databases"]] == list(DATABASES)
    assert manifest["databases"][1]["tables"] == [
        {"schema": "public", "name": "few", "rows": 1, "checksum": manifest["databases"][1]["tables"][0]["checksum"]}
    ]
    tables = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND oid >= 16384"
    assert len(manifest["databases"][0]["tables"]) >= int(backup.server.psql(tables, database="airbyte")) - 1
    summed = {line.split("  ./", 1)[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert summed == files - {"SHA256SUMS"}


def test_before_an_upgrade_empty_databases_are_skipped_and_others_are_not(running: DatabaseServer) -> None:
    backup = Backup(running, f"empty-{running.name}")
    backup.path.mkdir(parents=True)
    (backup.path / "scratch").mkdir()
    subprocess.run(["chown", "-R", "999:999", backup.path], check=True)
    names = "\n".join(DATABASES)
    running.bootstrap(admin_password="admin", username="airbyte", password=PASSWORD, databases=names)
    for stage in ("dump", "prove"):
        done = backup.server.root.run("sh", "/scripts/stage.sh", stage, env={**backup.variables(NAME), "EMPTY": "skip"})
        assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in (backup.path / "scratch").iterdir()) == ["name", "skipped"]
    (backup.path / "scratch" / "skipped").unlink()
    running.psql("CREATE TABLE one AS SELECT 1 AS n", user="airbyte", database="temporal")
    done = backup.run("dump", NAME, EMPTY="skip")
    assert "there is nothing to back up" not in done.stdout
    assert not (backup.path / "scratch" / "skipped").exists()


def test_nothing_of_a_secret_is_readable_in_the_set_or_in_the_log(backup: Backup) -> None:
    done = backup.run("dump", NAME)
    assert done.returncode == 0, done.stderr
    files = [file for file in backup.path.rglob("*") if file.is_file() and "secrets" not in file.parts]
    assert len(files) > 5
    for secret in (PASSWORD, KEY, "a-token-key"):
        assert secret not in done.stdout + done.stderr
        for file in files:
            assert secret.encode() not in file.read_bytes(), file
    command = f"openssl enc -d -aes-256-cbc -pbkdf2 -iter 100000 -pass pass:{KEY} | tar -xO ./airbyte-auth-secrets/jwt"
    with (backup.set(NAME) / "secrets.enc").open("rb") as file:
        opened = subprocess.run(["sh", "-c", command], stdin=file, capture_output=True, check=True)
    assert opened.stdout == b"a-token-key"


def test_timeouts_of_the_role_do_not_end_a_dump(backup: Backup) -> None:
    for setting in ("statement_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'", "lock_timeout = '1ms'"):
        backup.server.psql(f"ALTER ROLE airbyte SET {setting}")
    backup.dumped(NAME)


@contextmanager
def writing(psql: subprocess.Popen[str], step: str) -> Generator[None]:
    """Give psql this step again and again."""
    assert psql.stdin is not None
    stdin, done = psql.stdin, threading.Event()

    def feed() -> None:
        while not done.is_set():
            stdin.write(step)
            stdin.flush()

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        yield
    finally:
        done.set()
        feeder.join()
        psql.kill()


def test_both_databases_are_of_one_moment(backup: Backup) -> None:
    """A writer adds a row to one database and then to the other, so that they never differ by more than one."""
    for database in DATABASES:
        backup.server.psql("CREATE TABLE beat (id int)", user="airbyte", database=database)
    step = "".join(f"\\c {database}\nINSERT INTO beat SELECT count(*) FROM beat;\n" for database in DATABASES)  # noqa: S608 - constants
    flags = ["-X", "-q", "-p", str(backup.server.port), "-U", "airbyte", "-d", "airbyte"]
    with (
        subprocess.Popen(
            backup.server.root.command("psql", *flags),
            env=dict(backup.server.root.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        ) as writer,
        writing(writer, step),
    ):
        while backup.server.psql("SELECT count(*) FROM beat", database="temporal") == "0":
            assert writer.poll() is None
        moments: list[list[int]] = []
        for number in range(3):
            folder = backup.dumped(f"2026010{number + 1}T000000Z")
            databases = json.loads((folder / "manifest.json").read_text())["databases"]
            moments.append(
                [table["rows"] for entry in databases for table in entry["tables"] if table["name"] == "beat"]
            )
        assert writer.poll() is None
    assert all(first - second in (0, 1) for first, second in moments), moments


def test_a_long_transaction_of_a_writer_is_not_interrupted_and_others_wait_briefly(backup: Backup) -> None:
    server = backup.server
    hold = "BEGIN; INSERT INTO few VALUES ('open'); SELECT pg_sleep(600); COMMIT"
    sleeping = f"FROM pg_stat_activity WHERE query = $${hold}$$"
    flags = ["-X", "-p", str(server.port), "-U", "airbyte", "-d", "temporal", "-c", hold]
    with subprocess.Popen(server.root.command("psql", *flags), env=dict(server.root.environment)) as writer:
        while server.psql(f"SELECT count(*) {sleeping}") != "1":
            assert writer.poll() is None
            time.sleep(0.05)
        done = backup.run("dump", NAME, LOCK_ATTEMPTS="2")
        assert done.returncode == 1
        assert "no moment without writers in 2 attempts" in done.stderr
        assert "backups.moment: each" in done.stderr
        assert writer.poll() is None
        assert not (backup.set(NAME) / "SHA256SUMS").exists()
        backup.dumped(NAME, MOMENT="each")
        server.psql(f"SELECT pg_cancel_backend(pid) {sleeping}")


def test_no_session_is_left(backup: Backup) -> None:
    backup.dumped(NAME)
    assert backup.server.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'lakehouse-%'") == "0"
