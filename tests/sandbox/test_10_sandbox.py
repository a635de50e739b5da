"""The sandbox's own commands: again, interrupted, and after a power cut."""

import os
import signal
import subprocess
import sys
import time

from tests.sandbox import rows_to_keep
from tests.sandbox.commits import counting, lost
from tests.sandbox.dagster import Webserver
from tests.sandbox.deployments import AIRBYTE, DAGSTER, App
from tests.sandbox.stack import Stack, lock_holders
from tests.support.cluster import described, get, http, node_port, objects, until
from tests.support.stacks import ROOT

QUICK = 60.0
"""Seconds; an `up` that finds everything done takes ten to twenty."""


def sandbox_command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m sandbox` in the checkout, as make does."""
    argv = [sys.executable, "-m", "sandbox", *arguments]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=540)
    assert done.returncode == 0, described(done)
    return done


def test_second_up_is_quick_and_changes_nothing(sandbox: Stack) -> None:
    before = pods()
    started = time.monotonic()
    done = sandbox_command("up")
    assert time.monotonic() - started < QUICK
    assert "nothing to change" in done.stdout
    assert pods() == before


def test_interrupted_up_goes_on(sandbox: Stack) -> None:
    before = pods()
    process = subprocess.Popen([sys.executable, "-m", "sandbox", "up"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.split()[:1] == ["stack"]:
            break
    until("pulumi at work", lambda: (bool(pids := lock_holders(sandbox.name)), pids), every=0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    for pid in lock_holders(sandbox.name):
        os.kill(pid, signal.SIGKILL)
    until("pulumi gone", lambda: (not (pids := lock_holders(sandbox.name)), pids))

    assert "lock of a killed run removed" in sandbox_command("up").stdout
    assert pods() == before


def test_after_a_power_cut_of_the_node_all_comes_back_by_itself(sandbox: Stack) -> None:
    for app in (AIRBYTE, DAGSTER):
        rows_to_keep.write(app.pod)
    claims = {app: identity(app) for app in (AIRBYTE, DAGSTER)}
    containers = {app: container(app) for app in (AIRBYTE, DAGSTER)}
    with counting(DAGSTER) as commits:
        commits.wait_for_more(200)
        sandbox_command("reboot")

    for app in (AIRBYTE, DAGSTER):
        # For a moment the API still remembers the containers that were running before.
        until(f"{app} started again", lambda app=app: ((seen := container(app)) != containers[app], seen), 180)
        app.pod.wait_ready(180)
        assert identity(app) == claims[app]
        assert rows_to_keep.read(app.pod) == rows_to_keep.ROWS
        rows_to_keep.drop(app.pod)
    assert lost(DAGSTER, commits) == set()
    DAGSTER.pod.rows("DROP TABLE commits")
    health = node_port(AIRBYTE.namespace, AIRBYTE.web) + "/api/v1/health"
    until("Airbyte healthy", lambda: ((seen := http(health)).status == 200, seen), 180)
    dagster = Webserver(node_port(DAGSTER.namespace, DAGSTER.web))
    until("webserver with the example job", lambda: (dagster.is_ready(), http(f"{dagster.address}/server_info")), 180)
    assert dagster.wait(dagster.launch()) == "SUCCESS"
    sandbox.up("--expect-no-changes").check()


def identity(app: App) -> tuple[str, str]:
    """The claim's uid and volume."""
    claim = get("persistentvolumeclaim", app.claim, app.namespace)
    return claim["metadata"]["uid"], claim["spec"]["volumeName"]


def container(app: App) -> str:
    """The id of the database's container."""
    pod = app.pod.object()
    statuses = pod["status"].get("containerStatuses", []) if pod else []
    return " ".join(status.get("containerID", "") for status in statuses)


def pods() -> dict[str, int]:
    """The pods of both apps, each with its restarts; pods of finished jobs left out."""
    found = [pod for app in (AIRBYTE, DAGSTER) for pod in objects("pods", app.namespace)]
    running = [pod for pod in found if pod["status"]["phase"] == "Running"]
    return {
        pod["metadata"]["uid"]: sum(status["restartCount"] for status in pod["status"]["containerStatuses"])
        for pod in running
    }
