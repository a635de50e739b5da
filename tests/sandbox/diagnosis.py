"""What the cluster looks like when a test fails: who reads a CI log has nothing else."""

import subprocess
from typing import Any

from sandbox.steps import SandboxError
from tests.support.cluster import is_ready, objects, run

LINES = 20
"""Last lines of a container's log that are shown."""


def cluster_now() -> str:
    """What there is to see; if the cluster does not answer, what is said instead."""
    try:
        return _look()
    except (AssertionError, SandboxError, subprocess.TimeoutExpired) as error:
        return str(error)


def _look() -> str:
    """All pods, the warnings among the events, and the end of the logs of each pod that is not as it should be."""
    parts = [
        _kubectl("get", "pods", "--all-namespaces", "--sort-by=.metadata.creationTimestamp"),
        _kubectl("get", "events", "--all-namespaces", "--field-selector=type=Warning", "--sort-by=.lastTimestamp"),
        *(_logs(pod) for pod in objects("pods") if _is_worth_reading(pod)),
    ]
    return "\n".join(parts)


def _is_worth_reading(pod: dict[str, Any]) -> bool:
    restarted = any(container["restartCount"] for container in pod["status"].get("containerStatuses", []))
    return pod["status"]["phase"] != "Succeeded" and (restarted or not is_ready(pod))


def _logs(pod: dict[str, Any]) -> str:
    where = ("--namespace", pod["metadata"]["namespace"], pod["metadata"]["name"])
    log = _kubectl("logs", *where, "--all-containers", "--prefix", f"--tail={LINES}")
    return f"{' '.join(where[1:])}, {pod['status']['phase']}\n{log}"


def _kubectl(*arguments: str) -> str:
    done = run("kubectl", *arguments)
    return done.stdout + done.stderr
