"""Dagster's own tests of its storage, on the embedded server and through the pooler as its pods run it.

Most are left out of `make test`: all of them take four minutes each time, and run in `make campaign`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.postgres.pooler.pgbouncer import PgBouncerSettings
from tests.scripts.conftest import new_server, started
from tests.support.dagster.storage_tests import DATABASE, LOGIN, PORT, run
from tests.support.network import Network, loopback
from tests.support.pgbouncer import in_front_of
from tests.support.postgres import DatabaseServer, Root, pooler_image, unpacked_image

WHOLE = os.environ.get("CAMPAIGN") == "1"
SOME = "test_instance or test_schedule_storage or test_daemon_cursor or two_watchers or threaded_concurrency"
ARGUMENTS = [] if WHOLE else ["-k", SOME]
TESTS = 289 if WHOLE else 47
"""How many there are."""
OTHERS = {"skipped": 8} if WHOLE else {"deselected": 250}
"""Those that Dagster does not run on PostgreSQL, or those that are left out."""


@pytest.fixture
def network() -> Iterator[Network]:
    """The tests know one port only, which may be in use elsewhere."""
    with loopback() as network:
        yield network


@pytest.fixture
def root(network: Network) -> Iterator[Root]:
    with unpacked_image(network.prefix) as root:
        yield root


def prepared(server: DatabaseServer) -> DatabaseServer:
    """The server, started, with the role and database of the tests."""
    done = started(server).bootstrap(admin_password="admin", scram_iterations="1", databases=DATABASE, **LOGIN)
    assert done.returncode == 0, done.stderr
    return server


def test_direct(root: Root, tmp_path: Path) -> None:
    server = DatabaseServer(root, "direct", PORT)
    try:
        prepared(server)
        assert run(root, tmp_path, ARGUMENTS, pooled=False) == {"passed": TESTS, **OTHERS}
    finally:
        server.stop()


def test_through_the_pooler(network: Network, root: Root, tmp_path: Path) -> None:
    server = new_server(root)
    try:
        prepared(server)
        with (
            pooler_image(network.prefix) as files,
            in_front_of(server, files, PgBouncerSettings(), iterations=1, port=PORT, databases=[DATABASE], **LOGIN),
        ):
            found = run(root, tmp_path, ARGUMENTS, pooled=True)
        assert found == {"passed": TESTS - 2, "xfailed": 2, **OTHERS}
    finally:
        server.stop()
