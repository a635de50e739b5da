"""What holds for every pod, whoever makes it: the one value that carries it from a stack's settings down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from components.kubernetes.images import PINNED, mirrored

Id = int | str
"""A user or group: a number, `image` for the one that each image is made for, `none` for one that the cluster gives."""


@dataclass(frozen=True)
class PodSettings:
    """What holds for every pod. Without arguments, nothing.

    Attributes:
        image_pull_secrets: names of Secrets in each pod's namespace.
        registry: mirror that images are pulled from; see `components.kubernetes.images`.
        tolerations: as in `spec.tolerations` of a pod.
        node_selector: labels of the nodes that pods may run on.
        affinity: as in `spec.affinity` of a pod.
        priority_class: name of a priority class.
        labels: labels of pods.
        annotations: annotations of pods.
        user: who containers run as.
        group: group of containers.
        volumes_group: group of volumes.
        service_account_annotations: annotations of service accounts.
        job_labels: labels of pods that must end by themselves, on top of `labels`.
        job_annotations: their annotations, on top of `annotations`.
    """

    image_pull_secrets: Sequence[str] = ()
    registry: str | None = None
    tolerations: Sequence[Mapping[str, str | int]] = ()
    node_selector: Mapping[str, str] = field(default_factory=dict[str, str])
    affinity: Mapping[str, Any] = field(default_factory=dict[str, Any])
    priority_class: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    user: Id = "image"
    group: Id = "image"
    volumes_group: Id = "image"
    service_account_annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    job_labels: Mapping[str, str] = field(default_factory=dict[str, str])
    job_annotations: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def pull_secrets(self) -> list[dict[str, str]]:
        """`imagePullSecrets`, as Kubernetes and most charts write them."""
        return [{"name": name} for name in self.image_pull_secrets]

    @property
    def own_user(self) -> bool:
        """Whether containers run as the user that their image is made for."""
        return self.user == "image"

    def labels_of(self, *, ends: bool) -> dict[str, str]:
        """Labels of a pod; `ends` says that it must end by itself."""
        return {**self.labels, **(self.job_labels if ends else {})}

    def annotations_of(self, *, ends: bool) -> dict[str, str]:
        """Annotations of a pod; `ends` says that it must end by itself."""
        return {**self.annotations, **(self.job_annotations if ends else {})}

    def image(self, reference: str) -> str:
        """Where the image is pulled from: the program's own choices come from the mirror, if there is one."""
        return mirrored(reference, self.registry) if reference in PINNED else reference


def merged_affinity(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Both affinities at once, as in `spec.affinity` of a pod: every required term and every preferred one of both.

    Node selector terms are alternatives, so that each of one side's is joined with each of the other's.
    """
    merged = {kind: dict(rules) for kind, rules in ours.items()}
    for kind, rules in theirs.items():
        there = merged.setdefault(kind, {})
        for strength, terms in rules.items():
            before = there.get(strength)
            if before is None:
                there[strength] = terms
            elif isinstance(terms, Mapping):
                there[strength] = _both(before, cast("Mapping[str, Any]", terms))
            else:
                there[strength] = [*before, *terms]
    return merged


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    joined = [
        {
            key: [*first.get(key, []), *second.get(key, [])]
            for key in ("matchExpressions", "matchFields")
            if first.get(key) or second.get(key)
        }
        for first in one["nodeSelectorTerms"]
        for second in other["nodeSelectorTerms"]
    ]
    return {"nodeSelectorTerms": joined}


def on_nodes(selector: Mapping[str, str]) -> dict[str, Any]:
    """A node selector as an affinity, for those who take no other; nothing of an empty one."""
    if not selector:
        return {}
    wanted = [{"key": key, "operator": "In", "values": [value]} for key, value in selector.items()]
    terms = {"nodeSelectorTerms": [{"matchExpressions": wanted}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
