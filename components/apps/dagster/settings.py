"""Dagster's settings in a stack file."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from components.apps.app import AppDatabase, AppSettings, Url
from components.apps.dagster import user_code
from components.apps.dagster.address import address_refusals
from components.apps.dagster.pins import DAGSTER_CHART, DAGSTER_OLDEST
from components.apps.dagster.reserved import RESERVED
from components.forms.base import Refusal
from components.forms.names import AnyPostgresName, DatabaseSecretName, Namespace, ReleaseName
from components.helm.chart import numbers
from components.helm.known_values import unknown_values
from components.helm.reserved import without_reserved
from components.postgres.endpoint import TlsMode
from components.postgres.term import Demand, Term

SECRET_ALIASES: Mapping[str, str] = {"postgresql-password": "password"}
"""Keys that the chart reads in the database's Secret."""

DagsterDatabaseName = Annotated[
    str,
    AnyPostgresName(r"\?", ", without '?': Dagster does not encode the name in an address (dagster_postgres)"),
]
"""Name of Dagster's database."""

DagsterRoleName = Annotated[
    str,
    AnyPostgresName(
        r"""['"\\`$/]""",
        """, and none of ' " \\ ` $ /: the chart writes the name into a shell command and Dagster into an address""",
        reserved=True,
    ),
]
"""Name of Dagster's role."""


class DagsterDatabase(AppDatabase):
    """Dagster's role and database."""

    name: DagsterDatabaseName = "dagster"
    """Dagster's database."""
    username: DagsterRoleName = "dagster"
    """Dagster's role, owner of its database."""
    secret_name: DatabaseSecretName = "dagster-database"
    """Secret in the app's namespace with everything that a client needs."""
    scram_iterations: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """Iterations of SCRAM that a client computes at each login. Dagster logs in for every query, and a generated
    password cannot be guessed; raise it to 4096 for tools with JDBC, which refuses fewer."""


class DagsterSettings(AppSettings):
    """Dagster and its database."""

    key = "dagster"
    secret_aliases = SECRET_ALIASES
    # Webserver, daemon and a run open a connection for each query.
    least_connections = 10
    # It opens a connection for each query (`NullPool`), in as many threads and pods as there are runs.
    has_ceiling = False
    run_namespaces = (
        "runLauncher.config.k8sRunLauncher.jobNamespace",
        "runLauncher.config.k8sRunLauncher.runK8sConfig.jobMetadata.namespace",
        "runLauncher.config.celeryK8sRunLauncher.jobNamespace",
        "dagster-user-deployments.deployments.*.deploymentNamespace",
    )

    namespace: Namespace = "dagster"
    """Namespace of the app and its database."""
    release_name: ReleaseName = "dagster"
    """Name of the Helm release; its server is `<release>-postgresql`."""
    url: Url | None = None
    """Address of Dagster for its users, such as that of an ingress or a load balancer. Its path, if it has one, becomes
    the webserver's (`dagsterWebserver.pathPrefix`)."""
    database: DagsterDatabase = DagsterDatabase()  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """The app's database."""
    values: Annotated[dict[str, Any], without_reserved(RESERVED)] = {}
    """Your own chart values, which override the program's. Values that the chart does not read are refused."""

    @property
    def databases(self) -> dict[str, list[str]]:
        """Every database of the app's role, with the extensions that it needs."""
        return {self.database.name: self.database.extensions}

    @property
    def demand(self) -> Demand:
        """The fewest connections that it works with, by database."""
        return {self.database.name: (Term("the fewest that it works with", self.least_connections),)}

    @property
    def database_settings(self) -> dict[str, str]:
        """The setting that gives each database's name."""
        return {self.database.name: "dagster.database.name"}

    @property
    def server_name(self) -> str:
        """Name of the embedded server."""
        return f"{self.release_name}-postgresql"

    def refusals(self) -> Iterator[Refusal]:
        """A chart that is too old, values that it does not read, and addresses that do not match."""
        yield from super().refusals()
        yield from address_refusals(self.url, self.values)
        version = self.chart.version_or(DAGSTER_CHART.version)
        if not DAGSTER_OLDEST <= numbers(version) < (2,):
            key = "version" if self.chart.path is None else "path"
            oldest = ".".join(map(str, DAGSTER_OLDEST))
            allowed = f"{oldest} or later of 1.x: older charts have other names for their values"
            yield Refusal(("chart", key), getattr(self.chart, key), allowed)
        yield from unknown_values(self.chart, self.values, "dagster-1")

    def rules(self, tls: TlsMode) -> Iterator[Refusal]:
        """Values that contradict the TLS mode of Dagster's connections to its database."""
        yield from super().rules(tls)
        yield from user_code.refusals(self.chart, self.values, self.database, tls)
