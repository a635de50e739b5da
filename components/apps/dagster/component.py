"""Dagster, from its Helm chart, on a database that is already there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.apps.dagster.pods import with_pod_settings
from components.apps.dagster.values import (
    annotate_user_code,
    dagster_values,
    with_database_authority,
    with_user_code,
)
from components.helm.release import ChartSource, merge_values, release
from components.kubernetes.pod_settings import PodSettings
from components.postgres.endpoint import Endpoint


@dataclass(frozen=True)
class DagsterArgs:
    """What Dagster needs to know.

    Attributes:
        namespace: namespace of the release.
        release_name: name of the Helm release.
        source: the chart.
        endpoint: its database.
        client_image: image with `pg_isready`.
        database_rotation: number of the database password.
        values: chart values merged over the component's own.
        user_code: the user-code servers that the chart deploys where `values` lists none, as they stand in the chart's
            own values; empty if they are not known.
        path_prefix: path at which the webserver answers, such as `/dagster`; empty for the root.
        pods: what holds for every pod.
        timeout_seconds: how long to wait for its pods.
    """

    namespace: str
    release_name: str
    source: ChartSource
    endpoint: Endpoint
    client_image: str
    database_rotation: int = 1
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    user_code: Sequence[Mapping[str, Any]] = ()
    path_prefix: str = ""
    timeout_seconds: int = 900
    pods: PodSettings = field(default_factory=PodSettings)


class Dagster(pulumi.ComponentResource):
    """The Helm release. Give it `depends_on` its database.

    Attributes:
        address: where the webserver answers inside the cluster.
    """

    address: str

    def __init__(self, name: str, args: DagsterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:dagster:Dagster", name, None, opts)
        rotation = f"database-{args.database_rotation}"
        ours = dagster_values(
            endpoint=args.endpoint,
            client_image=args.client_image,
            rotation=rotation,
            path_prefix=args.path_prefix,
        )
        values = annotate_user_code(merge_values(with_user_code(ours, args.user_code), args.values), rotation)
        release(
            name,
            release_name=args.release_name,
            namespace=args.namespace,
            source=args.source,
            values=with_pod_settings(with_database_authority(values, args.endpoint), args.pods),
            timeout_seconds=args.timeout_seconds,
            opts=pulumi.ResourceOptions(parent=self),
        )
        host = f"{args.release_name}-dagster-webserver.{args.namespace}.svc.cluster.local"
        self.address = f"http://{host}{args.path_prefix}"
        self.register_outputs({})
