"""A set into the databases of a running app, beside them, or into a new server: all of it, or nothing."""

import base64
import json
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.scripts.conftest import new_server, started
from tests.support.backups import DATABASES, KEY, PASSWORD, SECRETS, Backup
from tests.support.postgres import Root
from tests.support.restores import DEPLOYMENTS, Restore

NAME = "20260101T000000Z"
COPIES = [f"{database}_lakehouse_restoring" for database in DATABASES]
KILLS = 15 if os.environ.get("CAMPAIGN") else 3


@pytest.fixture(scope="module")
def backup(root: Root) -> Iterator[Backup]:
    server = started(new_server(root))
    backup = Backup(server, f"restore-of-{server.name}")
    backup.prepare()
    backup.server.psql("ALTER DATABASE airbyte SET statement_timeout = '77s'")
    backup.dumped(NAME)
    yield backup
    server.stop()


@pytest.fixture(scope="module")
def dumped(backup: Backup) -> list[str]:
    """Contents of the databases as they are in the set."""
    return all_contents(backup)


@pytest.fixture
def restore(backup: Backup) -> Iterator[Restore]:
    """A restore on the server of the app, whose databases get rows after the set, and their old names afterwards."""
    restore = Restore(backup, backup.server)
    restore.prepare(NAME)
    server = backup.server
    server.psql("CREATE TABLE later AS SELECT 1 AS n; DELETE FROM kinds", user="airbyte", database="airbyte")
    yield restore
    for name in restore.databases():
        if name not in DATABASES:
            server.psql(f'DROP DATABASE "{name}" WITH (FORCE)')
    server.psql("DROP TABLE IF EXISTS later", user="airbyte", database="airbyte")


def contents(backup: Backup, database: str) -> str:
    """A dump of a database, without what differs between two of the same."""
    variables = backup.variables(NAME)
    dump = [
        "pg_dump",
        "--no-owner",
        "--no-comments",
        "-h",
        "127.0.0.1",
        "-p",
        variables["PGPORT"],
        "-U",
        "airbyte",
        database,
    ]
    done = backup.server.root.run(*dump, env={"PGPASSWORD": PASSWORD})
    assert done.returncode == 0, done.stderr
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


def all_contents(backup: Backup) -> list[str]:
    return [contents(backup, database) for database in DATABASES]


def kept(restore: Restore) -> list[str]:
    """Databases that are not the app's."""
    return [name for name in restore.databases() if name not in DATABASES]


def log(restore: Restore) -> list[str]:
    return (restore.cluster / "log").read_text().splitlines()


def untouched(restore: Restore) -> bool:
    """Whether the app was not stopped, and its databases are its own and the only ones."""
    asked = [line for line in log(restore) if not line.startswith("get ")] if (restore.cluster / "log").exists() else []
    rows = restore.server.psql("SELECT count(*) FROM later", user="airbyte", database="airbyte")
    return not asked and not kept(restore) and rows == "1"


def test_a_restore_brings_back_everything_and_keeps_the_old_content(backup: Backup, dumped: list[str]) -> None:
    server = backup.server
    restore = Restore(backup, server)
    restore.prepare(NAME)
    server.psql("DROP TABLE kinds CASCADE; CREATE TABLE later AS SELECT 1 AS n", user="airbyte", database="airbyte")
    server.psql("DELETE FROM few", user="airbyte", database="temporal")
    with server.session("airbyte", PASSWORD, "temporal"):
        done = restore.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert all_contents(backup) == dumped
    old = kept(restore)
    assert [name.rsplit("_", 1)[0] for name in old] == ["airbyte_before", "temporal_before"]
    assert server.psql("SELECT n FROM later", user="airbyte", database=old[0]) == "1"
    assert f"the old databases are kept as: {', '.join(old)}" in done.stdout
    assert "the app was down for" in done.stdout
    # The settings of the app's database, and the mark of its creator.
    settings = "SELECT setconfig FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase"
    assert "statement_timeout=77s" in server.psql(f"{settings} WHERE datname = 'airbyte'")
    mark = server.psql("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'airbyte'")
    assert '"made_by"' in mark and f'"set": "{NAME}"' in mark
    bootstrapped = server.bootstrap(
        admin_password="admin", username="airbyte", password=PASSWORD, databases="\n".join(DATABASES)
    )
    assert bootstrapped.returncode == 0, bootstrapped.stderr
    assert json.loads((restore.path / "outcome").read_text())["outcome"] == "restored"
    for name in old:
        server.psql(f'DROP DATABASE "{name}"')


