"""What the pods of Dagster's official chart, and those of its runs, ask for is there, in every stack."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.apps.dagster.default_user_code import OFFICIAL
from tests.contract import dagster_cases
from tests.contract.dagster_cases import STACKS
from tests.contract.surroundings import containers, missing, pods

HERE = Path(__file__).resolve().parent
NAMESPACE = "dagster"
CERTIFICATE = "/etc/database-authority/ca.crt"
# The variable by which a container of Dagster gets the database's password.
PASSWORD = "DAGSTER_PG_PASSWORD"

Fields = dict[str, Any]


def recorded() -> Fields:
    """The facts, in namespace `dagster`."""
    return json.loads((HERE / "facts/dagster-1.13.json").read_text().replace("{namespace}", NAMESPACE))


def is_verified(case: str) -> bool:
    return dagster_cases.values(case)["postgresql"]["postgresqlParams"].get("sslmode") == "verify-full"


each_case = pytest.mark.parametrize("case", STACKS)


def test_every_stack_is_recorded() -> None:
    assert recorded()["cases"].keys() == STACKS.keys()
    stack_files = {file.stem.removeprefix("Pulumi.") for file in HERE.parents[1].glob("Pulumi.*.yaml")}
    assert {file for file, _ in STACKS.values()} == stack_files - {"sandbox"}  # which has a chart of its own


@each_case
def test_all_that_pods_ask_for_is_there(case: str) -> None:
    found = recorded()["cases"][case]
    assert found["pods"]
    assert found["launched"]
    assert missing(found, dagster_cases.surroundings(case)) == []


@each_case
def test_program_gives_the_recorded_values(case: str) -> None:
    """The facts are of these values; where the program gives others, they must be recorded again."""
    assert dagster_cases.values(case) == yaml.safe_load((HERE / "values" / f"{case}.yaml").read_text())


@each_case
def test_database_is_one_that_answers(case: str) -> None:
    found, there = recorded()["cases"][case], dagster_cases.surroundings(case)
    storages = [storage for name, storage in found["instance"].items() if name.endswith("storage")]
    assert len(storages) == 3
    for storage in storages:
        assert storage["port"] in there.hosts[storage["hostname"]]
    waiting = [part["waits for"] for _, part, _ in containers(found) if "waits for" in part]
    (storage,) = {json.dumps(it): it for it in storages}.values()
    place = {"host": storage["hostname"], "port": str(storage["port"]), "user": storage["username"]}
    assert waiting
    assert all(it == place for it in waiting)


@each_case
def test_user_code_is_where_dagster_looks_for_it(case: str) -> None:
    found = recorded()["cases"][case]
    assert found["instance"]["user code"]
    for place in found["instance"]["user code"]:
        host, _, port = place.partition(":")
        assert int(port) in found["services"][host]


def test_some_stacks_check_the_certificate() -> None:
    assert {is_verified(case) for case in STACKS} == {True, False}


@each_case
def test_certificate_is_wherever_the_database_is_opened(case: str) -> None:
    folder, _, key = CERTIFICATE.rpartition("/")
    opening = 0
    for who, part, volumes in containers(recorded()["cases"][case]):
        if PASSWORD not in part.get("keys", {}):
            continue
        opening += 1
        assert (folder in part.get("mounts", {})) is is_verified(case), who
        if is_verified(case):
            secret = {"secret": "dagster-database", "items": {key: key}, "optional": True}
            assert volumes[part["mounts"][folder]] == secret, who
    assert opening >= 4  # webserver, daemon, user code and its runs


@each_case
def test_storages_name_the_certificate_where_it_is_checked(case: str) -> None:
    instance = recorded()["cases"][case]["instance"]
    named = [storage["params"].get("sslrootcert") for name, storage in instance.items() if name.endswith("storage")]
    assert named == [CERTIFICATE if is_verified(case) else None] * 3


@each_case
def test_every_pod_with_the_password_restarts_with_a_new_one(case: str) -> None:
    # A Job of the release reads the Secret as it is when it runs.
    found = {pod: parts for pod, parts in recorded()["cases"][case]["pods"].items() if not pod.startswith("Job/")}
    reading = {pod: parts.get("rotation") for pod, parts in found.items() if PASSWORD in json.dumps(parts)}
    assert len(reading) >= 3
    assert reading == dict.fromkeys(reading, "database-1")


@each_case
def test_runs_are_where_dagster_is(case: str) -> None:
    """Nowhere else are the Secret and the rights that they need."""
    found = recorded()["cases"][case]["launched"]
    assert {parts["namespace"] for parts in found.values()} == {NAMESPACE}


def test_runs_have_what_their_code_location_has() -> None:
    found = recorded()["cases"]["dagster-1-listed"]["launched"]
    etl, ml = (found[f"Pod/run of dagster-dagster-user-deployments-{name}"] for name in ("etl", "ml"))
    assert etl["pull secrets"] == ml["pull secrets"] == ["registry"]
    assert etl["dagster"]["whole"] == ["warehouse"]
    assert ml["dagster"]["mounts"]["/models"] == "models"


def test_migration_has_the_certificate() -> None:
    found = dict(pods(recorded()["cases"]["dagster-1-migrated-at-path"]))
    (migration,) = (parts for pod, parts in found.items() if pod.startswith("Job/"))
    assert "/etc/database-authority" in migration["dagster-instance-migrate"]["mounts"]


def test_program_repeats_the_charts_own_user_code() -> None:
    """All of it but what is empty: null and an empty list or mapping mean the same in the chart's templates."""
    (there,) = recorded()["user code"]
    (ours,) = OFFICIAL
    assert {**there, "image": {key: value for key, value in there["image"].items() if value is not None}} == {
        **ours,
        **{key: [] for key in ("env", "envConfigMaps", "envSecrets", "volumes", "volumeMounts", "tolerations")},
        **{key: [] for key in ("initContainers", "sidecarContainers")},
        **{key: {} for key in ("labels", "annotations", "nodeSelector", "affinity", "podSecurityContext")},
        **{key: {} for key in ("securityContext", "resources", "livenessProbe", "deploymentStrategy")},
        "startupProbe": {"enabled": False},
        "service": {"annotations": {}},
    }
