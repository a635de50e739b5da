"""Labels and annotations in the form that Kubernetes accepts, and reserved ones."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator

from components.forms.base import Refusal, refuse_each

_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_PREFIX = r"(?=[^/]{1,253}/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/"
_KEY = re.compile(rf"({_PREFIX})?{_NAME}")
_VALUE = re.compile(rf"({_NAME})?")

_KEY_TEXT = (
    "a key of up to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit, after an "
    "optional DNS name and '/', such as example.com/team"
)
_VALUE_TEXT = "up to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"

# Keys, and beginnings of keys that end in '/'. Selectors of the program's own objects and of the charts' (their
# templates), and what Kubernetes, Helm, Pulumi and the operators write and read themselves.
_OTHERS_LABELS = (
    "app.kubernetes.io/component",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "apps.kubernetes.io/",
    "batch.kubernetes.io/",
    "cnpg.io/",
    "component",
    "controller-revision-hash",
    "controller-uid",
    "dagster/",
    "deployment",
    "helm.sh/",
    "job-name",
    "pod-template-hash",
    "postgres-operator.crunchydata.com/",
    "statefulset.kubernetes.io/",
)
_OTHERS_ANNOTATIONS = (
    "checksum/",
    "cnpg.io/",
    "helm.sh/",
    "kubectl.kubernetes.io/default-container",
    "kubectl.kubernetes.io/last-applied-configuration",
    "lakehouse/",
    "meta.helm.sh/",
    "postgres-operator.crunchydata.com/",
    "pulumi.com/",
)
_LABELS_TEXT = "another key: this one is reserved for selectors, Kubernetes, Helm or an operator"
_ANNOTATIONS_TEXT = "another key: this one is reserved for the program, Pulumi, Helm or an operator"
_NAMESPACES_TEXT = "another key: this one is reserved for Kubernetes"


def _refused(
    given: Mapping[str, str], *, values: bool, others: Sequence[str] = (), allowed: str = ""
) -> Iterator[Refusal]:
    for key, value in given.items():
        if _KEY.fullmatch(key) is None:
            yield Refusal((key,), value, _KEY_TEXT)
        elif any(key == other or (other.endswith("/") and key.startswith(other)) for other in others):
            yield Refusal((key,), value, allowed)
        elif values and _VALUE.fullmatch(value) is None:
            yield Refusal((key,), value, _VALUE_TEXT)


def _labels(given: dict[str, str]) -> dict[str, str]:
    refuse_each(_refused(given, values=True, others=_OTHERS_LABELS, allowed=_LABELS_TEXT))
    return given


def _annotations(given: dict[str, str]) -> dict[str, str]:
    refuse_each(_refused(given, values=False, others=_OTHERS_ANNOTATIONS, allowed=_ANNOTATIONS_TEXT))
    return given


def _namespace_labels(given: dict[str, str]) -> dict[str, str]:
    others = ("kubernetes.io/metadata.name",)
    refuse_each(_refused(given, values=True, others=others, allowed=_NAMESPACES_TEXT))
    return given


def _node_labels(given: dict[str, str]) -> dict[str, str]:
    refuse_each(_refused(given, values=True))
    return given


Labels = Annotated[dict[str, str], AfterValidator(_labels)]
"""Labels of pods and other objects, which must not be those that selectors use."""

Annotations = Annotated[dict[str, str], AfterValidator(_annotations)]
"""Annotations of pods and service accounts."""

NamespaceLabels = Annotated[dict[str, str], AfterValidator(_namespace_labels)]
"""Labels of namespaces."""

NodeLabels = Annotated[dict[str, str], AfterValidator(_node_labels)]
"""Labels of nodes."""
