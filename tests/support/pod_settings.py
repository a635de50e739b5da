"""Settings of all pods in a stack file, with every key, and checks of each on a pod."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Fields = dict[str, Any]

MIRROR = "mirror.example.com:5000/hub"
LABELS = {"example.com/cost-center": "c1"}
NAMESPACE_LABELS = {"pod-security.kubernetes.io/enforce": "restricted"}
NODE_TERM = {"matchExpressions": [{"key": "example.com/disk", "operator": "In", "values": ["ssd"]}]}
APART = {
    "weight": 7,
    "podAffinityTerm": {
        "topologyKey": "example.com/rack",
        "labelSelector": {"matchLabels": {"example.com/noisy": "yes"}},
    },
}
PODS: Fields = {
    "imagePullSecrets": ["regcred", "other"],
    "registry": MIRROR,
    "tolerations": [
        {"key": "dedicated", "value": "lake", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60},
    ],
    "nodeSelector": {"example.com/pool": "lake"},
    "affinity": {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [NODE_TERM]}},
        "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [APART]},
    },
    "priorityClassName": "lake-high",
    "labels": {"example.com/team": "data"},
    "annotations": {"example.com/scrape": "yes"},
    "runAsUser": 5001,
    "runAsGroup": 5002,
    "fsGroup": 5003,
    "serviceAccountAnnotations": {"example.com/role": "lake"},
    "jobSidecars": "none",
}
"""Every setting of the block; a test checks that none is missing."""

SETTINGS: Fields = {"pods": PODS, "labels": LABELS, "cluster": {"namespaceLabels": NAMESPACE_LABELS}}


@dataclass(frozen=True)
class Seen:
    """A pod as described to Kubernetes or an operator.

    Attributes:
        metadata: its labels and annotations.
        spec: its spec, or the operator's equivalent, with Kubernetes' keys.
        ends: whether it runs to completion.
        gaps: settings that do not apply to it, as docs/pods.md lists them.
    """

    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]
    ends: bool = False
    gaps: frozenset[str] = field(default_factory=frozenset[str])


def _containers(pod: Seen) -> list[Fields]:
    return [*(pod.spec.get("initContainers") or []), *(pod.spec.get("containers") or [])]


def _id(pod: Seen, name: str) -> set[Any]:
    own = (pod.spec.get("securityContext") or {}).get(name)
    return {(container.get("securityContext") or {}).get(name, own) for container in _containers(pod)} or {own}


def _has(given: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> bool:
    return wanted.items() <= (given or {}).items()


def _on_ssd(pod: Seen) -> bool:
    affinity = pod.spec.get("affinity") or {}
    required = (affinity.get("nodeAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms = required.get("nodeSelectorTerms") or []
    wanted = NODE_TERM["matchExpressions"][0]
    return bool(terms) and all(wanted in term["matchExpressions"] for term in terms)


def _apart(pod: Seen) -> bool:
    rules = (pod.spec.get("affinity") or {}).get("podAntiAffinity") or {}
    return APART in (rules.get("preferredDuringSchedulingIgnoredDuringExecution") or [])


def _sidecar(pod: Seen) -> bool:
    istio = (pod.metadata.get("labels") or {}).get("sidecar.istio.io/inject")
    linkerd = (pod.metadata.get("annotations") or {}).get("linkerd.io/inject")
    return (istio, linkerd) == (("false", "disabled") if pod.ends else (None, None))


CHECKS: Mapping[str, Callable[[Seen], bool]] = {
    "imagePullSecrets": lambda pod: pod.spec.get("imagePullSecrets") == [{"name": "regcred"}, {"name": "other"}],
    "registry": lambda pod: all(container["image"].startswith(f"{MIRROR}/") for container in _containers(pod)),
    "tolerations": lambda pod: all(
        _has(given, wanted)
        for given, wanted in zip(pod.spec.get("tolerations") or [{}, {}], PODS["tolerations"], strict=True)
    ),
    "nodeSelector": lambda pod: _has(pod.spec.get("nodeSelector"), PODS["nodeSelector"]),
    "affinity": lambda pod: _on_ssd(pod) and _apart(pod),
    "priorityClassName": lambda pod: pod.spec.get("priorityClassName") == "lake-high",
    "labels": lambda pod: _has(pod.metadata.get("labels"), {**LABELS, **PODS["labels"]}),
    "annotations": lambda pod: _has(pod.metadata.get("annotations"), PODS["annotations"]),
    "runAsUser": lambda pod: _id(pod, "runAsUser") == {5001},
    "runAsGroup": lambda pod: _id(pod, "runAsGroup") == {5002},
    "fsGroup": lambda pod: (pod.spec.get("securityContext") or {}).get("fsGroup") == 5003,
    "jobSidecars": _sidecar,
}
"""A check of each setting on a pod. `serviceAccountAnnotations` does not apply to pods."""


def missing(pod: Seen) -> list[str]:
    """Settings that the pod does not have, without `gaps`."""
    return [name for name, arrived in CHECKS.items() if name not in pod.gaps and not arrived(pod)]


def idle_gaps(pod: Seen) -> list[str]:
    """Settings in `gaps` that the pod has."""
    return sorted(name for name in pod.gaps if CHECKS[name](pod))
