"""The settings of every pod: a block of the stack file, which is passed on to all that create pods."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import AfterValidator, Field, PlainValidator

from components.forms.base import KeyPath, Model, Refusal, refuse, refuse_each
from components.forms.labels import Annotations, Labels, NodeLabels
from components.forms.names import Form, ObjectName
from components.kubernetes.images import mirrored

IMAGE, NONE = "image", "none"
Id: TypeAlias = int | str
"""A user or group: its number, `IMAGE` for the one that an image is built for, `NONE` for one that the cluster
assigns."""

_LARGEST_ID = 2**31 - 1

_REGISTRY = Form(
    r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9]+([-._]+[a-z0-9]+)*)*",
    None,
    "a registry's host, with an optional port and path, such as mirror.example.com/hub; no scheme, no '/' at the end",
)


def _id(value: object, least: int) -> Id:
    if value in (IMAGE, NONE):
        return cast("str", value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _LARGEST_ID:
        refuse(
            f"a number from {least} to {_LARGEST_ID}, `{IMAGE}` (the one that the image is built for) or `{NONE}` (the "
            "cluster assigns one, as OpenShift does)"
        )
    return value


def _user(value: object) -> Id:
    return _id(value, 1)


def _group(value: object) -> Id | None:
    return None if value is None else _id(value, 0)


# In the JSON Schema: numbers, and the two words.
_SCHEMA = int | Literal["image", "none"]
User = Annotated[Id, PlainValidator(_user, json_schema_input_type=_SCHEMA)]
"""User id; containers may not be root."""
Group = Annotated[Id | None, PlainValidator(_group, json_schema_input_type=_SCHEMA | None)]
"""Group id."""


# Istio reads the label, its older versions the annotation; Linkerd, Consul and Kuma as their manuals say.
_NO_SIDECAR_LABELS = {"sidecar.istio.io/inject": "false", "kuma.io/sidecar-injection": "disabled"}
_JOB_ANNOTATIONS = {
    "none": {
        "consul.hashicorp.com/connect-inject": "false",
        "linkerd.io/inject": "disabled",
        "sidecar.istio.io/inject": "false",
    },
    # Istio 1.24 and later; Linkerd 2.19 and later, then 2.15 and later.
    "native": {
        "config.alpha.linkerd.io/proxy-enable-native-sidecar": "true",
        "config.beta.linkerd.io/proxy-enable-native-sidecar": "true",
        "sidecar.istio.io/nativeSidecar": "true",
    },
}


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
    """Settings of every pod that the program, an operator or an app's chart creates."""

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
    """Affinity of pods to nodes and to each other, as in a pod's `spec.affinity`, combined with the rules that keep
    replicas on different nodes."""
    priority_class_name: ObjectName | None = None
    """Priority class of pods, which must exist."""
    labels: Labels = {}
    """Labels of pods, on top of `labels`."""
    annotations: Annotations = {}
    """Annotations of pods."""
    run_as_user: User = IMAGE
    """User id of containers: a number; `image`, the one that each image is built for; or `none`, so that the cluster
    assigns one, as OpenShift does."""
    run_as_group: Group = None
    """Group id of containers, likewise; absent, as `runAsUser`."""
    fs_group: Group = None
    """Group id of volumes, likewise; absent, as `runAsUser`."""
    service_account_annotations: Annotations = {}
    """Annotations of the service accounts that the program and the charts create."""
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

    @property
    def as_image_user(self) -> bool:
        """Whether containers run as the user that their image is built for."""
        return self.run_as_user == IMAGE

    @property
    def pull_secrets(self) -> list[dict[str, str]]:
        """`imagePullSecrets`, as Kubernetes and most charts write them."""
        return [{"name": name} for name in self.image_pull_secrets]

    @property
    def toleration_specs(self) -> list[dict[str, Any]]:
        """`tolerations`, as Kubernetes writes them."""
        return [toleration.model_dump(by_alias=True, exclude_none=True) for toleration in self.tolerations]

    @property
    def job_labels(self) -> Mapping[str, str]:
        """Labels of pods that must end by themselves, on top of `labels`."""
        return _NO_SIDECAR_LABELS if self.job_sidecars == "none" else {}

    @property
    def job_annotations(self) -> Mapping[str, str]:
        """Annotations of pods that must end by themselves, on top of `annotations`."""
        return _JOB_ANNOTATIONS.get(self.job_sidecars, {})

    def labels_of(self, *, ends: bool) -> dict[str, str]:
        """Labels of a pod; `ends` says that it must end by itself."""
        return {**self.labels, **(self.job_labels if ends else {})}

    def annotations_of(self, *, ends: bool) -> dict[str, str]:
        """Annotations of a pod; `ends` says that it must end by itself."""
        return {**self.annotations, **(self.job_annotations if ends else {})}

    def image(self, reference: str, default: str) -> str:
        """The reference that an image is pulled by: on the mirror, if there is one and the image is the default.

        Args:
            reference: the image.
            default: the image that the program uses by default. Any other is used as written.
        """
        return mirrored(reference, self.registry) if reference == default else reference


def numeric_ids(ids: Mapping[str, Id]) -> dict[str, int]:
    """Those of some ids, by name, that are numbers."""
    return {name: number for name, number in ids.items() if isinstance(number, int)}


def ids_as_values(ids: Mapping[str, Id]) -> dict[str, int | None]:
    """Ids as chart values; null removes the chart's default where the cluster assigns the id."""
    return {name: number if isinstance(number, int) else None for name, number in ids.items() if number != IMAGE}
