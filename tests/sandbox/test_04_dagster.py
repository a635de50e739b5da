"""Dagster at work: runs as Jobs, in its database, and on its page."""

import os
import shutil
from pathlib import Path

import pytest

from tests.sandbox.dagster import Webserver
from tests.sandbox.deployments import DAGSTER, TWIN_DAGSTER, App
from tests.sandbox.owned import OwnedStack
from tests.sandbox.stack import Stack
from tests.support.browser import browser_page, install
from tests.support.cluster import find, http, node_port, until
from tests.support.stacks import ROOT

NEWEST = "SELECT run_id, status, start_time, end_time FROM runs ORDER BY start_time DESC LIMIT 10"
SCREENSHOT = "dagster-run.png"


def webserver(app: App) -> Webserver:
    """The webserver of an app, once it knows the example job."""
    found = Webserver(node_port(app.namespace, app.web))
    until("webserver with the example job", lambda: (found.is_ready(), http(f"{found.address}/server_info")))
    return found


def check_run(app: App) -> None:
    """Launch a run and look for it where it must show."""
    dagster = webserver(app)
    run = dagster.launch()
    assert dagster.wait(run) == "SUCCESS"

    job = find("job", f"dagster-run-{run}", app.namespace)
    assert job is not None
    until("Job succeeded", lambda: (_succeeded(run, app), find("job", f"dagster-run-{run}", app.namespace)))
    found = {row[0]: row[1:] for row in app.pod.rows(NEWEST)}
    assert run in found
    status, started, ended = found[run]
    assert status == "SUCCESS"
    assert float(ended) > float(started)


def _succeeded(run: str, app: App) -> bool:
    job = find("job", f"dagster-run-{run}", app.namespace)
    return job is not None and job["status"].get("succeeded") == 1


def test_run_launched_by_the_api_succeeds_as_a_job_and_is_in_the_database(sandbox: Stack) -> None:
    check_run(DAGSTER)


def test_run_succeeds_in_the_other_namespace_layout_with_other_names(twin: OwnedStack) -> None:
    check_run(TWIN_DAGSTER)


@pytest.fixture
def chromium(request: pytest.FixtureRequest) -> str:
    """Path of the browser; the first time its installation is shown."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled():
        return install()


def test_page_follows_a_run_to_its_end(sandbox: Stack, chromium: str) -> None:
    dagster = webserver(DAGSTER)
    run = dagster.launch(seconds=10)
    with browser_page(chromium) as page:
        page.goto(f"{dagster.address}/runs/{run}")
        page.get_by_text("Terminate", exact=True).wait_for(timeout=60_000)  # on the page of a run that is not over
        assert page.get_by_text("RUN_SUCCESS").count() == 0
        # Never loaded again: what comes now comes by itself.
        page.get_by_text("RUN_SUCCESS").wait_for(timeout=120_000)
        page.get_by_text("Success", exact=True).wait_for(timeout=10_000)
        page.get_by_text("Terminate", exact=True).wait_for(state="detached", timeout=10_000)
        shot = ROOT / "test-results" / SCREENSHOT
        page.screenshot(path=shot)
    assert dagster.status(run) == "SUCCESS"
    if os.environ.get("UPDATE_SCREENSHOT") == "1":
        shutil.copy(shot, Path(ROOT, "docs", SCREENSHOT))
