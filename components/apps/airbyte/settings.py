"""Airbyte's settings in a stack file."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

from pydantic import Field

from components.apps.airbyte.pins import AIRBYTE_CHART, AIRBYTE_TESTED
from components.apps.airbyte.pools import AirbytePools, airbyte_terms, temporal_terms
from components.apps.airbyte.reserved import RESERVED
from components.apps.airbyte.storage import GcsStorage, MinioStorage, ObjectStorage, S3CompatibleStorage
from components.apps.app import AppDatabase, AppSettings
from components.forms.base import Refusal
from components.forms.names import AnyPostgresName, DatabaseName, DatabaseSecretName, Namespace, ReleaseName
from components.forms.object_storage import GCS_FILE
from components.forms.quantity import MemorySize
from components.helm.chart import Chart, numbers
from components.helm.known_values import unknown_values
from components.helm.reserved import without_reserved
from components.postgres.database_settings import SYSTEM_DATABASES
from components.postgres.endpoint import TlsMode
from components.postgres.term import Demand
from components.servers.embedded.settings import EmbeddedSettings

SECRET_ALIASES: Mapping[str, str] = {
    "DATABASE_USER": "username",
    "DATABASE_PASSWORD": "password",
    # Pods of chart 2.x do not start without credentials of a replica; these are the primary's.
    "CONFIG_DATABASE_REPLICA_USER": "username",
    "CONFIG_DATABASE_REPLICA_PASSWORD": "password",
}
"""Keys that the chart reads in the database's Secret."""

AirbyteRoleName = Annotated[
    str,
    AnyPostgresName(
        r"[^-A-Za-z0-9_.~@+]",
        "; of letters, digits and '-', '_', '.', '~', '@', '+': Temporal does not encode the name in an address",
        reserved=True,
    ),
]
"""Name of Airbyte's role (buildDSN of Temporal 1.27)."""

_WORDS = {
    spelt
    for word in ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
    for spelt in (word, word.capitalize(), word.upper())
}
"""Words that YAML 1.1 does not read as text."""


class AirbyteEmbedded(EmbeddedSettings):
    """Airbyte's own server, large enough for its connection pools: see `database.pools`."""

    memory: MemorySize = "3Gi"
    max_connections: Annotated[int, Field(ge=20, le=2000)] = 300


class AirbyteDatabase(AppDatabase):
    """Airbyte's role and database; its Temporal gets two more databases of the same role."""

    name: DatabaseName = "airbyte"
    """Airbyte's own database."""
    temporal_name: DatabaseName = "temporal"
    """Temporal's database. Two Airbytes on one server need different ones, and different values of
    `temporalVisibilityName`."""
    temporal_visibility_name: DatabaseName = "temporal_visibility"
    """Database of Temporal's visibility store."""
    username: AirbyteRoleName = "airbyte"
    """Airbyte's role, owner of its databases."""
    secret_name: DatabaseSecretName = "airbyte-database"
    """Secret in the app's namespace with everything that a client needs."""
    pools: AirbytePools = AirbytePools()
    """Sizes of the connection pools of Airbyte and its Temporal."""
    embedded: AirbyteEmbedded = AirbyteEmbedded()  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """The app's own server, if `postgresql.mode` is `embedded`."""
    scram_iterations: Annotated[int, Field(ge=4096, le=1_000_000)] = 4096
    """Iterations of SCRAM that a client computes at each login. Airbyte's driver, JDBC, refuses fewer than 4096."""

    def refusals(self) -> Iterator[Refusal]:
        """Also databases with the same name."""
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
            if name in SYSTEM_DATABASES:
                allowed = f"any database but the server's own ({', '.join(SYSTEM_DATABASES)})"
                yield Refusal((key,), name, allowed)


class AirbyteChart(Chart):
    """Where Airbyte's chart comes from."""

    untested: bool = False
    """Whether a version may be installed that this program was not tested with: 1.x before 1.2.0 and after 1.9.2,
    2.x before 2.0.5 and after 2.2.0."""


