"""Both apps behind PgBouncer, and what 200 busy clients notice when it changes: nothing.

`make test` makes a rotation, which is a rollout as well; `make campaign` makes twenty changes, also of the settings.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sandbox.dagster import Webserver
from tests.sandbox.owned import OwnedStack
from tests.sandbox.stack import Stack
from tests.sandbox.temporal import most_connections, workflows
from tests.support.cluster import DatabasePod, get, http, kubectl, node_port, objects, ok, secret_values, start, until

CLIENTS = 200
ROUNDS = range(20) if os.environ.get("CAMPAIGN") == "1" else (2,)
SCRIPT = Path(__file__).with_name("busy_clients.py")
AIRBYTE = DatabasePod("pooled-airbyte", "airbyte-airbyte-postgresql-0", "airbyte", "airbyte")
DAGSTER = DatabasePod("pooled-dagster", "dagster-postgresql-0", "dagster", "dagster")
BOTH = pytest.mark.parametrize("server", [AIRBYTE, DAGSTER], ids=["airbyte", "dagster"])


def name(server: DatabasePod) -> str:
    """The pooler's name."""
    return server.name.removesuffix("-0") + "-pooler"


def pods(server: DatabasePod) -> list[dict[str, Any]]:
    """The pooler's pods."""
    return objects("pods", server.namespace, f"app.kubernetes.io/instance={name(server)}")


def config(server: DatabasePod) -> list[dict[str, str]]:
    """What each running pod's `SHOW CONFIG` says."""
    found: list[dict[str, str]] = []
    for pod in pods(server):
        command = ["sh", "/etc/pgbouncer/pooler_console.sh", "SHOW CONFIG"]
        printed = kubectl("exec", "-n", server.namespace, pod["metadata"]["name"], "--", *command)
        found.append({line.split("|")[0]: line.split("|")[1] for line in printed.splitlines()})
    return found


def wanted(stack: Stack, app: str) -> dict[str, str]:
    """What the stack file says, in PgBouncer's words, and the size of the pools that the budget gives them."""
    said = yaml.safe_load(stack.file.read_text())["config"][f"lakehouse:{app}"]["database"]["embedded"]["pooler"]
    (size,) = {text.split()[-1].rstrip(")") for text, _ in pooled_terms(stack, app)}
    return {
        "query_wait_timeout": str(said.get("queryWaitTimeoutSeconds", 60)),
        "max_client_conn": str(said.get("maxClientConnections", 1000)),
        "max_prepared_statements": "200",
        "max_db_connections": size,
        "default_pool_size": size,
        "server_reset_query": "RESET ALL",
        "server_reset_query_always": "1",
        "ignore_startup_parameters": "extra_float_digits",
        "pool_mode": "transaction",
    }


def pooled_terms(stack: Stack, app: str) -> list[tuple[str, int]]:
    """PgBouncer's part of the exported budget, for each database: its words, and the number of connections."""
    databases = stack.outputs()["connections"][app]["apps"][app].values()
    return [term for terms in databases for term in terms.items() if term[0].startswith("PgBouncer")]


@BOTH
def test_its_running_configuration_is_that_of_the_stack_file(pooled: OwnedStack, server: DatabasePod) -> None:
    app = server.namespace.removeprefix("pooled-")
    expected = wanted(pooled.stack, app)
    running = config(server)
    assert len(running) == 2
    for found in running:
        assert {key: found[key] for key in expected} == expected


def test_dagster_runs_a_job_through_it(pooled: OwnedStack) -> None:
    webserver = Webserver(node_port(DAGSTER.namespace, "dagster-dagster-webserver"))
    until("the example's code", lambda: (webserver.is_ready(), None), 120)
    assert webserver.wait(webserver.launch()) == "SUCCESS"


def test_airbyte_is_healthy_and_only_its_migrations_go_past_it(pooled: OwnedStack) -> None:
    health = f"{node_port(AIRBYTE.namespace, 'airbyte-airbyte-server-svc')}/api/v1/health"
    until("healthy", lambda: ((seen := http(health)).status == 200, seen))
    bootloader = get("pod", "airbyte-bootloader", AIRBYTE.namespace)["status"]["podIP"]
    log = kubectl("logs", "-n", AIRBYTE.namespace, AIRBYTE.name)
    seen = {line.split("host=")[1].split()[0] for line in log.splitlines() if "connection received: host=1" in line}
    own = {pod["status"]["podIP"] for pod in pods(AIRBYTE)}
    assert bootloader in seen
    assert own & seen
    for pod in objects("pods", AIRBYTE.namespace):
        if pod["metadata"]["name"].startswith(("airbyte-server", "airbyte-worker", "airbyte-cron", "airbyte-temporal")):
            assert pod["status"]["podIP"] not in seen, pod["metadata"]["name"]


