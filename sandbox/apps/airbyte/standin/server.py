"""The API server: a health check that reads the database, a page, and the few calls that tests and parts make."""

import html
import json
import logging
import string
import threading
import time
import urllib.error
from pathlib import Path
from typing import Any

import psycopg

from standin import bootloader, connections, database, migrate, storage, tokens
from standin.settings import Database, SettingError, from_jdbc, require
from standin.web import Answer, Request, serve

log = logging.getLogger(__name__)

PAGE = string.Template(Path(__file__).with_name("page.html").read_text())


class Server:
    """The API of one database. Every call opens its own connection, so a changed database is noticed at once."""

    def __init__(self, target: Database, env: dict[str, str]) -> None:
        self.target = target
        self.env = env

    def health(self, _request: Request) -> Answer:
        """Say 200 only while the connection table can be read."""
        try:
            with database.connect(self.target) as connection:
                connection.execute("SELECT id, name, status, schedule FROM connection LIMIT 1").fetchall()
        except psycopg.Error as error:
            log.warning("not healthy: %s", " ".join(str(error).split()))
            return Answer(503, {"available": False})
        return Answer(200, {"available": True})

    def page(self, _request: Request) -> Answer:
        """Say what this is and list the newest connections."""
        with database.connect(self.target) as connection:
            counts = connection.execute(
                "SELECT current_setting('server_version'), (SELECT count(*) FROM connection),"
                " (SELECT count(*) FROM workspace)"
            ).fetchone() or ("", 0, 0)
            schema = migrate.current(connection, "configs")
            rows = connections.newest(connection)
        lines = ["<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row.values()) + "</tr>" for row in rows]
        text = PAGE.substitute(
            version=html.escape(self.env["AIRBYTE_VERSION"]),
            postgresql=counts[0],
            connections=counts[1],
            workspaces=counts[2],
            schema=schema,
            rows="\n".join(lines) or '<tr><td colspan="4">none yet</td></tr>',
        )
        return Answer(200, text)

    def list(self, request: Request) -> Answer:
        """List the newest connections."""
        if refusal := self._refuse(request):
            return refusal
        with database.connect(self.target) as connection:
            return Answer(200, {"connections": connections.newest(connection)})

    def workspaces(self, request: Request) -> Answer:
        """List the workspaces that are not deleted."""
        if refusal := self._refuse(request):
            return refusal
        with database.connect(self.target) as connection:
            rows = connection.execute("SELECT id, name, slug FROM workspace WHERE NOT tombstone").fetchall()
        found = [{"workspaceId": str(number), "name": name, "slug": slug} for number, name, slug in rows]
        return Answer(200, {"workspaces": found})

    def create(self, request: Request) -> Answer:
        """Make a connection: ``{"name", "status"?, "schedule"?: {"units", "timeUnit"}}``, with its two actors."""
        if refusal := self._refuse(request):
            return refusal
        name, status = str(request.body.get("name") or ""), str(request.body.get("status", "active"))
        schedule = request.body.get("schedule")
        if not 0 < len(name) <= 256 or status not in connections.STATUSES:
            msg = f"name must have 1 to 256 characters, status be one of {', '.join(connections.STATUSES)}"
            raise ValueError(msg)
        if schedule is not None:
            schedule = connections.schedule_of(schedule)
        with database.connect(self.target) as connection:
            return Answer(200, {"connectionId": str(connections.create(connection, name, status, schedule))})

    def application_token(self, request: Request) -> Answer:
        """Exchange the instance admin's client id and secret for a token."""
        given = (request.body.get("client_id"), request.body.get("client_secret"))
        if given != (self.env["AB_INSTANCE_ADMIN_CLIENT_ID"], self.env["AB_INSTANCE_ADMIN_CLIENT_SECRET"]):
            return Answer(401, {"message": "unknown client_id or client_secret"})
        return self._token(str(given[0]))

    def dataplane_token(self, request: Request) -> Answer:
        """Exchange a data plane's account for a token."""
        account, word = str(request.body.get("client_id", "")), str(request.body.get("client_secret", ""))
        with database.connect(self.target) as connection:
            if not bootloader.known(connection, account, word):
                return Answer(401, {"message": "unknown client_id or client_secret"})
        return self._token(account)

    def _token(self, subject: str) -> Answer:
        token = tokens.issue(subject, self.env["AB_JWT_SIGNATURE_SECRET"])
        return Answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": tokens.LIFETIME})

    def _refuse(self, request: Request) -> Answer | None:
        if self.env["API_AUTHORIZATION_ENABLED"] != "true":
            return None
        if request.token and tokens.subject(request.token, self.env["AB_JWT_SIGNATURE_SECRET"]):
            return None
        return Answer(401, {"message": "no valid bearer token: get one from POST /api/v1/applications/token"})


def _cell(value: Any) -> str:
    return html.escape(value if isinstance(value, str) else json.dumps(value))


def make_buckets() -> None:
    """Make the buckets, trying again for as long as the storage is not there."""
    store = storage.from_env()
    if store is None:
        return
    while True:
        try:
            for bucket in storage.buckets():
                store.ensure(bucket)
        except urllib.error.URLError as error:
            log.warning("the storage does not answer as it should: %s", error)
            time.sleep(10)
        else:
            log.info("the storage has the buckets %s", ", ".join(storage.buckets()))
            return


def wait_for_schema(target: Database, minimum: str, seconds: float = 60) -> None:
    """Return when the bootloader has brought the schema to this version.

    Raises:
        SettingError: it has not within this time.

    """
    start = time.monotonic()
    while True:
        with database.connect(target) as connection:
            version = migrate.current(connection, "configs")
        if version and migrate.number(version) >= migrate.number(minimum):
            return
        if time.monotonic() - start > seconds:
            msg = f"the schema is at version {version or 'none'}, at least {minimum} is needed: did the bootloader run?"
            raise SettingError(msg)
        time.sleep(2)


def run() -> None:
    """Serve the API on port 8001.

    Raises:
        SettingError: a variable is missing, the database does not answer, or its schema is too old.

    """
    env = require(
        "AIRBYTE_VERSION",
        "API_AUTHORIZATION_ENABLED",
        "AB_INSTANCE_ADMIN_PASSWORD",
        "AB_INSTANCE_ADMIN_CLIENT_ID",
        "AB_INSTANCE_ADMIN_CLIENT_SECRET",
        "AB_JWT_SIGNATURE_SECRET",
        "CONFIG_DATABASE_REPLICA_USER",
        "CONFIG_DATABASE_REPLICA_PASSWORD",
        "CONFIGS_DATABASE_MINIMUM_FLYWAY_MIGRATION_VERSION",
    )
    target = from_jdbc()
    storage.from_env()
    database.wait(target)
    wait_for_schema(target, env["CONFIGS_DATABASE_MINIMUM_FLYWAY_MIGRATION_VERSION"])
    threading.Thread(target=make_buckets, daemon=True).start()
    server = Server(target, env)
    log.info("serving Airbyte's stand-in, version %s", env["AIRBYTE_VERSION"])
    serve(
        8001,
        {
            ("GET", "/"): server.page,
            ("GET", "/api/v1/health"): server.health,
            ("POST", "/api/v1/connections/list"): server.list,
            ("POST", "/api/v1/workspaces/list"): server.workspaces,
            ("POST", "/api/v1/connections/create"): server.create,
            ("POST", "/api/v1/applications/token"): server.application_token,
            ("POST", "/api/v1/dataplanes/token"): server.dataplane_token,
        },
    )
