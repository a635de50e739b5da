"""The two applications: what a stack may say of Airbyte and of Dagster."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Field

from settings.base import Model, Refusal
from settings.chart import Chart
from settings.names import DatabaseSecretName, Form, Namespace, PostgresName, ReleaseName
from settings.pins import AIRBYTE_CHART
from settings.postgresql import AppDatabase
from settings.reserved import AIRBYTE, DAGSTER, refuse_reserved
from settings.storage import MinioStorage, ObjectStorage

TEMPORAL_DATABASES = ("temporal", "temporal_visibility")


_URL = Form(
    r"https?://[^\s/?#]+[^\s?#]*",
    None,
    "an address beginning with http:// or https://, such as https://airbyte.example.com",
)


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
    url: Annotated[str, _URL] | None = None
    """Address at which people reach the app, if there is one (an ingress, a load balancer)."""
    timeout_seconds: Annotated[int, Field(ge=60, le=7200)] = 900
    """How long `pulumi up` waits for the app before it rolls back."""


class AirbyteDatabase(AppDatabase):
    """Airbyte's role and database; its Temporal gets two more databases of the same role."""

    name: PostgresName = "airbyte"
    """Airbyte's own database."""
    username: PostgresName = "airbyte"
    """Airbyte's role, owner of its databases."""
    secret_name: DatabaseSecretName = "airbyte-database"
    """Secret in the app's namespace that carries all that a client needs."""
    scram_iterations: Annotated[int, Field(ge=4096, le=1_000_000)] = 4096
    """Rounds that a client computes at each login. Airbyte's driver, JDBC, refuses fewer than 4096."""

    def refusals(self) -> Iterator[Refusal]:
        """Also names that Temporal has already."""
        yield from super().refusals()
        if self.name in TEMPORAL_DATABASES:
            yield Refusal(("name",), self.name, f"any database but Temporal's ({', '.join(TEMPORAL_DATABASES)})")


class DagsterDatabase(AppDatabase):
    """Dagster's role and database."""

    name: PostgresName = "dagster"
    """Dagster's database."""
    username: PostgresName = "dagster"
    """Dagster's role, owner of its database."""
    secret_name: DatabaseSecretName = "dagster-database"
    """Secret in the app's namespace that carries all that a client needs."""
    scram_iterations: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """Rounds that a client computes at each login. Dagster logs in for every query, and a generated password cannot be
    guessed; raise it to 4096 for tools on JDBC, which refuse fewer."""


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

    @property
    def databases(self) -> dict[str, list[str]]:
        """Every database of the app's role, with the extensions that it needs."""
        # Temporal's schema of the visibility database has an index that needs this one (its PostgreSQL schema v12).
        return {self.database.name: self.database.extensions, "temporal": [], "temporal_visibility": ["btree_gin"]}

    @property
    def chart_major(self) -> int:
        """Major version of the chart."""
        return int(self.chart.version_or(AIRBYTE_CHART.version).partition(".")[0])

    @property
    def server_name(self) -> str:
        """Name of the embedded server."""
        return f"{self.release_name}-airbyte-postgresql"

    @property
    def secret_names(self) -> tuple[str, ...]:
        """Secrets that the program and the chart make beside the database's own (the chart's templates)."""
        chart = (f"{self.release_name}-airbyte-secrets", "airbyte-auth-secrets")
        return (f"{self.server_name}-admin", f"{self.release_name}-object-storage", *chart)

    def refusals(self) -> Iterator[Refusal]:
        """What the chart cannot do, and names that are taken."""
        yield from super().refusals()
        reads = (("chart", "version"), ("chart", "path"), ("storage", "kind"))
        if self.chart_major not in {1, 2}:
            key = "version" if self.chart.path is None else "path"
            found = getattr(self.chart, key)
            yield Refusal(("chart", key), found, "a chart of version 1.x or 2.x", reads)
        if self.chart_major == 1 and isinstance(self.storage, MinioStorage):
            allowed = "s3 or gcs with a chart 1.x, whose MinIO takes no credentials from a Secret"
            yield Refusal(("storage", "kind"), "minio", allowed, reads)


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

    @property
    def databases(self) -> dict[str, list[str]]:
        """Every database of the app's role, with the extensions that it needs."""
        return {self.database.name: self.database.extensions}

    @property
    def server_name(self) -> str:
        """Name of the embedded server."""
        return f"{self.release_name}-postgresql"

    @property
    def secret_names(self) -> tuple[str, ...]:
        """Secrets that the program makes beside the database's own."""
        return (f"{self.server_name}-admin",)


DeployedApps: TypeAlias = Mapping[str, tuple[Airbyte | Dagster, str]]
"""The apps that are deployed, by their key in the stack file, each with its namespace."""
