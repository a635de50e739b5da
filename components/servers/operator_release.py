"""An operator's Helm release. Apart from the settings, which are read at each start and need no Kubernetes types."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.helm.official import OciChart, OfficialChart
from components.helm.release import release
from components.helm.values import merge_values
from components.servers.operators import OperatorSettings


def operator_release(
    name: str,
    operator: OperatorSettings,
    official: OfficialChart | OciChart,
    values: Mapping[str, Any],
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    """The operator's namespace and Helm release; nothing where the cluster has an operator already.

    Args:
        name: name of the release's resource.
        operator: the operator.
        official: its official chart.
        values: the program's own chart values; the operator's `values` are merged over them.
        parent: the server's component.
    """
    if not operator.install:
        return []
    created: list[pulumi.Resource] = []
    if operator.create_namespace:
        created.append(
            k8s.core.v1.Namespace(
                f"{name}-namespace",
                metadata={"name": operator.namespace},
                opts=pulumi.ResourceOptions(parent=parent),
            )
        )
    installed = release(
        name,
        release_name=operator.release_name,
        namespace=operator.namespace,
        source=operator.chart.source(official),
        values=merge_values(values, operator.values),
        timeout_seconds=operator.timeout_seconds,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=created),
    )
    return [*created, installed]
