"""Airbyte, from its Helm chart, on an existing database."""

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from components.apps.airbyte.pins import AIRBYTE_CHART
from components.apps.airbyte.pods import airbyte_pods
from components.apps.airbyte.settings import AirbyteSettings
from components.apps.airbyte.storage import MinioStorage
from components.apps.airbyte.values import airbyte_values, with_database_ca
from components.apps.app import AppComponent, AppPlacement
from components.helm.release import release
from components.helm.values import merge_values
from components.kubernetes.secrets import secret
from components.postgres.credentials import PASSWORD_LENGTH


class Airbyte(AppComponent):
    """Airbyte's Helm release, and the credentials of its MinIO."""

    def __init__(
        self, name: str, settings: AirbyteSettings, place: AppPlacement, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:airbyte:Airbyte", name, None, opts)
        storage_secret = f"{settings.release_name}-object-storage"
        secrets: list[pulumi.Resource] = []
        if isinstance(settings.storage, MinioStorage):
            secrets.append(self._minio_credentials(name, settings.namespace, storage_secret))
        ours = airbyte_values(settings, place.endpoint, storage_secret=storage_secret)
        ours = merge_values(airbyte_pods(settings.chart_major, place.pods), ours)
        values = merge_values(ours, settings.values)
        release(
            name,
            release_name=settings.release_name,
            namespace=settings.namespace,
            source=settings.chart.source(AIRBYTE_CHART),
            values=with_database_ca(values, settings.chart_major, place.endpoint),
            timeout_seconds=settings.timeout_seconds,
            opts=pulumi.ResourceOptions(parent=self, depends_on=secrets),
        )
        server = f"{settings.release_name}-airbyte-server-svc.{settings.namespace}.svc.cluster.local"
        self.address = f"http://{server}:8001"
        self.register_outputs({})

    def _minio_credentials(self, name: str, namespace: str, secret_name: str) -> k8s.core.v1.Secret:
        password = random.RandomPassword(
            f"{name}-object-storage",
            length=PASSWORD_LENGTH,
            special=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return secret(
            f"{name}-object-storage",
            {"name": secret_name, "namespace": namespace},
            # The keys that the chart's MinIO and its clients read.
            {"AWS_ACCESS_KEY_ID": "airbyte", "AWS_SECRET_ACCESS_KEY": password.result},
            pulumi.ResourceOptions(parent=self),
        )
