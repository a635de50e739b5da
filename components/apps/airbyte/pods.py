"""What holds for every pod, in the values of Airbyte's chart: for its own pods and for those of syncs."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.kubernetes.pod_settings import Id, PodSettings

_COMPONENTS: Mapping[int, tuple[str, ...]] = {
    1: (
        "airbyte-bootloader",
        "connector-builder-server",
        "cron",
        "metrics",
        "server",
        "temporal",
        "webapp",
        "worker",
        "workload-api-server",
        "workload-launcher",
    ),
    2: (
        "airbyteBootloader",
        "connectorRolloutWorker",
        "cron",
        "manifestServer",
        "metrics",
        "server",
        "temporal",
        "webapp",
        "worker",
        "workloadApiServer",
        "workloadLauncher",
    ),
}
"""Value keys of the parts of the community edition that are pods, by major version of the chart (its templates)."""

_BOOTLOADERS = {"airbyte-bootloader", "airbyteBootloader"}
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def airbyte_pods(major: int, pods: PodSettings) -> dict[str, Any]:
    """Chart values; none where the settings say nothing. The chart has no place for a priority class.

    Args:
        major: major version of the chart, 1 or 2.
        pods: what holds for every pod.
    """
    placed = {
        "nodeSelector": dict(pods.node_selector),
        "tolerations": [dict(it) for it in pods.tolerations],
        "affinity": dict(pods.affinity),
    }
    values: dict[str, Any] = {
        component: _given({**placed, **_marked(pods, ends=component in _BOOTLOADERS), **_security(pods)})
        for component in _COMPONENTS[major]
    }
    values["minio"] = _given(placed)
    values["serviceAccount"] = _given({"annotations": dict(pods.service_account_annotations)})
    values["global"] = _given(
        {
            "imagePullSecrets": pods.pull_secrets,
            "image": _given({"registry": pods.registry}),
            "jobs": _given({"kube": _given(_job_pods(major, pods))}),
        }
    )
    return _given(values)


def _marked(pods: PodSettings, *, ends: bool) -> dict[str, Any]:
    return {"podLabels": pods.labels_of(ends=ends), "podAnnotations": pods.annotations_of(ends=ends)}


def _security(pods: PodSettings) -> dict[str, Any]:
    return {
        "containerSecurityContext": _ids({"runAsUser": pods.user, "runAsGroup": pods.group}),
        "podSecurityContext": _ids({"fsGroup": pods.volumes_group}),
    }


def _ids(wanted: Mapping[str, Id]) -> dict[str, int | None]:
    """Ids as chart values; null takes out what the chart says."""
    return {name: it if isinstance(it, int) else None for name, it in wanted.items() if it != "image"}


def _job_pods(major: int, pods: PodSettings) -> dict[str, Any]:
    """Pods of syncs. The chart writes mappings as `a=b,c=d` into the launcher's environment, and the launcher splits
    them again (EnvConfigs.kt): what has a `,` or `=` in it is left out.
    """
    annotations = pods.annotations_of(ends=True)
    values: dict[str, Any] = {
        "labels": pods.labels_of(ends=True),
        "annotations": {key: value for key, value in annotations.items() if not {",", "="} & {*value}},
        "nodeSelector": dict(pods.node_selector),
        "tolerations": [wanted for it in pods.tolerations for wanted in _job_tolerations(it)],
    }
    if major == 1 and pods.image_pull_secrets:
        # Later charts take those of `global.imagePullSecrets`, since 1.4 both.
        values["main_container_image_pull_secret"] = ",".join(pods.image_pull_secrets)
    return values


def _job_tolerations(toleration: Mapping[str, str | int]) -> Iterator[dict[str, str]]:
    """The launcher takes those alone that have key, operator and effect (EnvConfigs.kt, `parseToleration`)."""
    key = toleration.get("key")
    if key is None:
        return
    given = toleration.get("effect")
    for effect in _EFFECTS if given is None else (str(given),):
        wanted = {"key": str(key), "operator": str(toleration.get("operator", "Equal")), "effect": effect}
        yield wanted if wanted["operator"] == "Exists" else {**wanted, "value": str(toleration.get("value", ""))}


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    return {key: value for key, value in values.items() if value}
