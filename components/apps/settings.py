"""The two applications: what a stack may say of Airbyte and of Dagster."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Field

from components.apps.airbyte.storage import GCS_FILE, GcsStorage, MinioStorage, ObjectStorage, S3CompatibleStorage
from components.apps.dagster.address import address_refusals
from components.apps.postgresql import AppDatabase
from components.forms.base import Model, Refusal
from components.forms.names import (
    AirbyteRoleName,
    DagsterDatabaseName,
    DagsterRoleName,
    DatabaseName,
    DatabaseSecretName,
    Form,
    Namespace,
    ReleaseName,
)
from components.forms.pins import AIRBYTE_CHART, AIRBYTE_TESTED, DAGSTER_CHART, DAGSTER_OLDEST
from components.helm.chart import Chart, numbers
from components.helm.known_values import unknown_values
from components.helm.reserved import AIRBYTE, DAGSTER, refuse_reserved

_WORDS = {
    spelt
    for word in ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
    for spelt in (word, word.capitalize(), word.upper())
}
"""What YAML 1.1 takes for something else than text."""
_SERVERS_OWN = ("postgres", "template0", "template1")


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
    url: Annotated[str, _URL] | None = None
    """Address at which people reach the app, if there is one (an ingress, a load balancer)."""
    timeout_seconds: Annotated[int, Field(ge=60, le=7200)] = 900
    """How long `pulumi up` waits for the app before it fails; nothing is rolled back."""


_CHART = (("chart", "version"), ("chart", "path"), ("chart", "unknownValues"))


class AirbyteDatabase(AppDatabase):
    """Airbyte's role and database; its Temporal gets two more databases of the same role."""

    name: DatabaseName = "airbyte"
    """Airbyte's own database."""
    temporal_name: DatabaseName = "temporal"
    """Database of its Temporal. Two Airbytes on one server need one each, as they need `temporalVisibilityName`."""
    temporal_visibility_name: DatabaseName = "temporal_visibility"
    """Database in which its Temporal looks workflows up."""
    username: AirbyteRoleName = "airbyte"
    """Airbyte's role, owner of its databases."""
    secret_name: DatabaseSecretName = "airbyte-database"
    """Secret in the app's namespace that carries all that a client needs."""
    scram_iterations: Annotated[int, Field(ge=4096, le=1_000_000)] = 4096
    """Rounds that a client computes at each login. Airbyte's driver, JDBC, refuses fewer than 4096."""

    def refusals(self) -> Iterator[Refusal]:
        """Also databases that would be one."""
        yield from super().refusals()
        temporal = {"temporalName": self.temporal_name, "temporalVisibilityName": self.temporal_visibility_name}
        reads = (("name",), *((key,) for key in temporal))
        if self.name in temporal.values():
            allowed = f"any database but Temporal's ({', '.join(temporal.values())})"
            yield Refusal(("name",), self.name, allowed, reads)
        if self.temporal_name == self.temporal_visibility_name:
            allowed = "another database than `temporalName`"
            yield Refusal(("temporalVisibilityName",), self.temporal_visibility_name, allowed, reads)
        for key, name in temporal.items():
            if name in _SERVERS_OWN:
                allowed = f"any database but the server's own ({', '.join(_SERVERS_OWN)})"
                yield Refusal((key,), name, allowed)


class DagsterDatabase(AppDatabase):
    """Dagster's role and database."""

    name: DagsterDatabaseName = "dagster"
    """Dagster's database."""
    username: DagsterRoleName = "dagster"
    """Dagster's role, owner of its database."""
    secret_name: DatabaseSecretName = "dagster-database"
    """Secret in the app's namespace that carries all that a client needs."""
    scram_iterations: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """Rounds that a client computes at each login. Dagster logs in for every query, and a generated password cannot be
    guessed; raise it to 4096 for tools on JDBC, which refuse fewer."""


class AirbyteChart(Chart):
    """Where Airbyte's chart comes from."""

    untested: bool = False
    """Whether a version may be installed that this program has not been tested with: 1.x before 1.2.0 and after 1.9.2,
    2.x before 2.0.5 and after 2.2.0."""


