"""The settings of every pod as values of Dagster's chart: for its own pods, user-code servers and runs."""

from collections.abc import Mapping
from typing import Any

from components.helm.values import given, merge_values
from components.kubernetes.images import mirrored
from components.kubernetes.pods import Pods, numeric_ids

_IMAGE = "docker.io/dagster/dagster-celery-k8s"
_BUSYBOX = "docker.io/busybox"
_USER_CODE = "dagster-user-deployments"


def with_pods(values: Mapping[str, Any], pods: Pods) -> dict[str, Any]:
    """Chart values with the settings of every pod, over which the given values take precedence.

    They are added to the user-code servers in the values, too, but for the images, which are always the user's.
    """
    launcher: Mapping[str, Any] = values.get("runLauncher") or {}
    merged = merge_values(_values(pods, launcher.get("type") or "K8sRunLauncher"), values)
    user_code: Mapping[str, Any] = merged.get(_USER_CODE) or {}
    servers: list[Mapping[str, Any]] = user_code.get("deployments") or []
    if not servers:
        return merged
    own = given(_pod_values(pods, ends=False))
    return {**merged, _USER_CODE: {**user_code, "deployments": [merge_values(own, server) for server in servers]}}


def _values(pods: Pods, launcher: str) -> dict[str, Any]:
    image = {} if pods.registry is None else {"image": {"repository": mirrored(_IMAGE, pods.registry)}}
    busybox = {} if pods.registry is None else {"image": {"repository": mirrored(_BUSYBOX, pods.registry)}}
    long_lived = given({**_pod_values(pods, ends=False), **image})
    launchers = {
        "K8sRunLauncher": {"k8sRunLauncher": _runs(pods)},
        "CeleryK8sRunLauncher": {"celeryK8sRunLauncher": long_lived},
    }
    accounts = given({"annotations": dict(pods.service_account_annotations)})
    return given(
        {
            "imagePullSecrets": pods.pull_secrets,
            "dagsterWebserver": long_lived,
            "dagsterDaemon": long_lived,
            "busybox": busybox,
            "serviceAccount": accounts,
            _USER_CODE: given({"imagePullSecrets": pods.pull_secrets, "serviceAccount": accounts}),
            "runLauncher": given({"config": given(launchers.get(launcher, {}))}),
        }
    )


def _pod_values(pods: Pods, *, ends: bool) -> dict[str, Any]:
    return {
        "labels": pods.labels_of(ends=ends),
        "annotations": pods.annotations_of(ends=ends),
        "nodeSelector": dict(pods.node_selector),
        "tolerations": pods.toleration_specs,
        "affinity": dict(pods.affinity),
        "podSecurityContext": _ids(pods),
    }


def _runs(pods: Pods) -> dict[str, Any]:
    """Runs, and the steps of `k8s_job_executor`, which use the configuration of their run's launcher."""
    values = _pod_values(pods, ends=True)
    metadata = given({name: values[name] for name in ("labels", "annotations")})
    spec = given(
        {
            **{name: values[name] for name in ("nodeSelector", "tolerations", "affinity")},
            "priorityClassName": pods.priority_class_name,
            "securityContext": values["podSecurityContext"],
        }
    )
    raw = given({"podTemplateSpecMetadata": metadata, "podSpecConfig": spec})
    return given({"runK8sConfig": raw})


def _ids(pods: Pods) -> dict[str, int]:
    """Ids that are numbers: the chart has no defaults that would have to be removed."""
    ids = {"runAsUser": pods.run_as_user, "runAsGroup": pods.group, "fsGroup": pods.volumes_group}
    return numeric_ids(ids)