def test_temporals_workflows_are_completed_through_it(pooled: OwnedStack) -> None:
    with most_connections(AIRBYTE) as most, workflows(AIRBYTE.namespace, "airbyte", 50, 1) as running:
        assert running.completed(240) == 50
    # Session mode: one on the server for each of PgBouncer's clients, of four pools of 5 and 2.
    assert 0 < most["temporal"] <= 20 and 0 < most["temporal_visibility"] <= 8


def test_a_clients_statement_timeout_does_not_reach_another(pooled: OwnedStack) -> None:
    """The webserver sets one at each login; a run's statement may take longer."""
    webserver = Webserver(node_port(DAGSTER.namespace, "dagster-dagster-webserver"))
    until("the example's code", lambda: (webserver.is_ready(), None), 120)
    address = get("service", name(DAGSTER), DAGSTER.namespace)["spec"]["clusterIP"]
    place = f"host={address} dbname=dagster user=dagster"
    password = secret_values("dagster-database", DAGSTER.namespace)["password"]
    query = str(Path(__file__).with_name("query.py"))
    for _ in range(20):
        ok(sys.executable, query, place, "SELECT set_config('statement_timeout', '1', false)", input=password)
        shown = ok(sys.executable, query, place, "SELECT current_setting('statement_timeout')", input=password)
        assert shown.strip() == "0"


@contextmanager
def busy(server: DatabasePod) -> Generator["tuple[subprocess.Popen[str], dict[str, Any]]"]:
    """Clients at work; the mapping has what they saw when the block has ended."""
    addresses = {
        service: get("service", service, server.namespace)["spec"]["clusterIP"]
        for service in (name(server), server.name.removesuffix("-0"))
    }
    through, past = addresses.values()
    parameters = [f"host={through}", f"dbname={server.database}", f"user={server.username}"]
    argv = [sys.executable, str(SCRIPT), str(CLIENTS), past, *parameters]
    process = start(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    tell(process, secret_values("dagster-database", server.namespace)["password"])
    assert process.stdout.readline() == "started\n"
    seen: dict[str, Any] = {}
    try:
        yield process, seen
        process.stdin.close()
        seen |= json.loads(process.stdout.readline())
        process.wait(60)
    finally:
        process.kill()
        process.wait()


def tell(process: "subprocess.Popen[str]", password: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{password}\n")
    process.stdin.flush()


def rotate(stack: Stack, number: int, process: "subprocess.Popen[str]") -> None:
    """Give the role a new password; the clients know it as soon as it is in the Secret, and the old one, too."""
    old = secret_values("dagster-database", DAGSTER.namespace)["password"]
    stack.set("dagster.database.passwordRotation", number)
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(stack.up)
        new = until("a new password", lambda: (
            (word := secret_values("dagster-database", DAGSTER.namespace)["password"]) != old, word))  # fmt: skip
        tell(process, new)
        done.result().check()


def test_busy_clients_notice_nothing_of_changes(pooled: OwnedStack) -> None:
    stack, deployment = pooled.unsettle(), f"deployment/{name(DAGSTER)}"
    budget = sum(count for _, count in pooled_terms(stack, "dagster"))
    with busy(DAGSTER) as (process, seen):
        for number in ROUNDS:
            match number % 3:
                case 0:
                    kubectl("rollout", "restart", deployment, "-n", DAGSTER.namespace)
                    kubectl("rollout", "status", deployment, "-n", DAGSTER.namespace, "--timeout=280s")
                case 1:
                    stack.set("dagster.database.embedded.pooler.queryWaitTimeoutSeconds", 70 + number)
                    stack.up().check()
                    assert {found["query_wait_timeout"] for found in config(DAGSTER)} == {str(70 + number)}
                case _:
                    rotate(stack, 2 + number, process)
    assert seen["errors"] == {}
    assert seen["answered"] > 1000 * len(ROUNDS)
    assert 0 < seen["most"] <= budget
    pooled.replace_passwords()
