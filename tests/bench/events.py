"""Dagster's event-log inserts on our server settings against the image's defaults, with the same memory limit."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.bench.measure import Ratio, in_turn
from tests.support.cluster import kubectl
from tests.support.manifests import manifests, plain, to_yaml
from tests.support.stacks import ROOT, as_text, config_of, plan_program

ROUNDS = 5
WRITERS = 8
SECONDS = 15
WRITER = Path(__file__).with_name("event_writer.py")
# What the pod needs to be reached; all else is as PostgreSQL's own sample file has it.
ACCESS_ONLY = (
    "listen_addresses = '*'\nhba_file = '/etc/postgresql/pg_hba.conf'\nident_file = '/etc/postgresql/pg_ident.conf'\n"
)


def measure() -> list[Ratio]:
    """Events a second that many writers store at once, each server in turn, with Dagster's own storage class."""
    print(f"events: {WRITERS} writers for {SECONDS} s on each server in turn", file=sys.stderr)
    with _server("bench-ours", {}) as ours, _server("bench-default", {"scramIterations": 4096}) as default:
        rates = in_turn(ROUNDS, {"ours": lambda: _rate(*ours), "image": lambda: _rate(*default)})
    return [Ratio("event-log inserts: our settings / image's defaults", *rates, "events/s", 1.3, more_is_better=True)]


@contextmanager
def _server(namespace: str, database: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A database of Dagster's in a namespace of its own; yields the namespace and the image that writers run."""
    settings = config_of(ROOT / "Pulumi.sandbox.yaml")
    settings["lakehouse:dagster"] = as_text({"namespace": namespace, "database": database})
    settings["lakehouse:airbyte"] = as_text({"enabled": False})
    objects = manifests(plan_program(settings, "bench"), lambda resource: resource.name.startswith("dagster-"))
    if database:
        for item in objects:
            if "postgresql.conf" in item.get("data", {}):
                item["data"]["postgresql.conf"] = ACCESS_ONLY
    try:
        kubectl("create", "namespace", namespace)
        kubectl("apply", "--filename", "-", input=to_yaml(objects))
        kubectl("create", "configmap", "writer", "--namespace", namespace, f"--from-file={WRITER}")
        kubectl("wait", "job", "--all", "--namespace", namespace, "--for=condition=complete", "--timeout=180s")
        yield namespace, _dagster_image()
    finally:
        kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait")


def _dagster_image() -> str:
    values = yaml.safe_load((ROOT / "sandbox/charts/dagster/values.yaml").read_text())
    chart = yaml.safe_load((ROOT / "sandbox/charts/dagster/Chart.yaml").read_text())
    return f"{values['pipelineRun']['image']['repository']}:{chart['appVersion']}"


def _rate(namespace: str, image: str) -> float:
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "writer", "namespace": namespace},
        "spec": {
            "backoffLimit": 0,
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [
                        {
                            "name": "writer",
                            "image": image,
                            "command": ["python", "/writer/event_writer.py", str(WRITERS), str(SECONDS)],
                            "envFrom": [{"secretRef": {"name": "dagster-database"}}],
                            "volumeMounts": [{"name": "writer", "mountPath": "/writer"}],
                        }
                    ],
                    "volumes": [{"name": "writer", "configMap": {"name": "writer"}}],
                }
            },
        },
    }
    kubectl("apply", "--filename", "-", input=json.dumps(plain(job)))
    try:
        kubectl("wait", "job/writer", "--namespace", namespace, "--for=condition=complete", "--timeout=120s")
        return float(kubectl("logs", "job/writer", "--namespace", namespace).split()[-1])
    finally:
        kubectl("delete", "job/writer", "--namespace", namespace, "--wait")
