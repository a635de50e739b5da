"""bootstrap.sh that is killed after any of its statements: no app loses its login, and the next run completes it.

`make test` takes every step for a first run and for a running app, and every third one for the others; `make campaign`
takes every step for each.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.support.postgres import SCRIPTS, DatabaseServer, Root, older_release

APP = {
    "username": "airbyte",
    "password": "new-password",
    "databases": "airbyte\ntemporal",
    "extensions": "temporal:btree_gin",
}
STATE = """
    SELECT rolcanlogin, rolpassword, rolconnlimit FROM pg_authid WHERE rolname = 'airbyte';
    SELECT datname, datacl FROM pg_database WHERE datname IN ('airbyte', 'temporal') ORDER BY 1;
"""
KILL = "\\! kill -9 $PPID\n"
FILES = ("bootstrap.sql", "bootstrap_moves.sql")


@dataclass(frozen=True)
class Runner:
    """Runs the Job's script as an admin against a server, perhaps of another release.

    Attributes:
        client: where the scripts and clients are, and the server's port.
        server: the server.
    """

    client: DatabaseServer
    server: DatabaseServer
    admin: str = "provisioner"

    def bootstrap(self, scripts: str = "/scripts", **changes: str) -> subprocess.CompletedProcess[str]:
        settings = {**APP, "admin": self.admin, **changes}
        return self.client.bootstrap(admin_password="admin", scripts=scripts, **settings)


def steps() -> list[tuple[str, int]]:
    """Where it is killed: file, and number of the line after which; all that change something, and the checks."""
    ends = re.compile(
        r"\\ir bootstrap_|\\! sh |ALTER |(BEGIN|COMMIT);|.*\\gexec$|SELECT pg_temp.put_.*null$"
        r"|WHERE .*\\g /dev/null$"
    )
    places: list[tuple[str, int]] = []
    for file in FILES:
        lines = (SCRIPTS / file).read_text().splitlines()
        places += [(file, number) for number, line in enumerate(lines, 1) if ends.match(line)]
    return places


def third_of_steps(first: int) -> list[tuple[str, int]]:
    """Every third step from the first, second or third one (0 to 2) on; in a campaign, all of them."""
    return steps() if os.environ.get("CAMPAIGN") == "1" else steps()[first::3]


@contextmanager
def server_of(root: Root, initialise: bool) -> Iterator[DatabaseServer]:
    """A server with an admin that is not a superuser."""
    server = DatabaseServer.on_free_port(root, "interrupted")
    if initialise:
        done = root.run("initdb", "--pgdata", server.pgdata, "--username=postgres", "--auth-local=trust",
                        "--auth-host=md5", "--encoding=UTF8", "--locale=C.UTF-8")  # fmt: skip
        assert done.returncode == 0, done.stderr
        own = {"hba_file": f"{server.pgdata}/pg_hba.conf", "ident_file": f"{server.pgdata}/pg_ident.conf"}
    else:
        server.prepare("admin")
        own = {}
    # Only clients are killed.
    server.start(fsync="off", **own)
    try:
        server.psql("CREATE ROLE provisioner LOGIN CREATEROLE CREATEDB PASSWORD 'admin'")
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def runner(root: Root) -> Iterator[Runner]:
    """On the program's own release."""
    with server_of(root, initialise=False) as server:
        yield Runner(server, server)


@pytest.fixture(scope="module", params=[(13, "bullseye"), (15, "bookworm")], ids=["13", "15"])
def older(request: pytest.FixtureRequest, root: Root) -> Iterator[Runner]:
    """On a release with other rules for roles."""
    with older_release(*request.param) as files, server_of(files, initialise=True) as server:
        yield Runner(DatabaseServer(root, "client", server.port), server)


def killed_after(root: Root, file: str, line: int) -> str:
    """Folder inside the root with the scripts, of which one kills its psql behind that line."""
    folder = root.path / "scripts" / "killed"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SCRIPTS, folder)
    lines = (SCRIPTS / file).read_text().splitlines(keepends=True)
    (folder / file).write_text("".join([*lines[:line], KILL, *lines[line:]]))
    return f"/scripts/{folder.name}"


def start_over(server: DatabaseServer) -> None:
    for sql in ("DROP DATABASE IF EXISTS airbyte", "DROP DATABASE IF EXISTS temporal", "DROP ROLE IF EXISTS airbyte"):
        server.psql(sql)