def test_a_database_that_was_dropped_by_hand_comes_back(restore: Restore, dumped: list[str]) -> None:
    server = restore.server
    server.psql('DROP DATABASE "airbyte" WITH (FORCE)')
    done = restore.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "database airbyte does not exist" in done.stdout
    assert all_contents(restore.backup) == dumped
    assert [name.rsplit("_", 1)[0] for name in kept(restore)] == ["temporal_before"]
    bootstrapped = server.bootstrap(
        admin_password="admin", username="airbyte", password=PASSWORD, databases="\n".join(DATABASES)
    )
    assert bootstrapped.returncode == 0, bootstrapped.stderr
    server.psql("ALTER DATABASE airbyte SET statement_timeout = '77s'")


def test_the_app_is_stopped_before_and_started_after_the_exchange(restore: Restore) -> None:
    done = restore.run()
    assert done.returncode == 0, done.stdout + done.stderr
    asked = [line for line in log(restore) if not line.startswith("get ")]
    assert [line.split(" --namespace")[0] for line in asked] == [
        "annotate deployment airbyte-server",
        "scale deployment airbyte-server",
        "annotate deployment airbyte-worker",
        "scale deployment airbyte-worker",
        "scale deployment airbyte-cron",
        *["wait pod --for=delete --selector=app=" + name for name in ("server", "worker", "cron")],
        "create",
        "scale deployment airbyte-server",
        "annotate deployment airbyte-server",
        "scale deployment airbyte-worker",
        "annotate deployment airbyte-worker",
        "rollout status deployment airbyte-server",
        "rollout status deployment airbyte-worker",
    ]
    assert (restore.cluster / "deployments").read_text() == DEPLOYMENTS


def test_the_secret_of_the_app_is_that_of_the_set_and_printed_nowhere(restore: Restore) -> None:
    done = restore.run()
    assert done.returncode == 0, done.stdout + done.stderr
    made = json.loads((restore.cluster / "secrets" / "airbyte-auth-secrets" / "object").read_text())
    assert made["data"] == {"id": "Y2xpZW50", "jwt": "YS10b2tlbi1rZXk="}
    again = restore.run(RUN="run-2")
    assert again.returncode == 0, again.stdout + again.stderr
    assert any(line.startswith("patch secret airbyte-auth-secrets") for line in log(restore))
    for secret in ("a-token-key", "YS10b2tlbi1rZXk", PASSWORD, *SECRETS["airbyte-database"].values()):
        for text in (done.stdout, done.stderr, *log(restore)):
            assert secret not in text


def test_a_set_that_an_older_version_has_made_is_restored(restore: Restore) -> None:
    """Its manifest has the checksum of the archive of Secrets alone."""
    manifest = restore.set / "manifest.json"
    written = json.loads(manifest.read_text())
    cipher = ["openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-iter", "100000", "-pass", f"pass:{KEY}"]
    both = base64.b64decode(written["secretsChecksum"])
    first, second = subprocess.run([*cipher, "-d"], input=both, capture_output=True, check=True).stdout.splitlines(True)
    assert second
    alone = subprocess.run(cipher, input=first, capture_output=True, check=True).stdout
    written["secretsChecksum"] = base64.b64encode(alone).decode()
    manifest.write_text(json.dumps(written))
    done = restore.run(INTO="beside")
    assert done.returncode == 0, done.stdout + done.stderr


def test_beside_leaves_the_app_alone(restore: Restore) -> None:
    done = restore.run(INTO="beside")
    assert done.returncode == 0, done.stdout + done.stderr
    new = kept(restore)
    assert [name.rsplit("_", 1)[0] for name in new] == ["airbyte_restored", "temporal_restored"]
    assert ", ".join(new) in done.stdout
    assert restore.server.psql("SELECT count(*) FROM kinds", user="airbyte", database=new[0]) == "503"
    assert restore.server.psql("SELECT count(*) FROM kinds", user="airbyte", database="airbyte") == "0"
    assert not [line for line in log(restore) if not line.startswith("get ")]