class AirbyteSettings(AppSettings):
    """Airbyte, its database and its object storage."""

    key = "airbyte"
    secret_aliases = SECRET_ALIASES
    # One of its connection pools alone may open 20.
    least_connections = 20
    has_ceiling = True
    run_namespaces = ("global.jobs.kube.namespace",)

    chart: AirbyteChart = AirbyteChart()  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """The chart, if it is not the official one in the version that this program is tested with."""
    namespace: Namespace = "airbyte"
    """Namespace of the app and its database."""
    release_name: ReleaseName = "airbyte"
    """Name of the Helm release; its server is `<release>-airbyte-postgresql`."""
    database: AirbyteDatabase = AirbyteDatabase()  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """The app's database."""
    storage: ObjectStorage = MinioStorage()
    """Storage of logs, state and payloads."""
    values: Annotated[dict[str, Any], without_reserved(RESERVED)] = {}
    """Your own chart values, which override the program's. Values that the chart does not read are refused."""

    @property
    def databases(self) -> dict[str, list[str]]:
        """Every database of the app's role, with the extensions that it needs."""
        # An index of Temporal's visibility database needs this extension (its PostgreSQL schema v12).
        return {
            self.database.name: self.database.extensions,
            self.database.temporal_name: [],
            self.database.temporal_visibility_name: ["btree_gin"],
        }

    @property
    def demand(self) -> Demand:
        """The most connections that it opens, by database."""
        database, pools = self.database, self.database.pools
        return {
            database.name: airbyte_terms(pools, self.chart_major, self.values),
            database.temporal_name: temporal_terms(pools.temporal, self.values),
            database.temporal_visibility_name: temporal_terms(pools.temporal_visibility, self.values),
        }

    @property
    def database_settings(self) -> dict[str, str]:
        """The setting that gives each database's name."""
        keys = ("name", "temporalName", "temporalVisibilityName")
        return {name: f"airbyte.database.{key}" for name, key in zip(self.databases, keys, strict=True)}

    @property
    def chart_version(self) -> tuple[int, ...]:
        """Major, minor and patch version of the chart."""
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
    def session_databases(self) -> tuple[str, ...]:
        """Temporal's: its driver (lib/pq) sends a statement and, after a `Sync`, its parameters. In between PgBouncer
        may have given the connection to another client (issue 889 of lib/pq).
        """
        return (self.database.temporal_name, self.database.temporal_visibility_name)

    @property
    def secret_names(self) -> tuple[str, ...]:
        """Secrets that the program and the chart create beside the database's own (the chart's templates)."""
        chart = (f"{self.release_name}-airbyte-secrets", *self.own_secrets)
        return (*super().secret_names, f"{self.release_name}-object-storage", *chart)

    @property
    def own_secrets(self) -> tuple[str, ...]:
        """The bootloader's: password and client of the admin, and the key of their tokens."""
        return ("airbyte-auth-secrets",)

    def refusals(self) -> Iterator[Refusal]:
        """Values that the chart does not support, and names that are in use."""
        yield from super().refusals()
        yield from self._chart_refusals()
        yield from self._storage_refusals()
        yield from self._unknown_values()

    def _chart_refusals(self) -> Iterator[Refusal]:
        key = "version" if self.chart.path is None else "path"
        given = getattr(self.chart, key)
        if self.chart_major not in AIRBYTE_TESTED:
            yield Refusal(("chart", key), given, "a chart of version 1.x or 2.x")
            return
        first, last = AIRBYTE_TESTED[self.chart_major]
        if not numbers(first) <= self.chart_version <= numbers(last) and not self.chart.untested:
            allowed = f"a version from {first} to {last}, with which the program is tested, or `chart.untested: true`"
            yield Refusal(("chart", key), given, allowed)

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
            allowed = "s3 or gcs with a chart 1.x, whose MinIO cannot read credentials from a Secret"
            yield Refusal(("storage", "kind"), storage.kind, allowed, reads)
        if self.chart_major == 1 and isinstance(storage, S3CompatibleStorage):
            allowed = "s3 or gcs with a chart 1.x, which also runs its own MinIO"
            yield Refusal(("storage", "kind"), storage.kind, allowed, reads)
        if self.chart_major == 2 and isinstance(storage, GcsStorage) and storage.credentials.json_key != GCS_FILE:
            allowed = (
                f"{GCS_FILE} with a chart 2.x, whose pods except those of jobs always read a file of that name; create"
                " the Secret with that key"
            )
            path = ("storage", "credentials", "jsonKey")
            yield Refusal(path, storage.credentials.json_key, allowed, reads)

    def _unknown_values(self) -> Iterator[Refusal]:
        if self.chart_major in AIRBYTE_TESTED:
            other = 3 - self.chart_major
            others = {f"airbyte-{other}": f"{other}.x"}
            yield from unknown_values(self.chart, self.values, f"airbyte-{self.chart_major}", others)

    def rules(self, tls: TlsMode) -> Iterator[Refusal]:
        """Values that contradict the TLS mode of Airbyte's connections to its database."""
        yield from super().rules(tls)
        if tls is not TlsMode.DISABLE:
            yield from self._edition()
        if tls is TlsMode.VERIFY_FULL:
            yield from self._early_chart()

    def _edition(self) -> Iterator[Refusal]:
        """Keycloak, which all other editions run, would read TLS parameters after the name as a part of the name."""
        settings: object = self.values.get("global")
        edition = cast("Mapping[str, object]", settings).get("edition") if isinstance(settings, Mapping) else None
        if edition not in (None, "community"):
            allowed = "community: the Keycloak of other editions cannot encrypt its connection to the database"
            yield Refusal((self.key, "values", "global", "edition"), edition, allowed, (("postgresql",),))

    def _early_chart(self) -> Iterator[Refusal]:
        """Volumes beside those of GCS break the launcher's template until 2.0.6 (the charts, rendered)."""
        if (2, 0, 0) <= self.chart_version <= (2, 0, 6) and isinstance(self.storage, GcsStorage):
            key = "version" if self.chart.path is None else "path"
            allowed = "2.0.7 or newer with GCS and a server whose certificate is checked"
            reads = (("postgresql",), (self.key, "storage", "kind"))
            yield Refusal((self.key, "chart", key), getattr(self.chart, key), allowed, reads)
