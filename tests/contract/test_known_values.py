"""The recorded keys of the official charts' values hold all that the program, the examples and the sandbox say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.apps.airbyte.settings import AirbyteChart, AirbyteDatabase, AirbyteSettings
from components.apps.airbyte.storage import GcsStorage
from components.apps.airbyte.values import airbyte_values, with_database_ca
from components.apps.app import AppPlacement
from components.apps.dagster.settings import DagsterSettings
from components.apps.dagster.values import dagster_values
from components.forms.base import Refusal
from components.forms.object_storage import GcsCredentials
from components.helm.chart import Chart
from components.helm.known_values import unknown_values
from components.kubernetes.pods import Pods, Toleration
from components.postgres.endpoint import Endpoint, TlsMode
from components.servers.crunchydata.pods import operator_values
from tests.contract.chart_keys import keys
from tests.support.stacks import ROOT

HERE = Path(__file__).resolve().parent
ENDPOINT = Endpoint("db.example.com", 5432, "app", "app", "app-database", TlsMode.VERIFY_FULL)


def said() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for major, version in {1: "1.9.2", 2: "2.2.0"}.items():
        credentials = GcsCredentials(secret_name="airbyte-gcs", json_key="key.json" if major == 1 else "gcp.json")
        airbyte = AirbyteSettings(
            chart=AirbyteChart(version=version),
            url="https://airbyte.example.com",
            database=AirbyteDatabase(temporal_name="other", temporal_visibility_name="other_visibility"),
            storage=GcsStorage(project="project", bucket="lake", credentials=credentials),
        )
        ours = airbyte_values(airbyte, ENDPOINT, storage_secret="airbyte-object-storage")
        yield f"the program to Airbyte {major}.x", f"airbyte-{major}", with_database_ca(ours, major, ENDPOINT)
    dagster = DagsterSettings(url="https://dagster.example.com/dagster")
    yield "the program to Dagster", "dagster-1", dagster_values(dagster, AppPlacement(ENDPOINT))
    pods = Pods(
        image_pull_secrets=["registry"],
        labels={"a": "b"},
        tolerations=[Toleration(operator="Exists")],
        node_selector={"a": "b"},
    )
    yield "the program to CrunchyData's operator", "pgo-5", operator_values(pods)
    for file in sorted((HERE / "values").glob("*.yaml")):
        app, major, *_ = file.stem.split("-")
        yield file.name, f"{app}-{major}", yaml.safe_load(file.read_text())
    for chart, name in {"airbyte": "airbyte-2", "dagster": "dagster-1", "cloudnative-pg": "cloudnative-pg-0"}.items():
        file = ROOT / "sandbox" / "charts" / chart / "values.yaml"
        yield f"defaults of the sandbox's {chart}", name, yaml.safe_load(file.read_text())


def refusals(values: dict[str, Any], known: str) -> list[Refusal]:
    return [*unknown_values(Chart(), values, known)]


@pytest.mark.parametrize(("chart", "values"), [it[1:] for it in said()], ids=[it[0] for it in said()])
def test_what_is_said_to_a_chart_is_known(chart: str, values: dict[str, Any]) -> None:
    if chart == "cloudnative-pg-0":
        values.pop("sandbox", None)
    assert [(refusal.path, refusal.allowed) for refusal in refusals(values, chart)] == []


@pytest.mark.parametrize("chart", ["airbyte-1", "airbyte-2", "dagster-1", "cloudnative-pg-0"])
def test_what_no_chart_knows_is_told(chart: str) -> None:
    (refusal,) = refusals({"gloabl": {}, "global": {}}, chart)
    assert refusal.path == ("values", "gloabl")


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    files = {
        "Chart.yaml": "name: app\ndependencies: [{name: worker}, {name: db, alias: postgresql}, {name: postgresql}]\n",
        "values.yaml": "global: {image: {tag: 1}, env: {}}\nserver: {port: 80, list: [1]}\n",
        "templates/all.yaml": '{{ .Values.hidden.key.deep }} {{ index .Values "with-dash" }}{{ $.Values.server.more }}',
        "charts/worker/Chart.yaml": "name: worker\n",
        "charts/worker/values.yaml": "global: {edition: x}\nreplicas: 1\n",
        "charts/postgresql/Chart.yaml": "name: postgresql\n",
        "charts/postgresql/values.yaml": "primary: {}\n",
        "values.schema.json": """{
          "$defs": {"Image": {"properties": {"tag": {}}}, "Env": {"type": "object", "additionalProperties": true}},
          "properties": {
            "launcher": {"properties": {"image": {"$ref": "#/$defs/Image"}, "env": {"$ref": "#/$defs/Env"}}},
            "pods": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/Image"}, {"type": "null"}]}},
            "node": {"$ref": "https://example.com/Node", "additionalProperties": true}
          }
        }""",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_keys_are_read_from_defaults_templates_subcharts_and_schema(chart: Path) -> None:
    assert {".".join(key) for key in keys(chart)} == {
        *("global", "global.image", "global.env", "global.edition", "server", "server.port", "server.list"),
        *("hidden", "hidden.key", "with-dash", "server.more"),
        *("worker", "worker.replicas", "postgresql"),
        *("launcher", "launcher.image", "launcher.image.tag", "launcher.env", "pods", "pods.*.tag", "node"),
    }
