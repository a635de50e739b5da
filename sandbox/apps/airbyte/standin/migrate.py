"""Bring a schema up to date: numbered SQL files, each run once, recorded in a table of Flyway's form."""

import logging
import re
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString, cast

import psycopg
from psycopg import sql

from standin.settings import SettingError

log = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parent
NAME = re.compile(r"V(?P<version>\d+(_\d+)*)__(?P<description>\w+)\.sql")


@dataclass(frozen=True)
class Migration:
    """One SQL file: ``V0_35_15_001__Connections.sql`` is version 0.35.15.001."""

    version: str
    description: str
    script: str
    text: str

    @property
    def checksum(self) -> int:
        """CRC-32 of the text as a signed number, which is what Flyway's column holds."""
        value = zlib.crc32(self.text.encode())
        return value - (1 << 32) if value >= 1 << 31 else value


def number(version: str) -> tuple[int, ...]:
    """Return a version in a form that sorts: 0.29.15.001 before 0.35.15.001."""
    return tuple(int(part) for part in version.split("."))


def migrations(schema: str) -> list[Migration]:
    """Return the migrations of ``configs`` or ``jobs``, oldest first."""
    found: list[Migration] = []
    for file in (HERE / schema).glob("V*.sql"):
        match = NAME.fullmatch(file.name)
        if match is None:
            msg = f"not a migration's name: {file.name}"
            raise SettingError(msg)
        version = match["version"].replace("_", ".")
        found.append(Migration(version, match["description"], file.name, file.read_text()))
    return sorted(found, key=lambda m: number(m.version))


def migrate(connection: psycopg.Connection, schema: str) -> int:
    """Run what has not run yet, each file in a transaction with its record; return how many ran.

    Two bootloaders at once wait for each other. A file that changed after it ran is refused.

    Raises:
        SettingError: a recorded migration failed before, or its file is not what ran.

    """
    table = sql.Identifier(f"airbyte_{schema}_migrations")
    connection.autocommit = True
    connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (f"airbyte-{schema}",))
    try:
        history = cast("LiteralString", (HERE / "history.sql").read_text())  # a file of this package
        connection.execute(sql.SQL(history).format(table=table))
        done = connection.execute(sql.SQL("SELECT version, checksum, success FROM {}").format(table)).fetchall()
        past = {version: (checksum, success) for version, checksum, success in done}
        todo = [m for m in migrations(schema) if not _ran(m, past)]
        for rank, migration in enumerate(todo, start=len(done) + 1):
            start = time.monotonic()
            with connection.transaction():
                connection.execute(migration.text.encode())
                connection.execute(
                    sql.SQL(
                        "INSERT INTO {} (installed_rank, version, description, type, script, checksum, installed_by,"
                        " execution_time, success) VALUES (%s, %s, %s, 'SQL', %s, %s, current_user, %s, true)"
                    ).format(table),
                    (
                        rank,
                        migration.version,
                        migration.description,
                        migration.script,
                        migration.checksum,
                        round((time.monotonic() - start) * 1000),
                    ),
                )
            log.info("migrated %s to version %s: %s", schema, migration.version, migration.description)
    finally:
        connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (f"airbyte-{schema}",))
        connection.autocommit = False
    return len(todo)


def _ran(migration: Migration, past: dict[str, tuple[int, bool]]) -> bool:
    if migration.version not in past:
        return False
    checksum, success = past[migration.version]
    if not success:
        msg = f"migration {migration.version} failed before: repair the schema, then remove its row"
        raise SettingError(msg)
    if checksum != migration.checksum:
        msg = f"migration {migration.version} is not the one that ran in this database (checksum {checksum})"
        raise SettingError(msg)
    return True


def current(connection: psycopg.Connection, schema: str) -> str:
    """Return the version that a schema is at; empty before its first migration."""
    table = f"airbyte_{schema}_migrations"
    if connection.execute("SELECT to_regclass(%s)", (table,)).fetchone() == (None,):
        return ""
    query = sql.SQL("SELECT version FROM {} WHERE success").format(sql.Identifier(table))
    return max((version for (version,) in connection.execute(query)), key=number, default="")
