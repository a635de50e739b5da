"""A Helm release whose pods must become ready, and which is not rolled back if they do not."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs
from pulumi_kubernetes.helm.v3.outputs import ReleaseStatus

from components.helm.chart import ChartSource
from components.helm.failed_release import failure_report, installation_check
from components.helm.release_records import unfinished
from components.kubernetes.cluster import kubectl_of
from components.kubernetes.kubectl import Kubectl


def release(
    name: str,
    *,
    release_name: str,
    namespace: str,
    source: ChartSource,
    values: Mapping[str, Any],
    timeout_seconds: int,
    opts: pulumi.ResourceOptions,
) -> Release:
    """A Helm release whose pods must become ready in time.

    A failed release is not rolled back: a rollback (`atomic`) would delete its pods with their logs and leave only
    `context deadline exceeded`. The next `pulumi up` upgrades it. In a rolling update, old pods run until new ones are
    ready.

    Args:
        name: name of the resource.
        release_name: name of the release.
        namespace: its namespace.
        source: the chart.
        values: chart values.
        timeout_seconds: Helm's timeout for the pods, and for each hook of the chart.
        opts: options of the resource; its parent has the provider of the cluster.
    """
    kubectl = kubectl_of(opts.parent)
    resource = Release(
        name,
        name=release_name,
        namespace=namespace,
        chart=source.chart,
        version=source.version,
        repository_opts=RepositoryOptsArgs(repo=source.repository) if source.repository else None,
        values=values,
        timeout=timeout_seconds,
        max_history=5,
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                hooks=pulumi.ResourceHookBinding(
                    before_update=[installation_check(name, kubectl)],
                    on_error=[failure_report(name, kubectl)],
                ),
                # Helm has its own timeout; Pulumi's is longer, for the chart's hooks.
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{2 * timeout_seconds}s", update=f"{2 * timeout_seconds}s"
                ),
            ),
        ),
    )
    resource.status.apply(lambda status: _require_deployed(status, release_name, namespace, kubectl))
    return resource


def _require_deployed(status: ReleaseStatus | None, release_name: str, namespace: str, kubectl: Kubectl) -> None:
    """Fail if the release in the state is not deployed and Pulumi sees no change.

    Raises:
        pulumi.RunError: with the commands to use.
    """
    if status is not None and status.status != "deployed":
        raise pulumi.RunError(unfinished(status.status, release_name, namespace, kubectl))
