"""Releases stay when they fail, come from the chart that the stack names, and carry the stack's own values."""

import copy
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.apps.airbyte.pins import AIRBYTE_CHART
from components.apps.dagster.pins import DAGSTER_CHART
from components.helm.values import merge_values, with_items
from tests.support import recording
from tests.support.crunchydata_stacks import VOLUME
from tests.support.kinds import RELEASE
from tests.support.recording import Recorded
from tests.support.stacks import as_config, plan, plan_program


def release(app: str, **settings: Any) -> Recorded:
    return plan(**({app: settings} if settings else {})).one(RELEASE, app)


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        ({}, {}, {}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1, "c": {"d": 1}}}, {"a": {"c": {"e": 2}}}, {"a": {"b": 1, "c": {"d": 1, "e": 2}}}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
    ],
)
def test_values_are_merged_as_helm_does(ours: dict[str, Any], theirs: dict[str, Any], merged: dict[str, Any]) -> None:
    assert merge_values(ours, theirs) == merged


def test_merging_changes_neither_side() -> None:
    ours, theirs = {"a": {"b": 1}}, {"a": {"c": 2}}
    merge_values(ours, theirs)["a"]["d"] = 3
    assert (ours, theirs) == ({"a": {"b": 1}}, {"a": {"c": 2}})


@pytest.mark.parametrize(
    ("values", "path", "added"),
    [
        ({}, ["a"], {"a": [3]}),
        ({"a": [1, 2], "b": 1}, ["a"], {"a": [1, 2, 3], "b": 1}),
        ({"a": None}, ["a"], {"a": [3]}),
        ({}, ["a", "b", "c"], {"a": {"b": {"c": [3]}}}),
        ({"a": {"b": None, "x": 1}}, ["a", "b", "c"], {"a": {"b": {"c": [3]}, "x": 1}}),
        ({"a": {"b": {"c": [1], "x": 1}}}, ["a", "b", "c"], {"a": {"b": {"c": [1, 3], "x": 1}}}),
    ],
)
def test_items_come_after_those_that_are_there(values: dict[str, Any], path: list[str], added: dict[str, Any]) -> None:
    before = copy.deepcopy(values)
    assert with_items(values, path, [3]) == added
    assert values == before


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_a_release_fails_in_time_stays_to_be_looked_at_and_is_explained(app: str) -> None:
    made = release(app, timeoutSeconds=600)
    assert not made.inputs.get("atomic")
    assert not made.inputs.get("cleanupOnFail")
    assert made.inputs["timeout"] == 600
    assert not made.inputs.get("skipAwait")
    assert {int(time.rstrip("s")) for time in made.options["customTimeouts"].values()} == {1200}
    assert made.options["hooks"] == [f"{app}-installation-check", f"{app}-failure-report"]


@pytest.mark.parametrize("server", [{"kind": "cloudnativepg"}, {"kind": "crunchydata", "backups": VOLUME}])
def test_an_operators_release_is_explained_too(server: dict[str, Any]) -> None:
    [operator] = [
        it
        for it in plan(postgresql={"mode": "standalone", "server": server}).of_type(RELEASE)
        if it.name not in {"airbyte", "dagster"}
    ]
    assert f"{operator.name}-failure-report" in operator.options["hooks"]
    assert not operator.inputs.get("atomic")


