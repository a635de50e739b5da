"""The two apps from outside: their addresses and pods."""

import json
import time
from dataclasses import dataclass
from typing import Any

from sandbox import enter
from sandbox.paths import Sandbox
from sandbox.steps import SandboxError, Step
from sandbox.web import answers

DEADLINE = 300.0  # seconds within which an app must respond once its pods are ready


@dataclass(frozen=True)
class App:
    """An app's page and the path of its health check."""

    name: str
    service: str  # end of its Service's name
    health: str


APPS = (App("Airbyte", "airbyte-server-svc", "/api/v1/health"), App("Dagster", "dagster-webserver", "/server_info"))


def addresses(sandbox: Sandbox) -> dict[App, str]:
    """Return the address of each app that has a Service of type NodePort."""
    by_app: dict[App, str] = {}
    for service in _objects(sandbox, "services"):
        for app in APPS:
            port = service["spec"]["ports"][0].get("nodePort")
            if service["metadata"]["name"].endswith(app.service) and port:
                by_app.setdefault(app, f"http://{sandbox.address}:{port}")
    return by_app


def wait(sandbox: Sandbox, step: Step) -> None:
    """Wait until every deployed app responds.

    Raises:
        SandboxError: one does not.

    """
    end = time.monotonic() + DEADLINE
    deployed = addresses(sandbox)
    for app, address in deployed.items():
        step.doing(f"{app.name} at {address}")
        while not answers(address + app.health):
            if time.monotonic() > end:
                msg = f"{app.name} does not respond at {address}{app.health}: run make shell, then kubectl get pods -A."
                raise SandboxError(msg)
            time.sleep(0.5)
    step.note("ready: " + " and ".join(app.name for app in deployed) if deployed else "none has a NodePort")


def pods(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return the cluster's pods as the API returns them, without those of finished Jobs."""
    return [pod for pod in _objects(sandbox, "pods") if pod["status"].get("phase") != "Succeeded"]


def _objects(sandbox: Sandbox, kind: str) -> list[dict[str, Any]]:
    done = enter.run(sandbox, ["kubectl", "get", kind, "--all-namespaces", "--output=json"], capture_output=True)
    if done.returncode:
        msg = f"The API server does not respond: {done.stderr.strip()}\n  Start it again with make up."
        raise SandboxError(msg)
    return json.loads(done.stdout)["items"]
