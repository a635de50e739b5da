"""What holds for every pod, in the specs of a `Cluster` and a `Pooler` and in CloudNativePG's chart."""

from collections.abc import Mapping
from typing import Any

from components.helm.release import merge_values
from components.kubernetes.images import mirrored
from components.kubernetes.pod_settings import Id, PodSettings, merged_affinity

_OPERATOR_IMAGE = "ghcr.io/cloudnative-pg/cloudnative-pg"


def cluster_with_pods(spec: Mapping[str, Any], pods: PodSettings) -> dict[str, Any]:
    """The spec of a `Cluster`. The operator hands labels and annotations on to all that it makes for it."""
    made = {**spec, "imageName": pods.image(spec["imageName"]), **_priority(pods)}
    if pods.image_pull_secrets:
        made["imagePullSecrets"] = pods.pull_secrets
    inherited = {"labels": dict(pods.labels), "annotations": dict(pods.annotations)}
    if given := {name: it for name, it in inherited.items() if it}:
        made["inheritedMetadata"] = given
    if pods.tolerations or pods.node_selector or pods.affinity:
        made["affinity"] = _cluster_affinity(spec["affinity"], pods)
    for name, wanted in (("postgresUID", pods.user), ("postgresGID", pods.group)):
        if isinstance(wanted, int):
            made[name] = wanted
    if pods.service_account_annotations:
        account = {"metadata": {"annotations": dict(pods.service_account_annotations)}}
        made["serviceAccountTemplate"] = merge_values(account, spec.get("serviceAccountTemplate") or {})
    return made


def pooler_with_pods(spec: Mapping[str, Any], pods: PodSettings) -> dict[str, Any]:
    """The spec of a `Pooler`, whose template of pods is Kubernetes' own."""
    template: Mapping[str, Any] = spec["template"]
    pod: dict[str, Any] = {**template["spec"], **_priority(pods)}
    pod["containers"] = [{**it, "image": pods.image(it["image"])} for it in pod["containers"]]
    if pods.image_pull_secrets:
        pod["imagePullSecrets"] = pods.pull_secrets
    if pods.tolerations:
        pod["tolerations"] = [dict(it) for it in pods.tolerations]
    if pods.node_selector:
        pod["nodeSelector"] = dict(pods.node_selector)
    if pods.affinity:
        pod["affinity"] = merged_affinity(pod["affinity"], pods.affinity)
    ids = {"runAsUser": pods.user, "runAsGroup": pods.group, "fsGroup": pods.volumes_group}
    if given := {name: it for name, it in ids.items() if isinstance(it, int)}:
        pod["securityContext"] = given
    metadata = {"labels": dict(pods.labels), "annotations": dict(pods.annotations)}
    told = {"metadata": given} if (given := {name: it for name, it in metadata.items() if it}) else {}
    return {**spec, "template": {**template, **told, "spec": pod}}


def operator_values(pods: PodSettings) -> dict[str, Any]:
    """Values of the operator's chart (0.27.0)."""
    values: dict[str, Any] = {
        "imagePullSecrets": pods.pull_secrets,
        "podLabels": dict(pods.labels),
        "podAnnotations": dict(pods.annotations),
        "nodeSelector": dict(pods.node_selector),
        "tolerations": [dict(it) for it in pods.tolerations],
        "affinity": dict(pods.affinity),
        **_priority(pods),
        "containerSecurityContext": _ids({"runAsUser": pods.user, "runAsGroup": pods.group}),
        "podSecurityContext": {"fsGroup": pods.volumes_group} if isinstance(pods.volumes_group, int) else {},
    }
    if pods.registry is not None:
        # `mirrored` and not `pods.image`: the tag, and so what is pinned, is the chart's.
        values["image"] = {"repository": mirrored(_OPERATOR_IMAGE, pods.registry)}
    return {name: value for name, value in values.items() if value}


def _cluster_affinity(own: Mapping[str, Any], pods: PodSettings) -> dict[str, Any]:
    made = dict(own)
    if pods.tolerations:
        made["tolerations"] = [dict(it) for it in pods.tolerations]
    if pods.node_selector:
        made["nodeSelector"] = {**pods.node_selector, **(own.get("nodeSelector") or {})}
    names = {
        "nodeAffinity": "nodeAffinity",
        "podAffinity": "additionalPodAffinity",
        "podAntiAffinity": "additionalPodAntiAffinity",
    }
    return made | {names[kind]: rules for kind, rules in pods.affinity.items()}


def _ids(wanted: Mapping[str, Id]) -> dict[str, int | None]:
    """Ids as chart values; null takes out what the chart says."""
    return {name: it if isinstance(it, int) else None for name, it in wanted.items() if it != "image"}


def _priority(pods: PodSettings) -> dict[str, str]:
    return {} if pods.priority_class is None else {"priorityClassName": pods.priority_class}
