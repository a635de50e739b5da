"""What holds for every pod, in the values of Dagster's chart: for its own pods, user-code servers and runs."""

from collections.abc import Mapping
from typing import Any

from components.helm.release import merge_values
from components.kubernetes.images import mirrored
from components.kubernetes.pod_settings import Id, PodSettings

_IMAGE = "docker.io/dagster/dagster-celery-k8s"
_BUSYBOX = "docker.io/busybox"
_USER_CODE = "dagster-user-deployments"


def with_pod_settings(values: Mapping[str, Any], pods: PodSettings) -> dict[str, Any]:
    """Chart values with what holds for every pod; what the values say themselves wins.

    User-code servers get it that the values list. Their images are named by whoever wrote them.
    """
    launcher: Mapping[str, Any] = values.get("runLauncher") or {}
    merged = merge_values(_values(pods, launcher.get("type") or "K8sRunLauncher"), values)
    user_code: Mapping[str, Any] = merged.get(_USER_CODE) or {}
    servers: list[Mapping[str, Any]] = user_code.get("deployments") or []
    if not servers:
        return merged
    own = _given(_placed(pods, ends=False))
    return {**merged, _USER_CODE: {**user_code, "deployments": [merge_values(own, server) for server in servers]}}


def _values(pods: PodSettings, launcher: str) -> dict[str, Any]:
    image = {} if pods.registry is None else {"image": {"repository": mirrored(_IMAGE, pods.registry)}}
    busybox = {} if pods.registry is None else {"image": {"repository": mirrored(_BUSYBOX, pods.registry)}}
    long_lived = _given({**_placed(pods, ends=False), **image})
    launchers = {
        "K8sRunLauncher": {"k8sRunLauncher": _runs(pods)},
        "CeleryK8sRunLauncher": {"celeryK8sRunLauncher": long_lived},
    }
    accounts = _given({"annotations": dict(pods.service_account_annotations)})
    return _given(
        {
            "imagePullSecrets": pods.pull_secrets,
            "dagsterWebserver": long_lived,
            "dagsterDaemon": long_lived,
            "busybox": busybox,
            "serviceAccount": accounts,
            _USER_CODE: _given({"imagePullSecrets": pods.pull_secrets, "serviceAccount": accounts}),
            "runLauncher": _given({"config": _given(launchers.get(launcher, {}))}),
        }
    )


def _placed(pods: PodSettings, *, ends: bool) -> dict[str, Any]:
    return {
        "labels": pods.labels_of(ends=ends),
        "annotations": pods.annotations_of(ends=ends),
        "nodeSelector": dict(pods.node_selector),
        "tolerations": [dict(it) for it in pods.tolerations],
        "affinity": dict(pods.affinity),
        "podSecurityContext": _ids(pods),
    }


def _runs(pods: PodSettings) -> dict[str, Any]:
    """Runs, and the steps of `k8s_job_executor`, which go by what their run's launcher says."""
    placed = _placed(pods, ends=True)
    metadata = _given({name: placed[name] for name in ("labels", "annotations")})
    spec = _given(
        {
            **{name: placed[name] for name in ("nodeSelector", "tolerations", "affinity")},
            "priorityClassName": pods.priority_class,
            "securityContext": placed["podSecurityContext"],
        }
    )
    raw = _given({"podTemplateSpecMetadata": metadata, "podSpecConfig": spec})
    return _given({"runK8sConfig": raw})


def _ids(pods: PodSettings) -> dict[str, Id]:
    """The chart sets none of its own, so that a number is all that there is to say."""
    ids = {"runAsUser": pods.user, "runAsGroup": pods.group, "fsGroup": pods.volumes_group}
    return {name: it for name, it in ids.items() if isinstance(it, int)}


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    return {key: value for key, value in values.items() if value}
