"""The Kubernetes provider of a stack, and `kubectl` on the same cluster."""

import pulumi
import pulumi_kubernetes as k8s

from components.kubernetes.kubectl import Kubectl


class ClusterProvider(k8s.Provider):
    """A Kubernetes provider.

    Attributes:
        kubectl: `kubectl` on the same cluster.
    """

    kubectl: Kubectl

    def __init__(self, name: str, kubectl: Kubectl, opts: pulumi.ResourceOptions) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - a parameter of the generated class has no type
            name,
            kubeconfig=kubectl.kubeconfig,
            context=kubectl.context,
            # Updated in place: during a replacement they would not exist, and pods could not start.
            enable_secret_mutable=True,
            enable_config_map_mutable=True,
            # Adopts retained claims, and objects that are not in the state because `pulumi up` was killed. If the stack
            # file has changed since, the provider has another field manager and must force conflicts.
            upsert_existing_objects=True,
            enable_patch_force=True,
            opts=opts,
        )
        self.kubectl = kubectl


def kubectl_of(resource: pulumi.Resource | None) -> Kubectl:
    """`kubectl` on the cluster of a resource's children; with its own defaults if the resource has no provider."""
    provider = resource.get_provider("kubernetes:core/v1:Pod") if resource else None
    return provider.kubectl if isinstance(provider, ClusterProvider) else Kubectl()