def test_a_new_server_gets_the_set_once(backup: Backup, root: Root, dumped: list[str]) -> None:
    server = started(new_server(root))
    try:
        server.bootstrap(admin_password="admin", username="airbyte", password=PASSWORD, databases="\n".join(DATABASES))
        restore = Restore(backup, server, {"INTO": "new"})
        restore.prepare(NAME)
        (restore.cluster / "deployments").write_text("")
        done = restore.run()
        assert done.returncode == 0, done.stdout + done.stderr
        assert all_contents(Backup(server, backup.folder)) == dumped
        assert kept(restore) == []
        server.psql("CREATE TABLE since AS SELECT 1", user="airbyte", database="airbyte")
        other = restore.run(RUN="another", WANTED="20250101T000000Z")
        assert other.returncode == 3
        assert f"began as the set {NAME}, not as 20250101T000000Z" in other.stderr
        again = restore.run(RUN="another")
        assert again.returncode == 0, again.stdout + again.stderr
        assert "nothing to restore" in again.stdout
        assert server.psql("SELECT count(*) FROM since", user="airbyte", database="airbyte") == "1"
    finally:
        server.stop()


def test_a_restore_into_a_new_server_refuses_one_with_data(restore: Restore) -> None:
    done = restore.run(INTO="new")
    assert done.returncode == 3
    assert "database airbyte is not empty" in done.stderr
    assert untouched(restore)


def in_manifest(old: str, new: str) -> Callable[[Restore], None]:
    def change(restore: Restore) -> None:
        file = restore.set / "manifest.json"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return change


def without(path: str) -> Callable[[Restore], None]:
    return lambda restore: (restore.set / path).unlink()


def truncated(path: str) -> Callable[[Restore], None]:
    def change(restore: Restore) -> None:
        file = restore.set / path
        file.write_bytes(file.read_bytes()[:-20])

    return change


def a_role_that_is_missing(restore: Restore) -> None:
    file = restore.set / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["databases"][1]["roles"] = ["analyst"]
    file.write_text(json.dumps(manifest))


def of_a_newer_version(restore: Restore) -> None:
    file = restore.set / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"major": 18, "server": "18.1"}))


def encrypted(restore: Restore) -> None:
    (restore.set / "secrets.enc").rename(restore.set / "secrets.enc.age")


def other_sequence(restore: Restore) -> None:
    file = restore.set / "databases" / "1.csv"
    text = file.read_text()
    assert "\nsequence," in text
    file.write_text(re.sub(r"(?m)^(sequence,.*),(\d+),", r"\1,1\2,", text))


