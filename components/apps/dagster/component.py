"""Dagster, from its Helm chart, on an existing database."""

import pulumi

from components.apps.app import AppComponent, AppPlacement
from components.apps.dagster.address import path_prefix
from components.apps.dagster.pins import DAGSTER_CHART
from components.apps.dagster.pods import with_pods
from components.apps.dagster.settings import DagsterSettings
from components.apps.dagster.values import dagster_values
from components.helm.release import release


class Dagster(AppComponent):
    """Dagster's Helm release."""

    def __init__(
        self, name: str, settings: DagsterSettings, place: AppPlacement, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:dagster:Dagster", name, None, opts)
        release(
            name,
            release_name=settings.release_name,
            namespace=settings.namespace,
            source=settings.chart.source(DAGSTER_CHART),
            values=with_pods(dagster_values(settings, place), place.pods),
            timeout_seconds=settings.timeout_seconds,
            opts=pulumi.ResourceOptions(parent=self),
        )
        host = f"{settings.release_name}-dagster-webserver.{settings.namespace}.svc.cluster.local"
        self.address = f"http://{host}{path_prefix(settings.url, settings.values)}"
        self.register_outputs({})
