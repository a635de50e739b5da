"""Labels and pod settings of all Kubernetes objects below a component, put there as they are registered.

What is made by a Helm chart is not seen here: its component takes `PodSettings` as an argument.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi

from components.kubernetes.pod_settings import PodSettings
from components.kubernetes.pod_templates import changed, part_of, with_pod_settings
from components.servers.cloudnativepg.pods import cluster_with_pods, pooler_with_pods
from components.servers.crunchydata.pods import postgres_cluster_with_pods

Spec = Callable[[Any, PodSettings], Any]


def _templated(*, ends: bool) -> Spec:
    def change(spec: Any, pods: PodSettings) -> Any:
        return changed(spec, template=with_pod_settings(part_of(spec, "template"), pods, ends=ends))

    return change


WITH_PODS: Mapping[str, Spec] = {
    "kubernetes:apps/v1:Deployment": _templated(ends=False),
    "kubernetes:apps/v1:StatefulSet": _templated(ends=False),
    "kubernetes:batch/v1:Job": _templated(ends=True),
    "kubernetes:postgresql.cnpg.io/v1:Cluster": cluster_with_pods,
    "kubernetes:postgresql.cnpg.io/v1:Pooler": pooler_with_pods,
    "kubernetes:postgres-operator.crunchydata.com/v1beta1:PostgresCluster": postgres_cluster_with_pods,
}
"""Every kind of object that has pods, each with what puts the settings into its `spec`."""

_NAMESPACE = "kubernetes:core/v1:Namespace"
_SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount"


@dataclass(frozen=True)
class Everywhere:
    """What all objects have in common.

    Attributes:
        labels: labels of every object; those of pods are in `pods`.
        namespace_labels: labels of namespaces, on top of `labels`.
        pods: what holds for every pod.
    """

    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    namespace_labels: Mapping[str, str] = field(default_factory=dict[str, str])
    pods: PodSettings = field(default_factory=PodSettings)

    def transformation(self, args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        """For `pulumi.ResourceOptions(transformations=[...])` of a component: it reaches all that is below."""
        props = dict(cast("Mapping[str, Any]", args.props))
        # A Helm release is no object, and what has an id is read, not made.
        if not args.type_.startswith("kubernetes:") or "metadata" not in props or args.opts.id is not None:
            return None
        labels = {**self.labels, **(self.namespace_labels if args.type_ == _NAMESPACE else {})}
        props["metadata"] = _marked(props["metadata"], "labels", labels)
        if args.type_ == _SERVICE_ACCOUNT:
            annotations = self.pods.service_account_annotations
            props["metadata"] = _marked(props["metadata"], "annotations", annotations)
        if args.type_ in WITH_PODS:
            props["spec"] = WITH_PODS[args.type_](props["spec"], self.pods)
        return pulumi.ResourceTransformationResult(props, args.opts)


def _marked(metadata: Any, name: str, added: Mapping[str, str]) -> Any:
    """Metadata with labels or annotations more; those that are there stay."""
    return changed(metadata, **{name: {**added, **(part_of(metadata, name) or {})}}) if added else metadata
