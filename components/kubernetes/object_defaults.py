"""Labels and pod settings of all Kubernetes objects below a component, added when they are registered.

Pods that Helm charts and operators create do not pass here: their components pass the settings on to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi

from components.kubernetes.pod_templates import changed, part_of, with_pod_settings
from components.kubernetes.pods import Pods

ENDS: Mapping[str, bool] = {
    "kubernetes:apps/v1:Deployment": False,
    "kubernetes:apps/v1:StatefulSet": False,
    "kubernetes:batch/v1:Job": True,
}
"""Kubernetes' own objects with a pod template, and whether their pods must end by themselves."""

_CRON_JOB = "kubernetes:batch/v1:CronJob"
_NAMESPACE = "kubernetes:core/v1:Namespace"
_SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount"


@dataclass(frozen=True)
class ObjectDefaults:
    """What all objects have in common.

    Attributes:
        labels: labels of every object; those of pods are in `pods`.
        namespace_labels: labels of namespaces, on top of `labels`.
        pods: settings of every pod.
    """

    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    namespace_labels: Mapping[str, str] = field(default_factory=dict[str, str])
    pods: Pods = field(default_factory=Pods)

    def transformation(self, args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        """For `pulumi.ResourceOptions(transformations=[...])` of a component; its children inherit it."""
        props = dict(cast("Mapping[str, Any]", args.props))
        # A Helm release is not an object, and a resource with an id is read, not created.
        if not args.type_.startswith("kubernetes:") or "metadata" not in props or args.opts.id is not None:
            return None
        labels = {**self.labels, **(self.namespace_labels if args.type_ == _NAMESPACE else {})}
        props["metadata"] = _with_metadata(props["metadata"], "labels", labels)
        if args.type_ == _SERVICE_ACCOUNT:
            annotations = self.pods.service_account_annotations
            props["metadata"] = _with_metadata(props["metadata"], "annotations", annotations)
        if args.type_ == _CRON_JOB:
            job = part_of(part_of(props["spec"], "job_template"), "spec")
            template = with_pod_settings(part_of(job, "template"), self.pods, ends=True)
            job_template = changed(part_of(props["spec"], "job_template"), spec=changed(job, template=template))
            props["spec"] = changed(props["spec"], job_template=job_template)
        if args.type_ in ENDS:
            template = with_pod_settings(part_of(props["spec"], "template"), self.pods, ends=ENDS[args.type_])
            props["spec"] = changed(props["spec"], template=template)
        return pulumi.ResourceTransformationResult(props, args.opts)


def _with_metadata(metadata: Any, name: str, added: Mapping[str, str]) -> Any:
    """Metadata with further labels or annotations; existing ones take precedence."""
    return changed(metadata, **{name: {**added, **(part_of(metadata, name) or {})}}) if added else metadata
