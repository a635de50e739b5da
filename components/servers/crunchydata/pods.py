"""What holds for every pod, in the spec of a PostgresCluster and in the values of CrunchyData's operator."""

from collections.abc import Mapping
from typing import Any

from components.kubernetes.pod_settings import PodSettings, merged_affinity, on_nodes


def postgres_cluster_with_pods(spec: Mapping[str, Any], pods: PodSettings) -> dict[str, Any]:
    """The spec of a PostgresCluster. The operator hands its metadata on to all that it makes for it."""
    made = {**spec}
    if pods.image_pull_secrets:
        made["imagePullSecrets"] = pods.pull_secrets
    # The operator's service accounts take no annotations of their own, and those of the whole cluster.
    metadata = _metadata(pods.labels, {**pods.service_account_annotations, **pods.annotations})
    if metadata:
        made["metadata"] = metadata
    if pods.volumes_group == "none":
        # Told, the operator leaves the volumes' group to the cluster; else it looks whether this is OpenShift.
        made["openshift"] = True
    made["instances"] = [_placed(it, pods) for it in spec["instances"]]
    backrest: Mapping[str, Any] = spec["backups"]["pgbackrest"]
    made["backups"] = {**spec["backups"], "pgbackrest": _pgbackrest(backrest, pods)}
    if "proxy" in spec:
        made["proxy"] = {"pgBouncer": _placed(spec["proxy"]["pgBouncer"], pods)}
    return made


def operator_values(pods: PodSettings) -> dict[str, Any]:
    """Values of the operator's chart. It takes no node selector, so that its affinity says it."""
    values: dict[str, Any] = {
        "imagePullSecretNames": list(pods.image_pull_secrets),
        "customPodLabels": dict(pods.labels),
        "tolerations": [dict(it) for it in pods.tolerations],
        "affinity": merged_affinity(on_nodes(pods.node_selector), pods.affinity),
    }
    return {name: value for name, value in values.items() if value}


def _pgbackrest(backrest: Mapping[str, Any], pods: PodSettings) -> dict[str, Any]:
    made = dict(backrest)
    for name in ("jobs", "repoHost"):
        placed = _placed(backrest.get(name) or {}, pods)
        if placed:
            made[name] = placed
    # Its pods that must end by themselves have no metadata of their own.
    if metadata := _metadata(pods.job_labels, pods.job_annotations):
        made["metadata"] = metadata
    return made


def _placed(part: Mapping[str, Any], pods: PodSettings) -> dict[str, Any]:
    """A part of the spec that has pods: instances, PgBouncer, pgBackRest's Jobs and its host."""
    made = dict(part)
    own: Mapping[str, Any] = part.get("affinity") or {}
    told = _selected(own)
    nodes = {key: value for key, value in pods.node_selector.items() if key not in told}
    if affinity := merged_affinity(merged_affinity(own, on_nodes(nodes)), pods.affinity):
        made["affinity"] = affinity
    if pods.tolerations:
        made["tolerations"] = [dict(it) for it in pods.tolerations]
    if pods.priority_class is not None:
        made["priorityClassName"] = pods.priority_class
    return made


def _selected(affinity: Mapping[str, Any]) -> set[str]:
    """Labels of nodes that a part chooses itself."""
    nodes: Mapping[str, Any] = affinity.get("nodeAffinity") or {}
    required: Mapping[str, Any] = nodes.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms: list[Mapping[str, Any]] = required.get("nodeSelectorTerms") or []
    return {wanted["key"] for term in terms for wanted in term["matchExpressions"]}


def _metadata(labels: Mapping[str, str], annotations: Mapping[str, str]) -> dict[str, dict[str, str]]:
    found = {"labels": dict(labels), "annotations": dict(annotations)}
    return {name: it for name, it in found.items() if it}
