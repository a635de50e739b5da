"""The sandbox's charts ask for what the official ones ask for, so what works in the sandbox works outside."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.facts import facts, render

HERE = Path(__file__).resolve().parent
CHARTS = HERE.parents[1] / "sandbox" / "charts"
OFFICIAL = {"airbyte": "airbyte-2.2.0", "dagster": "dagster-1.13"}

# What the stand-ins leave out, and why nothing is lost.
LEFT_OUT = {
    "pods": {"Job/dagster-dagster-webserver-instance-migrate"},  # `migrate`, which the sandbox's chart refuses
    "hooks": {"Pod/airbyte-test-connection"},  # runs on `helm test` alone, on the Service of a webapp that 2.x has not
    "secrets": set[str](),
    "services": set[str](),
}
# Secrets that Dagster's chart names for Celery, which the sandbox does not run.
CELERY = "dagster-celery-config-secret?"
# Keys of the chart's own Secret that only parts read which are off: Keycloak, SSO, Stigg, Temporal Cloud, roles.
UNREAD = (
    "AIRBYTE_LICENSE",
    "AWS_ASSUME_",
    "CONNECTOR_ROLLOUT_",
    "DATAPLANE_",
    "INITIAL_USER_",
    "KEYCLOAK_",
    "STIGG_",
    "TEMPORAL_",
)


def cases() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for chart, name in OFFICIAL.items():
        found += [(chart, case) for case in recorded(name)["cases"]]
    return found


def recorded(name: str) -> dict[str, Any]:
    return json.loads((HERE / "facts" / f"{name}.json").read_text())


@pytest.mark.parametrize(("chart", "case"), cases(), ids=[case for _, case in cases()])
def test_stand_in_asks_for_the_same(chart: str, case: str, helm: str) -> None:
    values = yaml.safe_load((HERE / "values" / f"{case}.yaml").read_text())
    ours = facts(render(helm, CHARTS / chart, chart, values))
    official = recorded(OFFICIAL[chart])["cases"][case]
    assert _comparable(chart, ours) == _comparable(chart, official)


def _comparable(chart: str, found: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {
        part: {k: v for k, v in found[part].items() if k not in LEFT_OUT[part]} for part in LEFT_OUT
    }
    kept["instance"] = found.get("instance")
    kept["secrets"] = {
        name: [key for key in keys if not key.startswith(UNREAD)] for name, keys in kept["secrets"].items()
    }
    if chart == "dagster":
        kept["launched"] = found["launched"]
        for pod in [*kept["pods"].values(), *kept["launched"].values()]:
            for container in (part for part in pod.values() if "image" in part):
                container.pop("image")  # the sandbox's own
                container["whole"] = [name for name in container.get("whole", []) if name != CELERY]
    return kept
