"""What holds for every pod, in the specs of a `Cluster` and a `Pooler` and in CloudNativePG's chart."""

from collections.abc import Mapping
from typing import Any

from components.helm.values import given, merge_values
from components.kubernetes.affinity import merged_affinity
from components.kubernetes.images import mirrored
from components.kubernetes.pods import Pods, ids_as_values, numeric_ids
from components.postgres.pooler.pins import PGBOUNCER_IMAGE
from components.servers.cloudnativepg.pins import CLOUDNATIVEPG_IMAGE

_OPERATOR_IMAGE = "ghcr.io/cloudnative-pg/cloudnative-pg"


def cluster_with_pods(spec: Mapping[str, Any], pods: Pods) -> dict[str, Any]:
    """The spec of a `Cluster`. The operator hands labels and annotations on to all that it creates for it."""
    changed = {**spec, "imageName": pods.image(spec["imageName"], CLOUDNATIVEPG_IMAGE), **_priority(pods)}
    if pods.image_pull_secrets:
        changed["imagePullSecrets"] = pods.pull_secrets
    if metadata := _metadata(pods):
        changed["inheritedMetadata"] = metadata
    if pods.tolerations or pods.node_selector or pods.affinity:
        changed["affinity"] = _cluster_affinity(spec["affinity"], pods)
    for name, wanted in (("postgresUID", pods.run_as_user), ("postgresGID", pods.group)):
        if isinstance(wanted, int):
            changed[name] = wanted
    if pods.service_account_annotations:
        account = {"metadata": {"annotations": dict(pods.service_account_annotations)}}
        changed["serviceAccountTemplate"] = merge_values(account, spec.get("serviceAccountTemplate") or {})
    return changed


def pooler_with_pods(spec: Mapping[str, Any], pods: Pods) -> dict[str, Any]:
    """The spec of a `Pooler`, whose template of pods is Kubernetes' own."""
    template: Mapping[str, Any] = spec["template"]
    pod: dict[str, Any] = {**template["spec"], **_priority(pods)}
    pod["containers"] = [
        {**container, "image": pods.image(container["image"], PGBOUNCER_IMAGE)} for container in pod["containers"]
    ]
    if pods.image_pull_secrets:
        pod["imagePullSecrets"] = pods.pull_secrets
    if pods.tolerations:
        pod["tolerations"] = pods.toleration_specs
    if pods.node_selector:
        pod["nodeSelector"] = dict(pods.node_selector)
    if pods.affinity:
        pod["affinity"] = merged_affinity(pod["affinity"], pods.affinity)
    ids = {"runAsUser": pods.run_as_user, "runAsGroup": pods.group, "fsGroup": pods.volumes_group}
    if numbers := numeric_ids(ids):
        pod["securityContext"] = numbers
    metadata = {"metadata": found} if (found := _metadata(pods)) else {}
    return {**spec, "template": {**template, **metadata, "spec": pod}}


def operator_values(pods: Pods) -> dict[str, Any]:
    """Values of the operator's chart (0.27.0)."""
    values: dict[str, Any] = {
        "imagePullSecrets": pods.pull_secrets,
        "podLabels": dict(pods.labels),
        "podAnnotations": dict(pods.annotations),
        "nodeSelector": dict(pods.node_selector),
        "tolerations": pods.toleration_specs,
        "affinity": dict(pods.affinity),
        **_priority(pods),
        "containerSecurityContext": ids_as_values({"runAsUser": pods.run_as_user, "runAsGroup": pods.group}),
        "podSecurityContext": {"fsGroup": pods.volumes_group} if isinstance(pods.volumes_group, int) else {},
    }
    if pods.registry is not None:
        # `mirrored` and not `pods.image`: the tag, and so what is pinned, is the chart's.
        values["image"] = {"repository": mirrored(_OPERATOR_IMAGE, pods.registry)}
    return given(values)


def _cluster_affinity(own: Mapping[str, Any], pods: Pods) -> dict[str, Any]:
    changed = dict(own)
    if pods.tolerations:
        changed["tolerations"] = pods.toleration_specs
    if pods.node_selector:
        changed["nodeSelector"] = {**pods.node_selector, **(own.get("nodeSelector") or {})}
    names = {
        "nodeAffinity": "nodeAffinity",
        "podAffinity": "additionalPodAffinity",
        "podAntiAffinity": "additionalPodAntiAffinity",
    }
    return changed | {names[kind]: rules for kind, rules in pods.affinity.items()}


def _metadata(pods: Pods) -> dict[str, Any]:
    return given({"labels": dict(pods.labels), "annotations": dict(pods.annotations)})


def _priority(pods: Pods) -> dict[str, str]:
    return {} if pods.priority_class_name is None else {"priorityClassName": pods.priority_class_name}
