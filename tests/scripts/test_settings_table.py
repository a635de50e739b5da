"""The recorded table of PostgreSQL's settings matches a real server, and so do the units."""

from collections.abc import Iterator

import pytest

from components.forms.postgresql_settings import TABLE, in_base_unit
from tests.scripts.conftest import new_server
from tests.scripts.record_settings import LIBRARIES, recorded
from tests.support.postgres import DatabaseServer, Root

VALUES = {
    "work_mem": ["64MB", "1.5GB", "128", "65536kB"],
    "temp_buffers": ["800kB", "1MB", "0.5GB"],
    "temp_file_limit": ["1TB", "-1"],
    "effective_cache_size": ["4GB", "16kB"],
    "logical_decoding_work_mem": ["64MB"],
    "statement_timeout": ["30.5s", "1h", "90000", "60000000us"],
    "vacuum_cost_delay": ["500us", "1.5", "2ms"],
    "random_page_cost": ["1.1", "4"],
    "max_parallel_workers_per_gather": ["3"],
    "track_activities": ["on", "off", "yes", "FALSE", "1"],
}
# Parameters that a session cannot set.
AT_START = {
    "checkpoint_timeout": "15min",
    "log_rotation_age": "1d",
    "max_wal_size": "2GB",
    "shared_buffers": "160MB",
    "track_activity_query_size": "4kB",
    "wal_receiver_status_interval": "60000ms",
}


@pytest.fixture(scope="module")
def running(root: Root) -> Iterator[DatabaseServer]:
    server = new_server(root)
    server.prepare("secret")
    server.start(shared_preload_libraries=LIBRARIES, **AT_START)
    yield server
    server.stop()


def setting(name: str) -> str:
    return f"SELECT setting FROM pg_settings WHERE name = '{name}'"  # noqa: S608 - a name of this file's


def test_table_is_a_real_servers(running: DatabaseServer) -> None:
    assert TABLE.read_text() == recorded(running), "to record it again, run: python -m tests.scripts.record_settings"


@pytest.mark.parametrize("name", VALUES)
def test_units_are_the_servers(running: DatabaseServer, name: str) -> None:
    for text in VALUES[name]:
        shown = running.psql(f"SET {name} = '{text}'; {setting(name)}").splitlines()[-1]
        plain = in_base_unit(name, text)
        expected = {True: "on", False: "off"}[plain] if isinstance(plain, bool) else str(plain)
        assert shown == expected, text


def test_units_are_the_servers_at_its_start(running: DatabaseServer) -> None:
    shown = {name: running.psql(setting(name)) for name in AT_START}
    assert shown == {name: str(in_base_unit(name, text)) for name, text in AT_START.items()}