@pytest.mark.parametrize(
    ("damage", "changes", "message"),
    [
        (of_a_newer_version, {}, "and this server is version 17"),
        (in_manifest("(PostgreSQL) 17", "(PostgreSQL) 18"), {}, "pg_restore of the image is version 17"),
        (in_manifest("airbyte 2.2.0", "airbyte 2.0.5"), {}, "it is of airbyte 2.0.5, and airbyte 2.2.0 runs"),
        (in_manifest('"size": ', '"size": 99999999999'), {}, "and the volume of the server has"),
        (in_manifest('"btree_gin"', '"no_such"'), {}, "extensions that this server does not have: no_such"),
        (a_role_that_is_missing, {}, "roles that do not exist on this server: analyst"),
        (without("manifest.json"), {}, "it has no manifest.json"),
        (without("databases/2.csv"), {}, "it has no databases/2.csv"),
        (without("databases/1/toc.dat"), {}, "it has no databases/1/toc.dat"),
        (truncated("databases/2/toc.dat"), {}, "the archive of its database 2 cannot be read"),
        (other_sequence, {}, "database 1 differs from what was dumped"),
        (without("secrets.enc"), {}, "it has no secrets.enc"),
        (truncated("secrets.enc"), {}, "cannot be decrypted with the backup key"),
        (encrypted, {}, "the set is encrypted with age"),
        (lambda _: None, {"BACKUP_KEY": "another"}, "the backup key"),
        (
            lambda _: None,
            {"APP_DATABASES": "airbyte"},
            "the databases 1 airbyte, 2 temporal, and the app has 1 airbyte",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_does_not_fit_is_refused_before_anything_is_touched(
    restore: Restore, damage: Callable[[Restore], None], changes: dict[str, str], message: str
) -> None:
    damage(restore)
    done = restore.run(**changes)
    assert done.returncode == 3, done.stdout + done.stderr
    assert message in done.stderr
    assert untouched(restore)


def test_a_failure_after_the_stop_starts_the_app_again(restore: Restore) -> None:
    (restore.cluster / "fail").write_text("wait")
    done = restore.run()
    assert done.returncode != 0
    assert (restore.cluster / "deployments").read_text() == DEPLOYMENTS
    assert kept(restore) == []
    assert restore.server.psql("SELECT count(*) FROM later", user="airbyte", database="airbyte") == "1"


def test_two_restores_do_not_run_at_once(restore: Restore) -> None:
    with restore.server.session("postgres", "admin", "postgres"):
        key = "SELECT pg_advisory_lock(hashtextextended('lakehouse move airbyte', 0)), pg_sleep(6)"
        with subprocess.Popen(
            restore.server.root.command("psql", "-X", "-p", str(restore.server.port), "-U", "postgres", "-c", key),
            env=dict(restore.server.root.environment),
            stdout=subprocess.DEVNULL,
        ):
            time.sleep(1)
            done = restore.run(WAIT_SECONDS="2")
    assert done.returncode != 0
    assert "another move or restore of role airbyte is running" in done.stderr
    assert untouched(restore)


def names_hard_to_quote() -> list[str]:
    return ["air=byte 'x' \"y\"", "-temporal"]


def test_names_that_need_quotes(root: Root) -> None:
    server = started(new_server(root))
    try:
        names = "\n".join(names_hard_to_quote())
        assert (
            server.bootstrap(admin_password="admin", username="airbyte", password=PASSWORD, databases=names).returncode
            == 0
        )
        backup = Backup(server, f"hard-{server.name}", {"APP_DATABASES": names})
        for name in SECRETS:
            (backup.path / "secrets" / name).mkdir(parents=True)
            (backup.path / "secrets" / name / "key").write_text("value")
        (backup.path / "scratch").mkdir()
        subprocess.run(["chown", "-R", "999:999", backup.path], check=True)
        backup.dumped(NAME)
        restore = Restore(backup, server)
        restore.prepare(NAME)
        restore.set.joinpath("x").unlink(missing_ok=True)
        done = restore.run()
        assert done.returncode == 0, done.stdout + done.stderr
        assert restore.databases() == sorted(names_hard_to_quote())
    finally:
        server.stop()


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_restore_is_all_or_nothing_and_the_next_one_completes_it(
    restore: Restore, number: int, backup: Backup
) -> None:
    with restore.start() as process:
        time.sleep(random.uniform(0.2, 6))  # noqa: S311 - a moment
        os.killpg(process.pid, signal.SIGKILL)
    until_no_session(restore)
    names = restore.databases()
    assert set(DATABASES) <= set(names)
    tables = [restored(restore, name) for name in DATABASES]
    assert tables in ([True, True], [False, False])
    done = restore.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert [restored(restore, name) for name in DATABASES] == [True, True]
    assert not set(COPIES) & set(restore.databases())
    assert (restore.cluster / "deployments").read_text() == DEPLOYMENTS


def restored(restore: Restore, database: str) -> bool:
    comment = f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{database}'"  # noqa: S608
    return restore.job in restore.server.psql(comment)


def until_no_session(restore: Restore) -> None:
    """A killed client's session ends once the server notices."""
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lakehouse-restore'"
    for _ in range(100):
        if restore.server.psql(sessions) == "0":
            return
        time.sleep(0.1)
    raise AssertionError(restore.server.psql("SELECT query FROM pg_stat_activity WHERE application_name <> ''"))
