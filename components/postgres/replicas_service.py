"""The Service in front of pods that pass connections on to a server, which may be evicted one at a time."""

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.policy.v1 import PodDisruptionBudgetSpecArgs

from components.postgres.credentials import PORT


def replicas_service(name: str, metadata: ObjectMetaArgs, replicas: int, opts: pulumi.ResourceOptions) -> None:
    """Create the Service and, where there is more than one pod, their PodDisruptionBudget.

    Args:
        name: first part of the resources' names.
        metadata: name, namespace and labels of both objects; the labels are those of the pods, too, whose port has the
            name `postgresql`.
        replicas: number of pods.
        opts: options of both resources.
    """
    # Waiting for the pods is the Deployment's part.
    unawaited = {"pulumi.com/skipAwait": "true"}
    k8s.core.v1.Service(
        f"{name}-service",
        metadata=ObjectMetaArgs(
            name=metadata.name, namespace=metadata.namespace, labels=metadata.labels, annotations=unawaited
        ),
        spec={
            "selector": metadata.labels,
            "ports": [{"name": "postgresql", "port": PORT, "target_port": "postgresql"}],
        },
        opts=opts,
    )
    if replicas > 1:
        selector = LabelSelectorArgs(match_labels=metadata.labels)
        k8s.policy.v1.PodDisruptionBudget(
            f"{name}-disruption",
            metadata=metadata,
            spec=PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector),
            opts=opts,
        )
