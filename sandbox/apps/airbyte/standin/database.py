"""Connect to a database, and wait for one."""

import logging
import time

import psycopg

from standin.settings import Database, SettingError

log = logging.getLogger(__name__)


def connect(database: Database, dbname: str = "") -> psycopg.Connection:
    """Open a connection; the caller uses it as a context manager, which commits or rolls back, and closes it."""
    return psycopg.connect(**database.parameters(dbname))  # pyright: ignore[reportArgumentType]


def wait(database: Database, dbname: str = "", seconds: float = 60) -> None:
    """Return when the database accepts a connection.

    Raises:
        SettingError: it did not within this time; the text ends with what the driver said, which has no password in it.

    """
    start = time.monotonic()
    while True:
        try:
            connect(database, dbname).close()
        except psycopg.OperationalError as error:
            reason = " ".join(str(error).split())
            if time.monotonic() - start > seconds:
                msg = f"no connection to the database within {seconds:.0f} s: {reason}"
                raise SettingError(msg) from None
            log.info("waiting for the database: %s", reason)
            time.sleep(2)
        else:
            return