@pytest.mark.parametrize("status", ["failed", "pending-upgrade"])
def test_a_release_that_is_not_deployed_is_no_success(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    monkeypatch.setattr(recording, "RELEASE_STATUS", status)
    with pytest.raises(pulumi.RunError, match=f"Helm release dagster/dagster is {status}"):
        plan_program(as_config({"airbyte": {"enabled": False}}), "test")


@pytest.mark.parametrize(("app", "chart"), [("airbyte", AIRBYTE_CHART), ("dagster", DAGSTER_CHART)])
def test_chart_is_the_official_one_in_the_tested_version(app: str, chart: Any) -> None:
    inputs = release(app).inputs
    assert (inputs["chart"], inputs["version"]) == (chart.name, chart.version)
    assert inputs["repositoryOpts"] == {"repo": chart.repository}


def test_chart_in_another_version() -> None:
    inputs = release("dagster", chart={"version": "1.13.1"}).inputs
    assert (inputs["chart"], inputs["version"]) == ("dagster", "1.13.1")
    assert inputs["repositoryOpts"] == {"repo": DAGSTER_CHART.repository}


@pytest.mark.parametrize(
    ("version", "repository"),
    [
        ("1.2.0", "https://airbytehq.github.io/helm-charts"),
        ("1.9.2", "https://airbytehq.github.io/helm-charts"),
        ("2.0.5", "https://airbytehq.github.io/charts"),
        ("2.2.0", "https://airbytehq.github.io/charts"),
    ],
)
def test_airbytes_chart_comes_from_the_repository_that_has_its_major_version(version: str, repository: str) -> None:
    storage = {"kind": "s3", "region": "eu-central-1", "bucket": "my-bucket", "credentials": {"secretName": "s3"}}
    inputs = release("airbyte", chart={"version": version}, storage=storage).inputs
    assert (inputs["chart"], inputs["version"]) == ("airbyte", version)
    assert inputs["repositoryOpts"] == {"repo": repository}


def test_an_untested_version_of_airbytes_chart_is_installed_if_the_stack_says_so() -> None:
    assert release("airbyte", chart={"version": "2.5.0", "untested": True}).inputs["version"] == "2.5.0"


def test_airbyte_is_told_at_which_address_people_reach_it() -> None:
    url = "https://airbyte.example.com"
    assert release("airbyte", url=url).inputs["values"]["global"]["airbyteUrl"] == url
    theirs = {"global": {"airbyteUrl": "https://theirs.example.com"}}
    values = release("airbyte", url=url, values=theirs).inputs["values"]
    assert values["global"]["airbyteUrl"] == "https://theirs.example.com"


def test_chart_from_another_repository() -> None:
    inputs = release("dagster", chart={"repository": "https://charts.example.com"}).inputs
    assert (inputs["chart"], inputs["version"]) == ("dagster", DAGSTER_CHART.version)
    assert inputs["repositoryOpts"] == {"repo": "https://charts.example.com"}


def test_chart_by_oci_reference() -> None:
    inputs = release("dagster", chart={"oci": "oci://example.com/charts/dagster", "version": "1.13.1"}).inputs
    assert (inputs["chart"], inputs["version"]) == ("oci://example.com/charts/dagster", "1.13.1")
    assert not inputs.get("repositoryOpts")


def test_chart_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text("name: dagster\nversion: 1.13.1\n")
    inputs = release("dagster", chart={"path": str(tmp_path)}).inputs
    assert inputs["chart"] == str(tmp_path)
    assert not inputs.get("version")
    assert not inputs.get("repositoryOpts")


def test_chart_1_of_airbyte_gets_values_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text("name: airbyte\nversion: 1.8.5\n")
    storage = {"kind": "gcs", "project": "my-project", "bucket": "my-bucket", "credentials": {"secretName": "gcs"}}
    values = release("airbyte", chart={"path": str(tmp_path)}, storage=storage).inputs["values"]
    assert values["global"]["database"]["database"] == "airbyte"
    assert values["global"]["storage"]["storageSecretName"] == "gcs"


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_own_values_are_merged_over_the_programs(app: str) -> None:
    own = {"global": {"extra": 1}, "more": [1], "postgresqlParams": {}}
    chart = {"unknownValues": "allow"}
    values = release(app, values=own, chart=chart).inputs["values"]
    assert values["global"] == {**release(app).inputs["values"]["global"], "extra": 1}
    assert values["more"] == [1]
    assert values["postgresql"]["enabled"] is False


@pytest.mark.parametrize(
    ("storage", "expected"),
    [
        ({"kind": "minio", "storageSize": "20Gi"}, {"type": "minio", "secretName": "airbyte-object-storage"}),
        (
            {
                "kind": "s3",
                "region": "eu-central-1",
                "bucket": "my-bucket",
                "credentials": {"secretName": "s3", "accessKeyIdKey": "id", "secretAccessKeyKey": "key"},
            },
            {
                "type": "s3",
                "secretName": "s3",
                "s3": {
                    "region": "eu-central-1",
                    "authenticationType": "credentials",
                    "accessKeyIdSecretKey": "id",
                    "secretAccessKeySecretKey": "key",
                },
            },
        ),
        (
            {
                "kind": "s3",
                "region": "eu-central-1",
                "bucket": "my-bucket",
                "workloadIdentity": {"roleArn": "arn:aws:iam::123456789012:role/a"},
            },
            {"type": "s3", "s3": {"region": "eu-central-1", "authenticationType": "instanceProfile"}},
        ),
        (
            {"kind": "gcs", "project": "my-project", "bucket": "my-bucket", "credentials": {"secretName": "gcs"}},
            {"type": "gcs", "secretName": "gcs"},
        ),
    ],
    ids=["minio", "s3 by key", "s3 by role", "gcs"],
)
def test_object_storage_of_the_config_reaches_the_chart(storage: dict[str, Any], expected: dict[str, Any]) -> None:
    values = release("airbyte", storage=storage).inputs["values"]["global"]["storage"]
    assert {key: values.get(key) for key in expected} == expected
    assert storage["kind"] == "minio" or set(values["bucket"].values()) == {"my-bucket"}
