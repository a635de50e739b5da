"""The two applications: what a stack may say of Airbyte and of Dagster."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from settings.base import Model, refuse
from settings.chart import Chart
from settings.names import Namespace, ObjectName, PostgresName, ReleaseName
from settings.pins import AIRBYTE_CHART
from settings.postgresql import AppDatabase
from settings.reserved import AIRBYTE, DAGSTER, refuse_reserved
from settings.storage import MinioStorage, ObjectStorage

TEMPORAL_DATABASES = ("temporal", "temporal_visibility")


def _url(value: str) -> str:
    if re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", value) is None:
        refuse("an address beginning with http:// or https://, such as https://airbyte.example.com")
    return value


def _airbyte_values(values: dict[str, Any]) -> dict[str, Any]:
    return refuse_reserved(values, AIRBYTE)


def _dagster_values(values: dict[str, Any]) -> dict[str, Any]:
    return refuse_reserved(values, DAGSTER)


class App(Model):
    """What both apps have in common."""

    enabled: bool = True
    """Whether the app is deployed."""
    chart: Chart = Chart()
    """Which chart, if not the official one in the version that this program is tested with."""
    url: Annotated[str, AfterValidator(_url)] | None = None
    """Address at which people reach the app, if there is one (an ingress, a load balancer)."""
    timeout_seconds: Annotated[int, Field(ge=60, le=7200)] = 900
    """How long `pulumi up` waits for the app before it rolls back."""


class AirbyteDatabase(AppDatabase):
    """Airbyte's role and database; its Temporal gets two more databases of the same role."""

    name: PostgresName = "airbyte"
    """Airbyte's own database."""
    username: PostgresName = "airbyte"
    """Airbyte's role, owner of its databases."""
    secret_name: ObjectName = "airbyte-database"
    """Secret in the app's namespace that carries all that a client needs."""

    @model_validator(mode="after")
    def _not_temporals(self) -> "AirbyteDatabase":
        if self.name in TEMPORAL_DATABASES:
            refuse("any database but Temporal's (temporal, temporal_visibility)", key="name", found=self.name)
        return self


class DagsterDatabase(AppDatabase):
    """Dagster's role and database."""

    name: PostgresName = "dagster"
    """Dagster's database."""
    username: PostgresName = "dagster"
    """Dagster's role, owner of its database."""
    secret_name: ObjectName = "dagster-database"
    """Secret in the app's namespace that carries all that a client needs."""


class Airbyte(App):
    """Airbyte, its database and its object storage."""

    namespace: Namespace = "airbyte"
    """Namespace of the app and its database."""
    release_name: ReleaseName = "airbyte"
    """Name of the Helm release; its server is `<release>-airbyte-postgresql`."""
    database: AirbyteDatabase = AirbyteDatabase()
    """The app's database."""
    storage: ObjectStorage = MinioStorage()
    """Where logs, state and payloads are kept."""
    values: Annotated[dict[str, Any], AfterValidator(_airbyte_values)] = {}
    """Chart values of your own, merged over the program's."""

    @model_validator(mode="after")
    def _chart_can_do_it(self) -> "Airbyte":
        version = self.chart.version_or(AIRBYTE_CHART.version)
        if version.split(".")[0] not in {"1", "2"}:
            refuse("a chart of version 1.x or 2.x", key="chart.version", found=version)
        if version.startswith("1.") and isinstance(self.storage, MinioStorage):
            refuse(
                "s3 or gcs with a chart 1.x, whose MinIO takes no credentials from a Secret",
                key="storage.kind",
                found="minio",
            )
        return self


class Dagster(App):
    """Dagster and its database."""

    namespace: Namespace = "dagster"
    """Namespace of the app and its database."""
    release_name: ReleaseName = "dagster"
    """Name of the Helm release; its server is `<release>-postgresql`."""
    database: DagsterDatabase = DagsterDatabase()
    """The app's database."""
    values: Annotated[dict[str, Any], AfterValidator(_dagster_values)] = {}
    """Chart values of your own, merged over the program's."""