def may_log_in(runner: Runner, password: str) -> bool:
    return runner.client.login("airbyte", password, "airbyte").returncode == 0


def completed_by_next_run(runner: Runner) -> None:
    """Assert that the next run completes it."""
    done = runner.bootstrap()
    assert done.returncode == 0, done.stderr
    assert may_log_in(runner, "new-password")
    marks = (
        "SELECT count(*) FROM pg_shdescription WHERE description LIKE 'lakehouse {%' AND description NOT LIKE '%state%'"
    )
    assert runner.server.psql(marks) == "3"


def test_it_is_killed_at_every_step() -> None:
    assert len(steps()) >= 15
    assert {file for file, _ in steps()} == set(FILES)


def test_a_run_that_is_killed_between_two_databases_is_completed_by_the_next(runner: Runner) -> None:
    start_over(runner.server)
    lines = (SCRIPTS / "bootstrap.sql").read_text().splitlines()
    behind = next(number for number, line in enumerate(lines, 1) if line.startswith("ORDER BY number"))
    killed = runner.bootstrap(
        killed_after(runner.client.root, "bootstrap.sql", behind), databases="airbyte", extensions=""
    )
    assert killed.returncode != 0
    assert runner.server.psql("SELECT count(*) FROM pg_database WHERE datname IN ('airbyte', 'temporal')") == "1"
    completed_by_next_run(runner)


def test_a_first_run_that_is_killed_is_completed_by_the_next(runner: Runner) -> None:
    for file, line in steps():
        start_over(runner.server)
        killed = runner.bootstrap(killed_after(runner.client.root, file, line))
        assert killed.returncode != 0, (file, line)
        # The role cannot log in before the last transaction is committed.
        assert may_log_in(runner, "new-password") == ((file, line) == last_commit()), (file, line)
        completed_by_next_run(runner)


def last_commit() -> tuple[str, int]:
    lines = (SCRIPTS / "bootstrap.sql").read_text().splitlines()
    return "bootstrap.sql", max(number for number, line in enumerate(lines, 1) if line == "COMMIT;")


def test_a_running_app_keeps_its_password_until_the_new_one_is_set(runner: Runner) -> None:
    for file, line in steps():
        check_rotation(runner, file, line)


def test_a_running_app_keeps_its_password_on_older_servers(older: Runner) -> None:
    for file, line in third_of_steps(0):
        check_rotation(older, file, line)


def check_rotation(runner: Runner, file: str, line: int) -> None:
    start_over(runner.server)
    assert runner.bootstrap(password="old-password", connection_limit="7").returncode == 0
    before = runner.server.psql(STATE)
    assert runner.bootstrap(killed_after(runner.client.root, file, line)).returncode != 0
    if (file, line) < last_commit() or file != "bootstrap.sql":
        assert runner.server.psql(STATE) == before, (file, line)
        assert may_log_in(runner, "old-password")
    else:
        assert may_log_in(runner, "new-password")
    completed_by_next_run(runner)


def test_an_adopted_role_keeps_its_password_until_the_new_one_is_set(runner: Runner) -> None:
    for file, line in third_of_steps(1):
        start_over(runner.server)
        runner.server.psql("CREATE ROLE airbyte LOGIN PASSWORD 'of-before'")
        runner.server.psql("GRANT airbyte TO provisioner WITH ADMIN OPTION")
        runner.server.psql("CREATE DATABASE airbyte OWNER airbyte")
        assert runner.bootstrap(killed_after(runner.client.root, file, line), adopt="yes").returncode != 0
        if (file, line) < last_commit() or file != "bootstrap.sql":
            assert may_log_in(runner, "of-before"), (file, line)
        done = runner.bootstrap(adopt="yes")
        assert done.returncode == 0, done.stderr
        assert may_log_in(runner, "new-password")


def test_the_role_cannot_log_in_on_the_target_of_a_move(runner: Runner) -> None:
    for file, line in third_of_steps(2):
        start_over(runner.server)
        assert runner.bootstrap(killed_after(runner.client.root, file, line), arriving="yes").returncode != 0
        done = runner.bootstrap(arriving="yes")
        assert done.returncode == 0, done.stderr
        assert not may_log_in(runner, "new-password"), (file, line)
        states = 'SELECT count(*) FROM pg_shdescription WHERE description LIKE \'%"state": "awaited"%\''
        assert runner.server.psql(states) == "2"
