"""What holds for every pod, in the spec of a PostgresCluster and in the values of CrunchyData's operator."""

from collections.abc import Mapping
from typing import Any

from components.helm.values import given
from components.kubernetes.affinity import merged_affinity, on_nodes
from components.kubernetes.pods import Pods


def postgres_cluster_with_pods(spec: Mapping[str, Any], pods: Pods) -> dict[str, Any]:
    """The spec of a PostgresCluster. The operator hands its metadata on to all that it creates for it."""
    changed = {**spec}
    if pods.image_pull_secrets:
        changed["imagePullSecrets"] = pods.pull_secrets
    # The operator's service accounts take no annotations of their own, and those of the whole cluster.
    metadata = _metadata(pods.labels, {**pods.service_account_annotations, **pods.annotations})
    if metadata:
        changed["metadata"] = metadata
    if pods.volumes_group == "none":
        # So the operator leaves the volumes' group to the cluster; else it checks whether this is OpenShift.
        changed["openshift"] = True
    changed["instances"] = [_placed(instances, pods) for instances in spec["instances"]]
    backrest: Mapping[str, Any] = spec["backups"]["pgbackrest"]
    changed["backups"] = {**spec["backups"], "pgbackrest": _pgbackrest(backrest, pods)}
    if "dataSource" in spec:
        # The Job that restores; it takes no metadata of its own.
        changed["dataSource"] = {source: _placed(part, pods) for source, part in spec["dataSource"].items()}
    if "proxy" in spec:
        changed["proxy"] = {"pgBouncer": _placed(spec["proxy"]["pgBouncer"], pods)}
    return changed


def operator_values(pods: Pods) -> dict[str, Any]:
    """Values of the operator's chart. It takes no node selector, so the affinity contains it."""
    values: dict[str, Any] = {
        "imagePullSecretNames": list(pods.image_pull_secrets),
        "customPodLabels": dict(pods.labels),
        "tolerations": pods.toleration_specs,
        "affinity": merged_affinity(on_nodes(pods.node_selector), pods.affinity),
    }
    return given(values)


def _pgbackrest(backrest: Mapping[str, Any], pods: Pods) -> dict[str, Any]:
    changed = dict(backrest)
    for name in ("jobs", "repoHost"):
        placed = _placed(backrest.get(name) or {}, pods)
        if placed:
            changed[name] = placed
    # Its pods that must end by themselves have no metadata of their own.
    if metadata := _metadata(pods.job_labels, pods.job_annotations):
        changed["metadata"] = metadata
    return changed


def _placed(part: Mapping[str, Any], pods: Pods) -> dict[str, Any]:
    """A part of the spec that has pods: instances, PgBouncer, pgBackRest's Jobs and its host."""
    changed = dict(part)
    own: Mapping[str, Any] = part.get("affinity") or {}
    selected = _selected(own)
    nodes = {key: value for key, value in pods.node_selector.items() if key not in selected}
    if affinity := merged_affinity(merged_affinity(own, on_nodes(nodes)), pods.affinity):
        changed["affinity"] = affinity
    if pods.tolerations:
        changed["tolerations"] = pods.toleration_specs
    if pods.priority_class_name is not None:
        changed["priorityClassName"] = pods.priority_class_name
    return changed


def _selected(affinity: Mapping[str, Any]) -> set[str]:
    """Labels of nodes that a part chooses itself."""
    nodes: Mapping[str, Any] = affinity.get("nodeAffinity") or {}
    required: Mapping[str, Any] = nodes.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms: list[Mapping[str, Any]] = required.get("nodeSelectorTerms") or []
    return {wanted["key"] for term in terms for wanted in term["matchExpressions"]}


def _metadata(labels: Mapping[str, str], annotations: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return given({"labels": dict(labels), "annotations": dict(annotations)})
