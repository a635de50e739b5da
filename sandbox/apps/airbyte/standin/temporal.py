"""Temporal's part: its two databases, their schema, and a heartbeat in each while it listens on port 7233."""

import logging
import os
import socketserver
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import unquote

import psycopg
from psycopg import errors, sql

from standin import database
from standin.settings import Database, SettingError, from_temporal, from_temporal_tool, is_true, require

log = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parent
VERSION = "1.17"  # of both schemas
PERIOD = 10  # seconds between heartbeats


class Silent(socketserver.BaseRequestHandler):
    """Accept a connection and close it: nobody here speaks Temporal's protocol."""

    def handle(self) -> None:
        """Leave."""


class Listener(socketserver.ThreadingTCPServer):
    """The frontend's port."""

    allow_reuse_address = True
    daemon_threads = True


def run() -> None:
    """Set up both databases as the image's auto-setup does, then serve.

    Raises:
        SettingError: a variable is missing, or the database server does not answer.

    """
    require("AUTO_SETUP", "BIND_ON_IP", "TEMPORAL_BROADCAST_ADDRESS", "DYNAMIC_CONFIG_FILE_PATH")
    server, tool = from_temporal(), from_temporal_tool()
    names = {
        # Temporal writes them into an address as they are, and its driver decodes that.
        "main": unquote(os.environ.get("DBNAME", "temporal")),
        "visibility": unquote(os.environ.get("VISIBILITY_DBNAME", "temporal_visibility")),
    }
    skips_creation = is_true("SKIP_DB_CREATE")  # somebody else makes the databases
    database.wait(tool, names["main"] if skips_creation else "")
    for kind, name in names.items():
        if not skips_creation and name != tool.user:
            create(tool, name)
        set_up(tool, name, kind)
    threading.Thread(target=beat, args=(server, names), daemon=True).start()
    log.info("serving Temporal's stand-in on the databases %s", " and ".join(names.values()))
    with Listener(("", 7233), Silent) as listener:
        listener.serve_forever()


def create(server: Database, name: str) -> None:
    """Make a database; that it is there already is all that is forgiven, as with Temporal's own tool.

    PostgreSQL looks at the right to create databases first, so a role without it fails on an existing one, too.

    Raises:
        SettingError: the role may not create databases.

    """
    with database.connect(server) as connection:
        connection.autocommit = True
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            log.info("made the database %s", name)
        except errors.DuplicateDatabase:
            log.info("the database %s is there", name)
        except errors.InsufficientPrivilege as error:
            msg = f"CREATE DATABASE {name}: {error}: grant CREATEDB, or make the databases and set SKIP_DB_CREATE=true"
            raise SettingError(msg) from None


def set_up(server: Database, name: str, kind: str) -> None:
    """Bring a database's schema to the version of this image, once."""
    with database.connect(server, name) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('temporal-schema'))")
        connection.execute((HERE / "temporal_version.sql").read_bytes())
        if connection.execute("SELECT 1 FROM schema_version").fetchone() is None:
            connection.execute((HERE / f"temporal_{kind}.sql").read_bytes())
            connection.execute(
                "INSERT INTO schema_version (db_name, curr_version, min_compatible_version) VALUES (%s, %s, %s)",
                (name, VERSION, VERSION),
            )
            log.info("set up the schema of %s, version %s", name, VERSION)


def beat(server: Database, names: dict[str, str]) -> None:
    """Write a heartbeat to each database forever; log when it starts to fail and when it works again."""
    host, run_id, working = uuid.uuid4().bytes, str(uuid.uuid4()), True
    while True:
        try:
            with database.connect(server, names["main"]) as connection:
                connection.execute((HERE / "temporal_heartbeat.sql").read_bytes(), {"host": host})
            with database.connect(server, names["visibility"]) as connection:
                connection.execute((HERE / "temporal_visible.sql").read_bytes(), {"run": run_id})
            if not working:
                log.info("the heartbeat is written again")
            working = True
        except psycopg.Error as error:
            if working:
                log.warning("no heartbeat: %s", " ".join(str(error).split()))
            working = False
        time.sleep(PERIOD)
