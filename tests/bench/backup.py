"""Backup and restore of metadata against `pg_dump >f.sql` and `psql <f.sql`, and how dumps are compressed best."""

import os
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.bench.cpu import Spent, spent
from tests.bench.measure import Ratio, in_turn, seconds
from tests.bench.metadata import DATABASE, NAME, SETTINGS, megabytes_of, metadata, settle, succeed
from tests.support.backups import Backup
from tests.support.restores import Restore

ROUNDS = 3
COMPRESSIONS = ("none", "gzip:1", "gzip:6", "lz4:1", "zstd:1", "zstd:3", "zstd:6", "zstd:9")
PLAIN = "/volume/plain.sql"
EMPTY = "restored"


def measure(megabytes: int) -> list[Ratio]:
    """Times and sizes of both, in turn; beside them, those of whole backups and restores, which also compare."""
    print(f"backup: {megabytes} MB, {SETTINGS.compression}, {SETTINGS.jobs} jobs", file=sys.stderr, flush=True)
    with metadata(megabytes) as backup:
        dump, plain_dump = in_turn(ROUNDS, {"dump.sh": lambda: _dump(backup), "plain": lambda: _plain_dump(backup)})
        size = megabytes_of(backup.set(NAME))
        plain_size = megabytes_of(backup.server.root.path / PLAIN[1:])
        restore, whole, plain_restore = in_turn(
            ROUNDS,
            {
                "pg_restore": lambda: _restore_part(backup),
                "restore.sh": lambda: _restore(backup),
                "plain": lambda: _plain_restore(backup),
            },
        )
        busy = _spent(backup, lambda: _restore_part(backup))
        plain_busy = _spent(backup, lambda: _plain_restore(backup))
    cores = os.cpu_count() or 1
    print(
        f"  CPU: pg_restore {busy.cpu:.1f} s, psql {plain_busy.cpu:.1f} s, {cores} cores", file=sys.stderr, flush=True
    )
    return [
        Ratio("size: a set / pg_dump >f.sql", size, plain_size, "MB", 0.35, more_is_better=False),
        # The same rows and indexes take the same CPU time; all that a parallel restore can gain are idle cores.
        Ratio("restore: pg_restore as restore.sh runs it / psql <f.sql", restore, plain_restore, "s", 0.4, False),
        Ratio("restore: cores that pg_restore uses / cores", busy.cores, cores, "cores", 0.75, more_is_better=True),
        Ratio("restore.sh whole, with its comparison / psql <f.sql", whole, plain_restore, "s", None, False),
        Ratio("dump.sh whole, with its fingerprint / pg_dump >f.sql", dump, plain_dump, "s", None, False),
    ]


def compressions(megabytes: int) -> list[Ratio]:
    """Prints time, CPU time and size of a dump, and the time of its restore, with each compression."""
    print(f"compressions: {megabytes} MB, {SETTINGS.jobs} jobs", file=sys.stderr, flush=True)
    with metadata(megabytes) as backup:
        for compression in COMPRESSIONS:
            print(f"  {compression:<7} {_compressed(backup, compression)}", flush=True)
    return []


def _compressed(backup: Backup, compression: str) -> str:
    dumps: list[Spent] = []

    def dump() -> float:
        dumps.append(_spent(backup, lambda: _dump(backup, COMPRESSION=compression)))
        return dumps[-1].seconds

    written, restored = in_turn(ROUNDS, {"dump.sh": dump, "pg_restore": lambda: _restore_part(backup)})
    size, cpu = megabytes_of(backup.set(NAME)), statistics.median(each.cpu for each in dumps)
    return f"{size:7.1f} MB  dump.sh {written:6.1f} s, {cpu:6.1f} s of CPU  pg_restore {restored:6.1f} s"


def _spent(backup: Backup, action: Callable[[], float]) -> Spent:
    assert backup.server.process is not None
    return spent(backup.server.process.pid, action)


def _dump(backup: Backup, **changes: str) -> float:
    settle(backup.server)
    return seconds(lambda: backup.dumped(NAME, **changes))


def _plain_dump(backup: Backup) -> float:
    settle(backup.server)
    return seconds(lambda: _shell(backup, f"exec pg_dump {DATABASE} >{PLAIN}"))


def _restore_part(backup: Backup) -> float:
    with _empty(backup):
        env = {
            "APP_USERNAME": DATABASE,
            "JOBS": str(SETTINGS.jobs),
            "SET": backup.variables(NAME)["SET"],
            "COPY": EMPTY,
            "WORK": "/tmp",  # noqa: S108 - in the root
        }
        return seconds(lambda: _shell(backup, "exec sh /scripts/restore_part.sh", **env))


def _plain_restore(backup: Backup) -> float:
    with _empty(backup):
        command = f"exec psql -X -q -v ON_ERROR_STOP=1 -d {EMPTY} -o /dev/null <{PLAIN}"
        return seconds(lambda: _shell(backup, command))


def _restore(backup: Backup) -> float:
    restore = Restore(backup, backup.server)
    restore.prepare(NAME)
    before = restore.databases()
    settle(backup.server)

    def run() -> None:
        done = restore.run(INTO="beside")
        assert done.returncode == 0, done.stdout + done.stderr

    try:
        return seconds(run)
    finally:
        for name in set(restore.databases()) - set(before):
            backup.server.psql(f'DROP DATABASE "{name}"')


@contextmanager
def _empty(backup: Backup) -> Iterator[None]:
    """An empty database of the app's role."""
    backup.server.psql(f"CREATE DATABASE {EMPTY} OWNER {DATABASE} TEMPLATE template0")
    settle(backup.server)
    try:
        yield
    finally:
        backup.server.psql(f"DROP DATABASE {EMPTY}")


def _shell(backup: Backup, command: str, **env: str) -> None:
    """Run a command as the admin."""
    login = {"PGHOST": "/var/run/postgresql", "PGPORT": str(backup.server.port), "PGUSER": "postgres"}
    succeed(backup.server.root, "sh", "-c", command, **login, **env)
