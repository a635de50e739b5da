"""What both apps have in common: settings, requirements on a server, and arguments of their components."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import pulumi
from pydantic import Field

from components.apps.run_namespaces import run_namespace_refusals
from components.forms.base import Model, Refusal
from components.forms.images import POSTGRES_IMAGE
from components.forms.names import Form, Namespace, ReleaseName
from components.helm.chart import Chart
from components.kubernetes.pods import Pods
from components.postgres.database_settings import DatabaseSettings
from components.postgres.endpoint import Endpoint, TlsMode
from components.postgres.term import Demand
from components.servers.embedded.settings import EmbeddedSettings

_URL = Form(
    r"https?://[^\s/?#]+[^\s?#]*",
    None,
    "an address beginning with http:// or https://, such as https://airbyte.example.com",
)

Url = Annotated[str, _URL]
"""Address of a web page."""


class AppDatabase(DatabaseSettings):
    """An app's role and database, and its embedded server if it has one."""

    embedded: EmbeddedSettings = EmbeddedSettings()
    """The app's own server, if `postgresql.mode` is `embedded`."""


class AppSettings(Model):
    """One app: its settings, which are its component's args."""

    key: ClassVar[str]
    """Its key in the stack file."""
    secret_aliases: ClassVar[Mapping[str, str]]
    """Keys that its chart reads in the database's Secret, each with the key whose value it repeats."""
    least_connections: ClassVar[int]
    """The lowest number of connections that it works with."""
    has_ceiling: ClassVar[bool]
    """Whether it opens no more connections than `demand`, however busy it is."""
    run_namespaces: ClassVar[tuple[str, ...]]
    """Paths of chart values with the namespaces in which it starts pods; `*` stands for each item of a list."""

    enabled: bool = True
    """Whether the app is deployed."""
    url: Url | None = None
    """Address of the app for its users, such as that of an ingress or a load balancer: `https://airbyte.example.com`."""
    timeout_seconds: Annotated[int, Field(ge=60, le=7200)] = 900
    """How long `pulumi up` waits for the app before it fails; nothing is rolled back."""
    chart: Chart = Chart()
    """The chart, if it is not the official one in the version that this program is tested with."""
    namespace: Namespace
    """Namespace of the app and its database."""
    release_name: ReleaseName
    """Name of the Helm release."""
    database: AppDatabase
    """The app's database."""
    values: dict[str, Any] = {}
    """Your own chart values, which override the program's. Values that the chart does not read are refused."""

    @property
    @abstractmethod
    def databases(self) -> dict[str, list[str]]:
        """Every database of the app's role, with the extensions that it needs."""

    @property
    @abstractmethod
    def demand(self) -> Demand:
        """The most connections that it opens, by database; the fewest that it works with if it has no ceiling."""

    @property
    @abstractmethod
    def database_settings(self) -> dict[str, str]:
        """The setting that gives each database's name."""

    @property
    @abstractmethod
    def server_name(self) -> str:
        """Name of the app's embedded server."""

    @property
    def secret_names(self) -> tuple[str, ...]:
        """Secrets that the program and the chart create beside the database's own."""
        return (f"{self.server_name}-admin", self.pooler_name)

    @property
    def own_secrets(self) -> tuple[str, ...]:
        """Those of `secret_names` that the app itself creates, once, and that belong to the rows of its database."""
        return ()

    @property
    def pooler_name(self) -> str:
        """Name of the pooler in front of its server, embedded or not."""
        return f"{self.server_name}-pooler"

    @property
    def session_databases(self) -> tuple[str, ...]:
        """Databases whose connections a pooler may not share between clients."""
        return ()

    def rules(self, tls: TlsMode) -> Iterator[Refusal]:
        """Values that contradict the rest of the stack file; paths begin at its top.

        Args:
            tls: TLS mode of the app's connections to its database.
        """
        for path, given, allowed in run_namespace_refusals(self.values, self.run_namespaces, self.namespace):
            secret = self.database.secret_name
            reason = (
                f"{allowed}: another one does not have the Secret `{secret}` with the database's password and CA, the "
                "ConfigMap of the release, and the service account and role of these pods"
            )
            reads = (("namespace",), (self.key, "namespace"))
            yield Refusal((self.key, "values", *path), given, reason, reads)


@dataclass(frozen=True)
class AppPlacement:
    """Arguments of an app's component beside its settings.

    Attributes:
        endpoint: its database.
        client_image: image with `pg_isready`.
        pods: settings of every pod.
    """

    endpoint: Endpoint
    client_image: str = POSTGRES_IMAGE
    pods: Pods = field(default_factory=Pods)


class AppComponent(pulumi.ComponentResource):
    """An app's Helm release. Give it `depends_on` its database.

    Attributes:
        address: URL of the app inside the cluster.
    """

    address: str


DeployedApps = Mapping[str, AppSettings]
"""The apps that are deployed, by their key in the stack file; `namespace` is the one that they are deployed to."""
