"""Airbyte, from its Helm chart, on a database that is already there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from components.apps.airbyte.object_storage import Minio, ObjectStorage
from components.apps.airbyte.pods import airbyte_pods
from components.apps.airbyte.values import (
    TEMPORAL_DATABASES,
    TemporalDatabases,
    address_values,
    airbyte_values,
    with_database_authority,
)
from components.helm.release import ChartSource, merge_values, release
from components.kubernetes.pod_settings import PodSettings
from components.kubernetes.secrets import secret
from components.postgres.credentials import PASSWORD_LENGTH
from components.postgres.endpoint import Endpoint


@dataclass(frozen=True)
class AirbyteArgs:
    """What Airbyte needs to know.

    Attributes:
        namespace: namespace of the release.
        release_name: name of the Helm release.
        source: the chart.
        major: major version of the chart, 1 or 2.
        endpoint: its database.
        storage: where it keeps objects.
        temporal_databases: the databases of its Temporal.
        database_rotation: number of the database password.
        url: address at which people reach it, if there is one.
        values: chart values merged over the component's own.
        pods: what holds for every pod.
        timeout_seconds: how long to wait for its pods.
    """

    namespace: str
    release_name: str
    source: ChartSource
    major: int
    endpoint: Endpoint
    storage: ObjectStorage
    temporal_databases: TemporalDatabases = TEMPORAL_DATABASES
    database_rotation: int = 1
    url: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    timeout_seconds: int = 900
    pods: PodSettings = field(default_factory=PodSettings)


class Airbyte(pulumi.ComponentResource):
    """The Helm release and the credentials of its MinIO. Give it `depends_on` its database.

    Attributes:
        address: where the app answers inside the cluster.
    """

    address: str

    def __init__(self, name: str, args: AirbyteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:airbyte:Airbyte", name, None, opts)
        storage_secret = f"{args.release_name}-object-storage"
        secrets: list[pulumi.Resource] = []
        if isinstance(args.storage, Minio):
            secrets.append(self._minio_credentials(name, args, storage_secret))
        ours = airbyte_values(
            major=args.major,
            endpoint=args.endpoint,
            storage=args.storage,
            storage_secret=storage_secret,
            rotation=f"database-{args.database_rotation}",
            temporal_databases=args.temporal_databases,
        )
        ours = merge_values(ours, address_values(args.major, args.url))
        ours = merge_values(airbyte_pods(args.major, args.pods), ours)
        release(
            name,
            release_name=args.release_name,
            namespace=args.namespace,
            source=args.source,
            values=with_database_authority(merge_values(ours, args.values), args.major, args.endpoint),
            timeout_seconds=args.timeout_seconds,
            opts=pulumi.ResourceOptions(parent=self, depends_on=secrets),
        )
        self.address = f"http://{args.release_name}-airbyte-server-svc.{args.namespace}.svc.cluster.local:8001"
        self.register_outputs({})

    def _minio_credentials(self, name: str, args: AirbyteArgs, secret_name: str) -> k8s.core.v1.Secret:
        password = random.RandomPassword(
            f"{name}-object-storage",
            length=PASSWORD_LENGTH,
            special=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return secret(
            f"{name}-object-storage",
            {"name": secret_name, "namespace": args.namespace},
            # The names under which the chart's MinIO and its clients look for them.
            {"AWS_ACCESS_KEY_ID": "airbyte", "AWS_SECRET_ACCESS_KEY": password.result},
            pulumi.ResourceOptions(parent=self),
        )
