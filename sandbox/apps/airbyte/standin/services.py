"""The parts behind the API. Each keeps its connections up and its probes answered, and says when one breaks."""

import json
import logging
import time
import urllib.request
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import NoReturn

import psycopg

from standin import database, storage, tokens
from standin.settings import Database, SettingError, from_jdbc, require
from standin.web import Answer, Request, serve

log = logging.getLogger(__name__)

Check = Callable[[], None]
REPLICA = ("CONFIG_DATABASE_REPLICA_USER", "CONFIG_DATABASE_REPLICA_PASSWORD")
OUTPUT = "workload/output/stand-in"  # object that tells whether the storage works
PERIOD = 10  # seconds between two looks at what a part depends on


def cron() -> None:
    """Keep an eye on the database."""
    require(*REPLICA, "AB_JWT_SIGNATURE_SECRET", "AIRBYTE_VERSION")
    target = from_jdbc()
    database.wait(target)
    watch({"the database": lambda: read(target)})


def workload_api_server() -> None:
    """Serve the workload API's liveness on port 8085 and its own port 8007; live only while the database is."""
    require(*REPLICA, "AB_JWT_SIGNATURE_SECRET")
    target = from_jdbc()
    database.wait(target)

    def live(_request: Request) -> Answer:
        try:
            read(target)
        except psycopg.Error:
            return Answer(503, {"status": "DOWN"})
        return Answer(200, {"status": "UP"})

    routes = {("GET", "/health/liveness"): live, ("GET", "/health/readiness"): live}
    serve(8007, routes, background=True)
    serve(8085, routes)


def workload_launcher() -> None:
    """Log in to the API with the data plane's account; ready once the API accepted it."""
    env = require(
        *REPLICA, "DATAPLANE_CLIENT_ID", "DATAPLANE_CLIENT_SECRET", "CONTROL_PLANE_TOKEN_ENDPOINT", "WORKLOAD_API_HOST"
    )
    check_ca_of_job_pods(from_jdbc())
    job_pods_find_key_file()
    ready = {"login": False}

    def login() -> None:
        body = {"client_id": env["DATAPLANE_CLIENT_ID"], "client_secret": env["DATAPLANE_CLIENT_SECRET"]}
        ready["login"] = False
        _post(env["CONTROL_PLANE_TOKEN_ENDPOINT"], body)
        ready["login"] = True

    def readiness(_request: Request) -> Answer:
        return Answer(200, {"status": "UP"}) if ready["login"] else Answer(503, {"status": "DOWN"})

    serve(8085, {("GET", "/health/liveness"): alive, ("GET", "/health/readiness"): readiness}, background=True)
    watch(
        {
            "the API server": login,
            "the workload API": lambda: _get(f"{env['WORKLOAD_API_HOST']}/health/liveness"),
            **storage_check(),
        }
    )


def check_ca_of_job_pods(target: Database) -> None:
    """Airbyte's launcher hands its connection on to the pods of syncs: what it names must be mounted there, too.

    Raises:
        SettingError: it would not be.

    """
    ca_file = target.options.get("sslrootcert")
    if ca_file is None:
        return
    prefix = "CONTAINER_ORCHESTRATOR_DATA_PLANE_CREDS_SECRET"
    env = require(f"{prefix}_NAME", f"{prefix}_MOUNT_PATH")
    if not env[f"{prefix}_NAME"] or str(PurePosixPath(ca_file).parent) != env[f"{prefix}_MOUNT_PATH"]:
        msg = f"pods of syncs would not have the CA certificate: {prefix}_* mounts no Secret at its folder"
        raise SettingError(msg)


def job_pods_find_key_file() -> None:
    """The launcher also hands on the path of the key file of Google Cloud's storage, and mounts the Secret elsewhere.

    Raises:
        SettingError: the file would not be at that path.

    """
    if require("STORAGE_TYPE")["STORAGE_TYPE"].lower() != "gcs":
        return
    folder = "CONTAINER_ORCHESTRATOR_SECRET_MOUNT_PATH"
    env = require("GOOGLE_APPLICATION_CREDENTIALS", folder)
    file = PurePosixPath(env["GOOGLE_APPLICATION_CREDENTIALS"])
    if str(file.parent) != env[folder]:
        msg = f"pods of syncs would not find the key file {file}: {folder} is {env[folder]}"
        raise SettingError(msg)


def manifest_server() -> None:
    """Serve the health check on port 8080."""
    key = require("AB_JWT_SIGNATURE_SECRET")["AB_JWT_SIGNATURE_SECRET"]
    if tokens.subject(tokens.issue("self-test", key), key) != "self-test":
        msg = "AB_JWT_SIGNATURE_SECRET cannot sign"
        raise SettingError(msg)
    serve(8080, {("GET", "/health"): alive})


def watch(checks: dict[str, Check]) -> NoReturn:
    """Run all checks forever; log when one starts to fail and when it works again, never each time."""
    states: dict[str, bool | None] = dict.fromkeys(checks)
    while True:
        for name, check in checks.items():
            try:
                check()
            except (psycopg.Error, OSError) as error:
                if states[name] is not False:
                    log.warning("%s does not answer: %s", name, " ".join(str(error).split()))
                states[name] = False
            else:
                if not states[name]:
                    log.info("%s answers", name)
                states[name] = True
        time.sleep(PERIOD)


def storage_check() -> dict[str, Check]:
    """Return a check of the storage, where there is one."""
    store = storage.from_env()
    if store is None:
        return {}

    def check() -> None:
        for bucket in storage.buckets():
            store.ensure(bucket)
            # As Airbyte does with the output of a check, which one part writes and another reads.
            store.write(bucket, OUTPUT, bucket.encode())
            if store.read(bucket, OUTPUT) != bucket.encode():
                msg = f"{bucket}/{OUTPUT} is not what was written"
                raise OSError(msg)

    return {"the storage": check}


def alive(_request: Request) -> Answer:
    """Answer a probe."""
    return Answer(200, {"status": "UP"})


def read(target: Database) -> None:
    """Read from the database; fails with psycopg's error."""
    with database.connect(target) as connection:
        connection.execute("SELECT count(*) FROM connection").fetchone()


def _get(url: str) -> None:
    urllib.request.urlopen(url, timeout=5).close()  # noqa: S310


def _post(url: str, body: dict[str, str]) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310
