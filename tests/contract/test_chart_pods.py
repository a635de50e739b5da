"""The settings of all pods stand in the charts' values where the charts look for them, and arrive on their pods."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.apps.dagster.pods import with_pods
from components.helm.values import merge_values
from components.kubernetes.images import mirrored
from components.servers.crunchydata.pods import operator_values, postgres_cluster_with_pods
from tests.contract.chart_pods import FACTS, everything, values
from tests.support.crunchydata import complaints
from tests.support.crunchydata_stacks import EVERYWHERE, VOLUME, postgres_cluster
from tests.support.pod_settings import CHECKS, MIRROR, PODS, Seen, idle_gaps, missing

Fields = dict[str, Any]

RECORDED = ("airbyte-2.2.0", "airbyte-1.8.5", "cloudnative-pg-0.27.0")
each_chart = pytest.mark.parametrize("name", RECORDED)

# What has no place in a chart; docs/pods.md says so.
_MADE_BY_HAND = {"labels", "annotations", "runAsUser", "runAsGroup", "fsGroup"}
_HOOK = {"tolerations", "affinity", "jobSidecars", *_MADE_BY_HAND}
GAPS: dict[str, dict[str, set[str]]] = {
    "airbyte": {
        "*": {"priorityClassName"},
        "StatefulSet/airbyte-minio": _MADE_BY_HAND,
        "Pod/airbyte-minio-create-bucket": _HOOK,
        # Made by `helm test` alone.
        "Pod/airbyte-test-connection": {"nodeSelector", *_HOOK},
    },
    "cloudnative-pg": {},
}


def recorded(name: str) -> Fields:
    return json.loads((FACTS / f"pods-{name}.json").read_text())


@each_chart
def test_program_gives_the_recorded_values(name: str) -> None:
    """The facts are of these values; where the program gives others, they must be recorded again."""
    facts = recorded(name)
    assert values(facts["chart"], facts["version"]) == facts["values"]


@each_chart
def test_settings_arrive_on_every_pod_of_the_chart(name: str) -> None:
    facts = recorded(name)
    gaps = GAPS[facts["chart"]]
    assert facts["missing"]
    for pod, settings in facts["missing"].items():
        assert set(settings) == gaps.get("*", set()) | gaps.get(pod, set()), pod


@pytest.mark.parametrize("name", ["airbyte-2.2.0", "airbyte-1.8.5"])
def test_launcher_hands_them_on_to_the_pods_of_syncs(name: str) -> None:
    facts = recorded(name)
    told = facts["launcher"]

    def pairs(text: str) -> Fields:
        return dict(pair.split("=") for pair in text.split(","))

    tolerations = [pairs(text) for text in told["JOB_KUBE_TOLERATIONS"].split(";")]
    pod = Seen(
        {"labels": pairs(told["JOB_KUBE_LABELS"]), "annotations": pairs(told["JOB_KUBE_ANNOTATIONS"])},
        {
            "nodeSelector": pairs(told["JOB_KUBE_NODE_SELECTORS"]),
            # Seconds are lost: it takes key, operator, value and effect.
            "tolerations": [tolerations[0], {**tolerations[1], "tolerationSeconds": 60}],
            "containers": [{"image": f"{folder}/x"} for folder in facts["images of jobs"]],
        },
        ends=True,
        gaps=frozenset({"imagePullSecrets", "affinity", "priorityClassName", "runAsUser", "runAsGroup", "fsGroup"}),
    )
    assert missing(pod) == []
    assert idle_gaps(pod) == []
    secrets = told["JOB_KUBE_MAIN_CONTAINER_IMAGE_PULL_SECRET"].split(",")
    assert set(secrets) - {""} == set(PODS["imagePullSecrets"])
    assert told["JOB_KUBE_CONNECTOR_IMAGE_REGISTRY"] == MIRROR


@pytest.mark.parametrize("name", ["airbyte-2.2.0", "airbyte-1.8.5"])
def test_airbytes_service_account_has_its_annotations(name: str) -> None:
    assert recorded(name)["accounts"] == {"airbyte-admin": PODS["serviceAccountAnnotations"]}


CELERY: Fields = {"runLauncher": {"type": "CeleryK8sRunLauncher"}}
DAGSTER: Fields = {
    "dagster-user-deployments": {"deployments": [{"name": "mine", "tolerations": []}, {"name": "yours"}]}
}


def _unknown(tree: Fields, keys: dict[str, list[str]], path: str) -> Iterator[str]:
    """Paths that the chart does not read, below those that the facts tell of."""
    if path not in keys:
        return
    for key, value in tree.items():
        below = f"{path}.{key}" if path else key
        if key not in keys[path] and not path.endswith("deployments.*"):
            yield below
        elif isinstance(value, list) and f"{below}.*" in keys:
            for item in value:
                yield from _unknown({k: v for k, v in item.items() if k != "name"}, keys, f"{below}.*")
        elif isinstance(value, dict):
            yield from _unknown(value, keys, below)


def _at(tree: Fields, path: str) -> Fields:
    for key in path.split("."):
        tree = tree[key]
    return tree


def test_dagsters_values_stand_where_the_chart_reads_them() -> None:
    facts = recorded("dagster-1.13")
    given = merge_values(with_pods(DAGSTER, everything()), with_pods(CELERY, everything()))
    del given["runLauncher"]["type"]
    assert list(_unknown(given, facts["keys"], "")) == []
    for path, image in facts["images"].items():
        assert _at(given, path)["image"] == {"repository": mirrored(image, MIRROR)}


def test_settings_arrive_on_every_pod_of_dagsters_chart() -> None:
    given = with_pods({}, everything())
    secrets = given["imagePullSecrets"]
    celery = with_pods(CELERY, everything())["runLauncher"]["config"]
    (server,) = with_pods({"dagster-user-deployments": {"deployments": [{}]}}, everything())[
        "dagster-user-deployments"
    ]["deployments"]
    lasting = {
        "webserver": given["dagsterWebserver"],
        "daemon": given["dagsterDaemon"],
        "Celery's workers": celery["celeryK8sRunLauncher"],
        "user-code server": server,
    }
    for name, part in lasting.items():
        # A user-code server's image is named by whoever wrote it.
        image = part.get("image", {"repository": f"{MIRROR}/x"})["repository"]
        spec = {
            **part,
            "imagePullSecrets": secrets,
            "securityContext": part["podSecurityContext"],
            "containers": [{"image": image}],
        }
        pod = Seen(part, spec, gaps=frozenset({"priorityClassName"}))
        assert (missing(pod), idle_gaps(pod)) == ([], []), name
    raw = given["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    run = Seen(raw["podTemplateSpecMetadata"], {**raw["podSpecConfig"], "imagePullSecrets": secrets}, ends=True)
    assert missing(run) == []
    assert given["dagster-user-deployments"]["imagePullSecrets"] == secrets
    for accounts in (given["serviceAccount"], given["dagster-user-deployments"]["serviceAccount"]):
        assert accounts == {"annotations": PODS["serviceAccountAnnotations"]}


def test_what_the_values_say_themselves_wins() -> None:
    own = {"dagsterWebserver": {"tolerations": [], "labels": {"example.com/team": "web"}}, **DAGSTER}
    given = with_pods(own, everything())
    assert given["dagsterWebserver"]["tolerations"] == []
    assert given["dagsterWebserver"]["labels"]["example.com/team"] == "web"
    mine, yours = given["dagster-user-deployments"]["deployments"]
    assert mine["tolerations"] == []
    assert len(yours["tolerations"]) == 2


@pytest.mark.parametrize("version", ["v1beta1", "v1"])
@pytest.mark.parametrize(
    "server", [{}, {"pooler": {}}, {"backups": EVERYWHERE, "nodeSelector": {"a": "b"}}, {"backups": VOLUME}], ids=str
)
def test_a_postgres_cluster_with_all_settings_is_allowed(server: Fields, version: str) -> None:
    cluster = postgres_cluster(server)
    assert complaints(version, {**cluster, "spec": postgres_cluster_with_pods(cluster["spec"], everything())}) == []


def test_crunchydatas_operator_is_told_what_its_chart_has_a_place_for() -> None:
    # Its values.yaml (postgres-operator-examples, 5.8.1) has these, and customPodLabels.
    given = operator_values(everything())
    spec = {
        **given,
        "imagePullSecrets": [{"name": name} for name in given["imagePullSecretNames"]],
        "nodeSelector": {
            it["key"]: it["values"][0]
            for term in given["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
                "nodeSelectorTerms"
            ]
            for it in term["matchExpressions"]
        },
    }
    gaps = {"annotations", "priorityClassName", "runAsUser", "runAsGroup", "fsGroup"}
    pod = Seen({"labels": given["customPodLabels"]}, spec, gaps=frozenset(gaps))
    assert (missing(pod), idle_gaps(pod)) == ([], [])
    assert set(CHECKS) > gaps
