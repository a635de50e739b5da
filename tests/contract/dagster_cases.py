"""Stacks with Dagster's official chart, and what there is around Dagster in each: the program's objects, on mocks."""

import functools
from typing import Any

import yaml

from tests.contract.airbyte_cases import EXISTING, made_for, merged, plan_of
from tests.contract.surroundings import Surroundings
from tests.support.kinds import RELEASE
from tests.support.manifests import plain
from tests.support.recording import Plan
from tests.support.stacks import ROOT

Fields = dict[str, Any]

SERVER = {
    "image": {"repository": "registry.example.com/etl", "tag": "1", "pullPolicy": "IfNotPresent"},
    "port": 3030,
}
LISTED = {
    "imagePullSecrets": [{"name": "registry"}],
    "deployments": [
        {
            "name": "etl",
            **SERVER,
            "dagsterApiGrpcArgs": ["--module-name", "etl"],
            "envSecrets": [{"name": "warehouse"}],
        },
        {
            "name": "ml",
            **SERVER,
            "codeServerArgs": ["--module-name", "ml"],
            "annotations": {"team": "ml"},
            "volumes": [{"name": "models", "secret": {"secretName": "models"}}],
            "volumeMounts": [{"name": "models", "mountPath": "/models"}],
        },
    ],
}

# By name: a stack file, and what is changed of its settings. All of Dagster's chart 1.x.
STACKS: dict[str, tuple[str, Fields]] = {
    "dagster-1-dev": ("dev", {}),
    "dagster-1-encrypted": ("dev", {"postgresql": EXISTING}),
    "dagster-1-listed": ("prod-operator", {"dagster": {"values": {"dagster-user-deployments": LISTED}}}),
    "dagster-1-migrated-at-path": (
        "prod-operator",
        {"dagster": {"url": "https://data.example.com/dagster", "values": {"migrate": {"enabled": True}}}},
    ),
    "dagster-1-prod-aws": ("prod-aws", {}),
    "dagster-1-prod-gcp": ("prod-gcp", {}),
    "dagster-1-prod-operator": ("prod-operator", {}),
}
# Secrets that the stack files name.
GIVEN = {"registry": {".dockerconfigjson"}, "warehouse": {"DSN"}, "models": {"key"}}


def settings(case: str) -> Fields:
    """What the stack file of a case says, by key without the project's prefix."""
    file, changes = STACKS[case]
    said: Fields = yaml.safe_load((ROOT / f"Pulumi.{file}.yaml").read_text()).get("config") or {}
    return merged({key.removeprefix("lakehouse:"): value for key, value in said.items()}, changes)


@functools.cache
def planned(case: str) -> Plan:
    """What the program makes of the case."""
    return plan_of(STACKS[case][0], settings(case))


def values(case: str) -> Fields:
    """The values that Dagster's chart gets."""
    return plain(planned(case).one(RELEASE, "dagster").raw["values"])


def surroundings(case: str) -> Surroundings:
    """What there is for the pods of the case's facts, in namespace `dagster`."""
    secrets, hosts = made_for(planned(case), "dagster")
    return Surroundings("dagster", {**secrets, **GIVEN}, hosts)