class Airbyte(App):
    """Airbyte, its database and its object storage."""

    chart: AirbyteChart = AirbyteChart()
    """Which chart, if not the official one in the version that this program is tested with."""
    namespace: Namespace = "airbyte"
    """Namespace of the app and its database."""
    release_name: ReleaseName = "airbyte"
    """Name of the Helm release; its server is `<release>-airbyte-postgresql`."""
    database: AirbyteDatabase = AirbyteDatabase()
    """The app's database."""
    storage: ObjectStorage = MinioStorage()
    """Where logs, state and payloads are kept."""
    values: Annotated[dict[str, Any], AfterValidator(_airbyte_values)] = {}
    """Chart values of your own, merged over the program's. Those that the chart does not know are refused."""

    @property
    def databases(self) -> dict[str, list[str]]:
        """Every database of the app's role, with the extensions that it needs."""
        # Temporal's schema of the visibility database has an index that needs this one (its PostgreSQL schema v12).
        return {
            self.database.name: self.database.extensions,
            self.database.temporal_name: [],
            self.database.temporal_visibility_name: ["btree_gin"],
        }

    @property
    def database_settings(self) -> dict[str, str]:
        """The setting that says each database's name."""
        keys = ("name", "temporalName", "temporalVisibilityName")
        return {name: f"airbyte.database.{key}" for name, key in zip(self.databases, keys, strict=True)}

    @property
    def least_connections(self) -> int:
        """Connections below which it does not work: one of its pools alone may take 20 (the charts' defaults)."""
        return 20

    @property
    def chart_version(self) -> tuple[int, ...]:
        """Version of the chart, without what follows its three numbers."""
        return numbers(self.chart.version_or(AIRBYTE_CHART.version))

    @property
    def chart_major(self) -> int:
        """Major version of the chart."""
        return self.chart_version[0]

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
        yield from self._chart_refusals()
        yield from self._storage_refusals()
        yield from self._unknown_values()

    def _chart_refusals(self) -> Iterator[Refusal]:
        key = "version" if self.chart.path is None else "path"
        found = getattr(self.chart, key)
        if self.chart_major not in AIRBYTE_TESTED:
            yield Refusal(("chart", key), found, "a chart of version 1.x or 2.x")
            return
        first, last = AIRBYTE_TESTED[self.chart_major]
        if not numbers(first) <= self.chart_version <= numbers(last) and not self.chart.untested:
            allowed = f"a version from {first} to {last}, with which the program is tested, or `chart.untested: true`"
            yield Refusal(("chart", key), found, allowed)

    def _storage_refusals(self) -> Iterator[Refusal]:
        reads = (("chart", "version"), ("chart", "path"), ("storage", "kind"))
        storage = self.storage
        # Chart 1.x writes the name into YAML without quotes.
        if self.chart_major == 1 and (
            re.match("[A-Za-z_]", self.database.name) is None or self.database.name in _WORDS
        ):
            allowed = "with a chart 1.x, a name that begins with a letter of ASCII or '_', and no word such as `true`"
            yield Refusal(("database", "name"), self.database.name, allowed, (*reads, ("database", "name")))
        if self.chart_major == 1 and isinstance(storage, MinioStorage):
            allowed = "s3 or gcs with a chart 1.x, whose MinIO takes no credentials from a Secret"
            yield Refusal(("storage", "kind"), storage.kind, allowed, reads)
        if self.chart_major == 1 and isinstance(storage, S3CompatibleStorage):
            allowed = "s3 or gcs with a chart 1.x, which runs a MinIO of its own beside any other server"
            yield Refusal(("storage", "kind"), storage.kind, allowed, reads)
        if self.chart_major == 2 and isinstance(storage, GcsStorage) and storage.credentials.json_key != GCS_FILE:
            allowed = (
                f"{GCS_FILE} with a chart 2.x: pods of jobs have the whole Secret and find the file under its key, all"
                f" others under {GCS_FILE}; make the Secret with that key"
            )
            path = ("storage", "credentials", "jsonKey")
            yield Refusal(path, storage.credentials.json_key, allowed, reads)

    def _unknown_values(self) -> Iterator[Refusal]:
        if self.chart_major in AIRBYTE_TESTED and self.chart.unknown_values == "refuse":
            other = 3 - self.chart_major
            found = unknown_values(self.values, f"airbyte-{self.chart_major}", {f"airbyte-{other}": f"{other}.x"})
            for it in found:
                yield Refusal(("values", *it.path), it.found, it.allowed, _CHART)


class Dagster(App):
    """Dagster and its database."""

    chart: Chart = Chart()
    """Which chart, if not the official one in the version that this program is tested with."""
    namespace: Namespace = "dagster"
    """Namespace of the app and its database."""
    release_name: ReleaseName = "dagster"
    """Name of the Helm release; its server is `<release>-postgresql`."""
    url: Annotated[str, _URL] | None = None
    """Address at which people reach Dagster, if there is one (an ingress, a load balancer). Its path, if it has one, is
    where the webserver answers (`dagsterWebserver.pathPrefix`)."""
    database: DagsterDatabase = DagsterDatabase()
    """The app's database."""
    values: Annotated[dict[str, Any], AfterValidator(_dagster_values)] = {}
    """Chart values of your own, merged over the program's. Those that the chart does not know are refused."""

    @property
    def databases(self) -> dict[str, list[str]]:
        """Every database of the app's role, with the extensions that it needs."""
        return {self.database.name: self.database.extensions}

    @property
    def database_settings(self) -> dict[str, str]:
        """The setting that says each database's name."""
        return {self.database.name: "dagster.database.name"}

    @property
    def least_connections(self) -> int:
        """Connections below which it does not work: webserver, daemon and a run open one for each query."""
        return 10

    @property
    def server_name(self) -> str:
        """Name of the embedded server."""
        return f"{self.release_name}-postgresql"

    @property
    def secret_names(self) -> tuple[str, ...]:
        """Secrets that the program makes beside the database's own."""
        return (f"{self.server_name}-admin",)

    def refusals(self) -> Iterator[Refusal]:
        """A chart that is too old, values that it does not know, and addresses that lead nowhere."""
        yield from super().refusals()
        yield from address_refusals(self.url, self.values)
        version = self.chart.version_or(DAGSTER_CHART.version)
        if not DAGSTER_OLDEST <= numbers(version) < (2,):
            key = "version" if self.chart.path is None else "path"
            oldest = ".".join(map(str, DAGSTER_OLDEST))
            allowed = f"{oldest} or later of 1.x: older charts have other names for their values"
            yield Refusal(("chart", key), getattr(self.chart, key), allowed)
        if self.chart.unknown_values == "refuse":
            for it in unknown_values(self.values, "dagster-1", {}):
                yield Refusal(("values", *it.path), it.found, it.allowed, _CHART)


DeployedApps: TypeAlias = Mapping[str, tuple[Airbyte | Dagster, str]]
"""The apps that are deployed, by their key in the stack file, each with its namespace."""
