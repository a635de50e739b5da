"""The CloudNativePG operator from its Helm chart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.helm.release import ChartSource, merge_values, release
from components.kubernetes.pod_settings import PodSettings
from components.servers.cloudnativepg.pods import operator_values


@dataclass(frozen=True)
class OperatorArgs:
    """What the operator needs to know.

    Attributes:
        source: the chart.
        namespace: its namespace.
        create_namespace: whether that is made.
        release_name: name of the Helm release.
        certificate_days: days that the certificates last which it makes.
        values: chart values merged over the component's own.
        timeout_seconds: how long to wait for its pods.
        pods: what holds for every pod.
    """

    source: ChartSource
    namespace: str = "cnpg-system"
    create_namespace: bool = True
    release_name: str = "cnpg"
    certificate_days: int = 3650
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    timeout_seconds: int = 300
    pods: PodSettings = field(default_factory=PodSettings)


def install_operator(name: str, args: OperatorArgs, *, parent: pulumi.Resource) -> list[pulumi.Resource]:
    """The release and what it needs. Once it is there its webhook answers: the pod's readiness probe asks it."""
    made: list[pulumi.Resource] = []
    if args.create_namespace:
        made.append(
            k8s.core.v1.Namespace(
                f"{name}-namespace", metadata={"name": args.namespace}, opts=pulumi.ResourceOptions(parent=parent)
            )
        )
    certificates = {"config": {"data": {"CERTIFICATE_DURATION": str(args.certificate_days)}}}
    ours = {**operator_values(args.pods), **certificates}
    operator = release(
        name,
        release_name=args.release_name,
        namespace=args.namespace,
        source=args.source,
        values=merge_values(ours, args.values),
        timeout_seconds=args.timeout_seconds,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=made),
    )
    return [*made, operator]
