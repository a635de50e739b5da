"""What both apps' Helm releases share: where the chart comes from and how values are merged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

CREDENTIALS_ROTATION = "lakehouse/credentials-rotation"
"""Pod annotation that changes with the credentials, so that the pods restart with the new ones."""


DATABASE_HOST = "lakehouse/database-host"
DATABASE_PORT = "lakehouse/database-port"
DATABASE_TLS = "lakehouse/database-tls"
"""Pod annotations that change with the way to the database, for charts whose pods would go on with the old one."""


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
    """A Helm release that is rolled back when it fails and waits until its pods are ready."""
    return Release(
        name,
        name=release_name,
        namespace=namespace,
        chart=source.chart,
        version=source.version,
        repository_opts=RepositoryOptsArgs(repo=source.repository) if source.repository else None,
        values=values,
        atomic=True,
        cleanup_on_fail=True,
        timeout=timeout_seconds,
        max_history=5,
        opts=pulumi.ResourceOptions.merge(
            opts,
            # Helm gives up by itself; Pulumi waits a little longer, for the rollback.
            pulumi.ResourceOptions(
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{2 * timeout_seconds}s", update=f"{2 * timeout_seconds}s"
                )
            ),
        ),
    )


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
