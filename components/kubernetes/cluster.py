"""The Kubernetes provider of a stack, which knows how `kubectl` reaches the same cluster."""

import pulumi
import pulumi_kubernetes as k8s

from components.kubernetes.kubectl import Kubectl


class ClusterProvider(k8s.Provider):
    """A Kubernetes provider.

    Attributes:
        kubectl: reaches the same cluster.
    """

    kubectl: Kubectl

    def __init__(self, name: str, kubectl: Kubectl, opts: pulumi.ResourceOptions) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - a parameter of the generated class has no type
            name,
            kubeconfig=kubectl.kubeconfig,
            context=kubectl.context,
            # Changed in place: replaced, they would be gone for a moment, and pods would start without them.
            enable_secret_mutable=True,
            enable_config_map_mutable=True,
            # Kept claims, and objects that a killed `pulumi up` made but could not note, are taken over: also where the
            # stack file has changed since, though the provider then has another name as the manager of their fields.
            upsert_existing_objects=True,
            enable_patch_force=True,
            opts=opts,
        )
        self.kubectl = kubectl


def kubectl_of(resource: pulumi.Resource | None) -> Kubectl:
    """How to reach the cluster on which a resource's children are made; kubectl's own choice if nobody says."""
    provider = resource.get_provider("kubernetes:core/v1:Pod") if resource else None
    return provider.kubectl if isinstance(provider, ClusterProvider) else Kubectl()
