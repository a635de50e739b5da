"""What a platform team asks of every pod, whoever makes it: one block for the whole stack."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import AfterValidator, Field, PlainValidator

from components.forms.base import KeyPath, Model, Refusal, refuse, refuse_each
from components.forms.labels import Annotations, Labels, NodeLabels
from components.forms.names import Form, ObjectName

IMAGE, NONE = "image", "none"
Id: TypeAlias = int | str
"""A user or group: its number, `IMAGE` for the one that an image is made for, `NONE` for the one that the cluster
assigns."""

_LARGEST_ID = 2**31 - 1

_REGISTRY = Form(
    r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9]+([-._]+[a-z0-9]+)*)*",
    None,
    "a registry's host, with a port or a path if there is one, such as mirror.example.com/hub; no scheme, no '/' at "
    "the end",
)


def _id(value: object, least: int) -> Id:
    if value in (IMAGE, NONE):
        return cast("str", value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _LARGEST_ID:
        refuse(
            f"a number from {least} to {_LARGEST_ID}, `{IMAGE}` (the one that the image is made for) or `{NONE}` (the "
            "cluster assigns one, as OpenShift does)"
        )
    return value


def _user(value: object) -> Id:
    return _id(value, 1)


def _group(value: object) -> Id | None:
    return None if value is None else _id(value, 0)


# What editors are told: numbers, and the two words.
_SCHEMA = int | Literal["image", "none"]
User = Annotated[Id, PlainValidator(_user, json_schema_input_type=_SCHEMA)]
"""User id; containers may not be root."""
Group = Annotated[Id | None, PlainValidator(_group, json_schema_input_type=_SCHEMA | None)]
"""Group id."""


class Toleration(Model):
    """A taint of nodes that pods tolerate, in Kubernetes' own words."""

    key: Annotated[str, Field(min_length=1)] | None = None
    """Key of the taint; absent with `operator: Exists`, every taint is tolerated."""
    operator: Literal["Equal", "Exists"] = "Equal"
    """`Equal`: the taint's value must be `value`; `Exists`: it may be any."""
    value: str | None = None
    """Value of the taint, with `operator: Equal`."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; absent, each of them."""
    toleration_seconds: int | None = None
    """Seconds that a pod stays on a node with such a taint, with `effect: NoExecute`; absent, for ever."""

    def refusals(self) -> Iterator[Refusal]:
        """What the API server refuses."""
        if self.key is None and self.operator == "Equal":
            yield Refusal(("operator",), self.operator, "Exists without a `key`", (("key",), ("operator",)))
        if self.value is not None and self.operator == "Exists":
            yield Refusal(("value",), self.value, "nothing with `operator: Exists`", (("operator",),))
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            allowed = "nothing without `effect: NoExecute`"
            yield Refusal(("tolerationSeconds",), self.toleration_seconds, allowed, (("effect",),))


_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_AFFINITIES = ("nodeAffinity", "podAffinity", "podAntiAffinity")


def _affinity(value: dict[str, Any]) -> dict[str, Any]:
    refuse_each(_misshapen(value))
    return value


def _misshapen(value: Mapping[str, Any]) -> Iterator[Refusal]:
    for kind, rules in value.items():
        if kind not in _AFFINITIES:
            yield Refusal((kind,), rules, f"{', '.join(_AFFINITIES[:-1])} or {_AFFINITIES[-1]}")
        elif not isinstance(rules, Mapping):
            yield Refusal((kind,), rules, f"a mapping with {_REQUIRED} or {_PREFERRED}")
        else:
            for strength, terms in cast("Mapping[str, object]", rules).items():
                yield from _misshapen_terms((kind, strength), terms)


def _misshapen_terms(path: KeyPath, terms: object) -> Iterator[Refusal]:
    kind, strength = path
    if strength not in (_REQUIRED, _PREFERRED):
        yield Refusal(path, terms, f"{_REQUIRED} or {_PREFERRED}")
    elif kind == "nodeAffinity" and strength == _REQUIRED:
        listed: Mapping[str, object] = cast("Mapping[str, object]", terms) if isinstance(terms, Mapping) else {}
        if listed.keys() != {"nodeSelectorTerms"} or not isinstance(listed["nodeSelectorTerms"], list):
            found = cast("object", terms)
            yield Refusal(path, found, "a mapping with nothing but `nodeSelectorTerms`, a list")
    elif not isinstance(terms, list):
        yield Refusal(path, terms, "a list of terms")


class Pods(Model):
    """What holds for every pod that the program makes or has made: servers, Jobs, operators and apps."""

    image_pull_secrets: list[ObjectName] = []
    """Names of Secrets with registry credentials, which must exist in every namespace that pods run in."""
    registry: Annotated[str, _REGISTRY] | None = None
    """A mirror to pull from. It takes the place of the registry in every image that the program or an app's chart
    names, and the path stays; an image that the stack file names is used as written."""
    tolerations: list[Toleration] = []
    """Taints of nodes that pods tolerate."""
    node_selector: NodeLabels = {}
    """Labels of the nodes that pods may run on. A `nodeSelector` of one server comes on top."""
    affinity: Annotated[dict[str, Any], AfterValidator(_affinity)] = {}
    """Affinity of pods to nodes and to each other, as in a pod's `spec.affinity`; beside what keeps replicas apart."""
    priority_class_name: ObjectName | None = None
    """Priority class of pods, which must exist."""
    labels: Labels = {}
    """Labels of pods, on top of `labels`."""
    annotations: Annotations = {}
    """Annotations of pods."""
    run_as_user: User = IMAGE
    """User id of containers: a number; `image`, the one that each image is made for; or `none`, so that the cluster
    assigns one, as OpenShift does."""
    run_as_group: Group = None
    """Group id of containers, likewise; absent, as `runAsUser`."""
    fs_group: Group = None
    """Group id of volumes, likewise; absent, as `runAsUser`."""
    service_account_annotations: Annotations = {}
    """Annotations of the service accounts that the program and the charts make."""
    job_sidecars: Literal["injected", "native", "none"] = "injected"
    """Sidecars of a service mesh in pods that must end by themselves: as the mesh injects them, as native sidecars
    (Istio and Linkerd, Kubernetes 1.29), which end with the pod, or none."""

    @property
    def group(self) -> Id:
        """Group id of containers."""
        return self.run_as_user if self.run_as_group is None else self.run_as_group

    @property
    def volumes_group(self) -> Id:
        """Group id of volumes."""
        return self.run_as_user if self.fs_group is None else self.fs_group
