"""What both apps' Helm releases share: where the chart comes from and how values are merged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs
from pulumi_kubernetes.helm.v3.outputs import ReleaseStatus

from components.helm.failed_release import failure_report, installation_check
from components.helm.release_records import unfinished
from components.kubernetes.cluster import kubectl_of
from components.kubernetes.kubectl import Kubectl

CREDENTIALS_ROTATION = "lakehouse/credentials-rotation"
"""Pod annotation that changes with the credentials, so that the pods restart with the new ones."""


@dataclass(frozen=True)
class ChartSource:
    """One chart in one version.

    Attributes:
        chart: name in the repository, OCI reference, or path of a folder.
        version: exact version; None for a folder.
        repository: address of the Helm repository, if `chart` is a name.
    """

    chart: str
    version: str | None = None
    repository: str | None = None


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

    One that fails stays as it is, so that people can look at its pods: a rollback (`atomic`) would take them away with
    their logs and leave only `context deadline exceeded`. The next `pulumi up` upgrades it. Old pods of a rolling
    update serve until new ones are ready.

    Args:
        name: name of the resource.
        release_name: name of the release.
        namespace: its namespace.
        source: the chart.
        values: chart values.
        timeout_seconds: how long Helm waits for the pods, and for each hook of the chart.
        opts: options of the resource; its parent says which cluster it is on.
    """
    kubectl = kubectl_of(opts.parent)
    made = Release(
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
                # Helm gives up by itself; Pulumi waits longer, for the chart's hooks.
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{2 * timeout_seconds}s", update=f"{2 * timeout_seconds}s"
                ),
            ),
        ),
    )
    made.status.apply(lambda status: _require_deployed(status, release_name, namespace, kubectl))
    return made


def _require_deployed(status: ReleaseStatus | None, release_name: str, namespace: str, kubectl: Kubectl) -> None:
    """Fail where the state holds a release that is not deployed, and Pulumi sees nothing to change.

    Raises:
        pulumi.RunError: it is so; the text says what to type.
    """
    if status is not None and status.status != "deployed":
        raise pulumi.RunError(unfinished(status.status, release_name, namespace, kubectl))


def merge_values(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Chart values merged as Helm does: mappings key by key, everything else replaced by the second."""
    merged = dict(ours)
    for key, value in theirs.items():
        before = merged.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[key] = merge_values(cast("Mapping[str, Any]", before), cast("Mapping[str, Any]", value))
        else:
            merged[key] = value
    return merged


def with_items(values: Mapping[str, Any], path: Sequence[str], items: Sequence[object]) -> dict[str, Any]:
    """Chart values with `items` at the end of the list at `path`: merging as Helm does it would replace the list.

    Args:
        values: chart values; a key on the path may be absent or null.
        path: keys that lead to the list, at least one.
        items: what comes after the items that are there.
    """
    key, *rest = path
    there = values.get(key)
    return {**values, key: with_items(there or {}, rest, items) if rest else [*(there or []), *items]}
