"""The user-code server of Dagster's chart gets the rotation and the CA, too; and the path of Dagster's URL."""

from pathlib import Path
from typing import Any

import pytest

from components.apps.dagster.pins import DAGSTER_CHART
from tests.support.kinds import RELEASE
from tests.support.recording import Plan
from tests.support.stacks import ROOT, as_config, plan_program

CNPG = {"mode": "standalone", "server": {"kind": "cloudnativepg"}}


def planned(dagster: dict[str, Any] | None = None, **settings: Any) -> Plan:
    return plan_program(as_config({"dagster": dagster or {}, **settings}), "test")


def values(dagster: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    return planned(dagster, **settings).one(RELEASE, "dagster").inputs["values"]


def servers(dagster: dict[str, Any] | None = None, **settings: Any) -> list[dict[str, Any]]:
    return values(dagster, **settings).get("dagster-user-deployments", {}).get("deployments", [])


@pytest.mark.parametrize("version", [DAGSTER_CHART.version, "1.4.0", "1.9.3"])
def test_official_charts_own_server_restarts_with_a_new_password(version: str) -> None:
    (server,) = servers({"chart": {"version": version}, "database": {"passwordRotation": 3}})
    assert server["name"] == "k8s-example-user-code-1"
    # Without a tag, the chart's version is the image's.
    assert server["image"] == {"repository": "docker.io/dagster/user-code-example", "pullPolicy": "Always"}
    assert server["annotations"] == {"lakehouse/credentials-rotation": "database-3"}


def test_official_charts_own_server_has_the_ca() -> None:
    (server,) = servers(postgresql=CNPG)
    assert [volume["secret"]["secretName"] for volume in server["volumes"]] == ["dagster-database"]
    assert [mount["mountPath"] for mount in server["volumeMounts"]] == ["/etc/database-authority"]
    assert "volumes" not in servers()[0]


def test_a_local_charts_own_server_is_kept() -> None:
    (server,) = servers({"chart": {"path": str(ROOT / "sandbox" / "charts" / "dagster")}})
    assert (server["name"], server["dagsterApiGrpcArgs"]) == ("example", ["--module-name", "example.definitions"])
    assert server["annotations"] == {"lakehouse/credentials-rotation": "database-1"}


@pytest.mark.parametrize("text", ["", "a: 1\n", "[]\n", "dagster-user-deployments: {deployments: []}\n", None])
def test_a_local_chart_without_a_server_of_its_own_gets_none(tmp_path: Path, text: str | None) -> None:
    (tmp_path / "Chart.yaml").write_text("name: dagster\nversion: 1.13.0\n")
    if text is not None:
        (tmp_path / "values.yaml").write_text(text)
    assert servers({"chart": {"path": str(tmp_path)}}) == []


@pytest.mark.parametrize(
    "chart", [{"oci": "oci://registry.example.com/dagster"}, {"repository": "https://charts.example.com"}], ids=str
)
def test_the_list_of_a_chart_from_elsewhere_is_left_alone(chart: dict[str, str]) -> None:
    assert servers({"chart": chart}) == []


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"deployments": []}, []),
        ({"deployments": None}, []),
        ({"deployments": [{"name": "mine"}]}, ["mine"]),
        ({"enableSubchart": False}, []),
        ({"imagePullSecrets": [{"name": "registry"}]}, ["k8s-example-user-code-1"]),
    ],
    ids=str,
)
def test_what_a_stack_says_of_user_code_holds(said: dict[str, Any], names: list[str]) -> None:
    given = {"values": {"dagster-user-deployments": said}}
    assert [server["name"] for server in servers(given) or []] == names
    told = values(given)["dagster-user-deployments"]
    assert {key: told.get(key) for key in said if key != "deployments"} == {
        key: value for key, value in said.items() if key != "deployments"
    }


PROBE = {"httpGet": {"path": "/dagster/server_info"}}


@pytest.mark.parametrize(
    ("said", "prefix", "probe"),
    [
        ({}, None, None),
        ({"url": "https://dagster.example.com/"}, None, None),
        ({"url": "https://data.example.com/dagster"}, "/dagster", PROBE),
        ({"url": "https://data.example.com/dagster/"}, "/dagster", PROBE),
        ({"values": {"dagsterWebserver": {"pathPrefix": "/dagster"}}}, "/dagster", PROBE),
        (
            {
                "url": "https://data.example.com/dagster",
                "values": {"dagsterWebserver": {"readinessProbe": {"httpGet": {"path": "/mine"}, "periodSeconds": 5}}},
            },
            "/dagster",
            {"httpGet": {"path": "/mine"}, "periodSeconds": 5},
        ),
    ],
    ids=str,
)
def test_webserver_answers_at_the_path_of_its_url(said: dict[str, Any], prefix: str | None, probe: Any) -> None:
    webserver = values(said)["dagsterWebserver"]
    assert (webserver.get("pathPrefix"), webserver.get("readinessProbe")) == (prefix, probe)


def test_address_inside_the_cluster_has_the_path() -> None:
    made = planned({"values": {"dagsterWebserver": {"pathPrefix": "/dagster"}}})
    assert made.outputs["dagster"]["address"].endswith(".svc.cluster.local/dagster")
