"""From what a stack file says of all pods and objects to what components take."""

from collections.abc import Mapping

from components.kubernetes.everywhere import Everywhere
from components.kubernetes.pod_settings import PodSettings
from components.kubernetes.pods import Pods, Toleration
from components.platform.settings import Stack

# Istio reads the label, its older versions the annotation; Linkerd, Consul and Kuma as their manuals say.
_NO_SIDECAR_LABELS = {"sidecar.istio.io/inject": "false", "kuma.io/sidecar-injection": "disabled"}
_NO_SIDECAR_ANNOTATIONS = {
    "consul.hashicorp.com/connect-inject": "false",
    "linkerd.io/inject": "disabled",
    "sidecar.istio.io/inject": "false",
}
# Istio 1.24 and later; Linkerd 2.19 and later, then 2.15 and later.
_NATIVE_SIDECAR_ANNOTATIONS = {
    "config.alpha.linkerd.io/proxy-enable-native-sidecar": "true",
    "config.beta.linkerd.io/proxy-enable-native-sidecar": "true",
    "sidecar.istio.io/nativeSidecar": "true",
}
_JOB_LABELS: Mapping[str, Mapping[str, str]] = {"none": _NO_SIDECAR_LABELS}
_JOB_ANNOTATIONS: Mapping[str, Mapping[str, str]] = {
    "none": _NO_SIDECAR_ANNOTATIONS,
    "native": _NATIVE_SIDECAR_ANNOTATIONS,
}


def pod_settings(stack: Stack) -> PodSettings:
    """What holds for every pod of a stack."""
    pods: Pods = stack.pods
    return PodSettings(
        image_pull_secrets=pods.image_pull_secrets,
        registry=pods.registry,
        tolerations=[_toleration(it) for it in pods.tolerations],
        node_selector=pods.node_selector,
        affinity=pods.affinity,
        priority_class=pods.priority_class_name,
        labels={**stack.labels, **pods.labels},
        annotations=pods.annotations,
        user=pods.run_as_user,
        group=pods.group,
        volumes_group=pods.volumes_group,
        service_account_annotations=pods.service_account_annotations,
        job_labels=_JOB_LABELS.get(pods.job_sidecars, {}),
        job_annotations=_JOB_ANNOTATIONS.get(pods.job_sidecars, {}),
    )


def everywhere(stack: Stack, pods: PodSettings) -> Everywhere:
    """What all Kubernetes objects of a stack have in common."""
    return Everywhere(stack.labels, stack.cluster.namespace_labels, pods)


def _toleration(settings: Toleration) -> dict[str, str | int]:
    return settings.model_dump(by_alias=True, exclude_none=True)
