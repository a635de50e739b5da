"""The settings of every pod as values of Airbyte's chart: for its own pods and for those of syncs."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.apps.airbyte.chart_components import CHART_COMPONENTS
from components.helm.values import given
from components.kubernetes.pods import Pods, ids_as_values

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def airbyte_pods(major: int, pods: Pods) -> dict[str, Any]:
    """Chart values; none by default. The chart has no value for a priority class.

    Args:
        major: major version of the chart, 1 or 2.
        pods: settings of every pod.
    """
    placed = {
        "nodeSelector": dict(pods.node_selector),
        "tolerations": pods.toleration_specs,
        "affinity": dict(pods.affinity),
    }
    values: dict[str, Any] = {
        part.key: given({**placed, **_metadata(pods, ends=part.ends), **_security(pods)})
        for part in CHART_COMPONENTS[major]
    }
    values["minio"] = given(placed)
    values["serviceAccount"] = given({"annotations": dict(pods.service_account_annotations)})
    values["global"] = given(
        {
            "imagePullSecrets": pods.pull_secrets,
            "image": given({"registry": pods.registry}),
            "jobs": given({"kube": given(_job_pods(major, pods))}),
        }
    )
    return given(values)


def _metadata(pods: Pods, *, ends: bool) -> dict[str, Any]:
    return {"podLabels": pods.labels_of(ends=ends), "podAnnotations": pods.annotations_of(ends=ends)}


def _security(pods: Pods) -> dict[str, Any]:
    return {
        "containerSecurityContext": ids_as_values({"runAsUser": pods.run_as_user, "runAsGroup": pods.group}),
        "podSecurityContext": ids_as_values({"fsGroup": pods.volumes_group}),
    }


def _job_pods(major: int, pods: Pods) -> dict[str, Any]:
    """Pods of syncs. The chart writes mappings as `a=b,c=d` into the launcher's environment, and the launcher splits
    them again (EnvConfigs.kt): values that contain `,` or `=` are left out.
    """
    annotations = pods.annotations_of(ends=True)
    values: dict[str, Any] = {
        "labels": pods.labels_of(ends=True),
        "annotations": {key: value for key, value in annotations.items() if not {",", "="} & {*value}},
        "nodeSelector": dict(pods.node_selector),
        "tolerations": [wanted for toleration in pods.toleration_specs for wanted in _job_tolerations(toleration)],
    }
    if major == 1 and pods.image_pull_secrets:
        # Later charts read `global.imagePullSecrets`; those since 1.4 read both.
        values["main_container_image_pull_secret"] = ",".join(pods.image_pull_secrets)
    return values


def _job_tolerations(toleration: Mapping[str, str | int]) -> Iterator[dict[str, str]]:
    """The launcher only accepts tolerations with key, operator and effect (EnvConfigs.kt, `parseToleration`)."""
    key = toleration.get("key")
    if key is None:
        return
    given = toleration.get("effect")
    for effect in _EFFECTS if given is None else (str(given),):
        wanted = {"key": str(key), "operator": str(toleration.get("operator", "Equal")), "effect": effect}
        yield wanted if wanted["operator"] == "Exists" else {**wanted, "value": str(toleration.get("value", ""))}
