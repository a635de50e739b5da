"""A dump and a restore open no more connections than the connection budget counts for them."""

import threading
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from components.postgres.backups.settings import BackupSets
from components.postgres.backups.storage import ClaimSets
from tests.support.backups import DATABASES, Backup
from tests.support.postgres import DatabaseServer
from tests.support.restores import Restore

NAME = "20260101T000000Z"
ROWS = """
CREATE TABLE large_1 AS SELECT n, repeat(md5(n::text), 20) AS text FROM generate_series(1, 20000) AS n;
CREATE TABLE large_2 AS TABLE large_1;
CREATE TABLE large_3 AS TABLE large_1;
CREATE TABLE large_4 AS TABLE large_1;
"""
# One session takes all samples, and does not count itself.
SAMPLE = """
DO $$
DECLARE
  most int := 0;
  now_open int;
BEGIN
  WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'end of samples') LOOP
    PERFORM pg_stat_clear_snapshot(), pg_sleep(0.002);
    SELECT count(*) INTO now_open FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid();
    most := greatest(most, now_open);
  END LOOP;
  RAISE NOTICE 'most %', most;
END $$
"""


def most_connections(server: DatabaseServer, action: Callable[[], CompletedProcess[str]]) -> int:
    """Run something that must succeed; how many connections there were at the most meanwhile."""
    seen: list[str] = []
    login = ("psql", "-X", "-q", "-p", str(server.port), "-U", "postgres", "-d", "postgres")
    samples = threading.Thread(target=lambda: seen.append(server.root.run(*login, "-c", SAMPLE).stderr))
    samples.start()
    try:
        done = action()
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        server.root.run(*login, "-c", "SELECT pg_sleep(0.5)", env={"PGAPPNAME": "end of samples"})
        samples.join()
    return int(seen[0].rsplit("most ", 1)[1])


@pytest.mark.parametrize("moment", ["locked", "each"])
@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_as_many_as_the_budget_says(running: DatabaseServer, jobs: int, moment: str) -> None:
    sets = {"storage": ClaimSets(storage_size="1Gi"), "jobs": jobs, "moment": moment}
    counted = BackupSets.model_validate(sets)
    backup = Backup(running, f"connections-{running.name}", {"JOBS": str(jobs), "MOMENT": moment})
    backup.prepare()
    running.psql(ROWS, user="airbyte", database="airbyte")

    dump = most_connections(running, lambda: backup.run("dump", NAME))
    restore = Restore(backup, running)
    restore.prepare(NAME)
    restored = most_connections(running, lambda: restore.run(INTO="beside"))

    assert dump <= counted.dump_connections(len(DATABASES))
    assert restored <= counted.restore_connections
