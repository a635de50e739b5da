"""Everything that a stack file may say, as one model."""

from collections.abc import Iterator, Mapping
from typing import Annotated, cast

from pydantic import BeforeValidator, Field, SecretStr

from components.apps import run_namespaces
from components.apps.dagster import user_code
from components.apps.postgresql import PostgreSQL
from components.apps.settings import Airbyte, Dagster
from components.forms.base import KeyPath, Model, Refusal
from components.forms.labels import Labels, NamespaceLabels
from components.forms.names import Namespace
from components.kubernetes.pods import Pods
from components.platform import moving, sharing
from components.servers import operators
from components.servers.embedded.settings import EmbeddedPostgreSQL
from components.servers.standalone import StandalonePostgreSQL


def _empty_is_none(value: object) -> object:
    # Pulumi asks for a value of each key that Pulumi.yaml declares without a default; its default there is empty.
    return None if value == "" else value


def _none_if_empty(value: object) -> object:
    return None if value in ("", {}) else value


def _embedded_if_not_told(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return {"mode": "embedded", **cast("Mapping[str, object]", value)}


# What tells whether two things of the apps have the same place and name.
_PLACES = (
    ("namespace",),
    ("airbyte", "namespace"),
    ("airbyte", "releaseName"),
    ("dagster", "namespace"),
    ("dagster", "releaseName"),
)
_SECRETS = (("airbyte", "database", "secretName"),)


class Cluster(Model):
    """Which Kubernetes cluster, if not the one that kubectl talks to."""

    context: Annotated[str, Field(min_length=1)] | None = None
    """Context in the kubeconfig; its current one if absent."""
    kubeconfig: Annotated[str, Field(min_length=1)] | None = None
    """Path of a kubeconfig file; `$KUBECONFIG` or `~/.kube/config` if absent."""
    create_namespaces: bool = True
    """Whether the program makes the apps' namespaces; `false` if somebody else does."""
    namespace_labels: NamespaceLabels = {}
    """Labels of the namespaces that the program makes, such as those of Pod Security, on top of `labels`."""


class Stack(Model):
    """A stack file: keys below `lakehouse:` in `Pulumi.<stack>.yaml`."""

    cluster: Cluster = Cluster()
    """Which Kubernetes cluster."""
    namespace: Annotated[Namespace | None, BeforeValidator(_empty_is_none)] = None
    """One namespace for both apps; absent, each has its own."""
    retain_data: bool = True
    """Whether `pulumi destroy` keeps the data volumes (and their namespaces)."""
    postgresql: Annotated[PostgreSQL, BeforeValidator(_embedded_if_not_told)] = EmbeddedPostgreSQL()
    """Who runs PostgreSQL."""
    move_from: Annotated[
        EmbeddedPostgreSQL | StandalonePostgreSQL | None,
        Field(discriminator="mode"),
        BeforeValidator(_none_if_empty),
    ] = None
    """Who ran PostgreSQL until now: its data are moved to `postgresql`. Taken out again when that is done."""
    admin_password: Annotated[SecretStr | None, BeforeValidator(_empty_is_none)] = None
    """Password of an existing server's admin, encrypted: `pulumi config set --secret adminPassword`."""
    labels: Labels = {}
    """Labels of every Kubernetes object that the program makes, and of all pods."""
    pods: Pods = Pods()
    """What holds for every pod: where images come from, where pods run, as whom, and how they are marked."""
    airbyte_password: Annotated[SecretStr | None, BeforeValidator(_empty_is_none)] = None
    """Password of Airbyte's role where it is there already, since `postgresql.server` has no `admin`; encrypted:
    `pulumi config set --secret airbytePassword`."""
    dagster_password: Annotated[SecretStr | None, BeforeValidator(_empty_is_none)] = None
    """Password of Dagster's role where it is there already, since `postgresql.server` has no `admin`; encrypted:
    `pulumi config set --secret dagsterPassword`."""
    airbyte: Airbyte = Airbyte()
    """Airbyte."""
    dagster: Dagster = Dagster()
    """Dagster."""

    def refusals(self) -> Iterator[Refusal]:
        """What the two apps and the whole must agree on."""
        yield from self._two_layouts()
        yield from self._kubernetes_own_namespaces()
        if not (self.airbyte.enabled or self.dagster.enabled):
            reads = (("airbyte", "enabled"), ("dagster", "enabled"))
            yield Refusal(("dagster", "enabled"), False, "at least one app enabled", reads)
        yield from self._taken_secrets()
        yield from moving.refusals(self.postgresql, self.move_from)
        embedded_too = any(isinstance(server, EmbeddedPostgreSQL) for server in self.servers)
        for key, server in self._by_key.items():
            if isinstance(server, StandalonePostgreSQL):
                yield from sharing.refusals(key, server, self.apps, embedded_too=embedded_too)
                yield from operators.refusals(key, server, self.apps, retain_data=self.retain_data)
        if self.dagster.enabled:
            tls = self.postgresql.tls if isinstance(self.postgresql, StandalonePostgreSQL) else "disable"
            yield from user_code.refusals(self.dagster, tls)
        yield from run_namespaces.refusals(self.apps)
        yield from sharing.admin_password_refusals(self.servers, self.admin_password)
        yield from sharing.role_refusals(self.postgresql, self.apps, self.role_passwords)
        if self.airbyte.enabled and self.dagster.enabled and self.airbyte_namespace == self.dagster_namespace:
            yield from self._clashes()

    def _two_layouts(self) -> Iterator[Refusal]:
        for key, app in (("airbyte", self.airbyte), ("dagster", self.dagster)):
            if self.namespace is not None and "namespace" in app.model_fields_set:
                allowed = "either `namespace` for both apps or one in each app"
                yield Refusal((key, "namespace"), app.namespace, allowed, (("namespace",),))

    def _kubernetes_own_namespaces(self) -> Iterator[Refusal]:
        allowed = "a namespace that Kubernetes has not made itself, or `cluster.createNamespaces: false`"
        reads = (("cluster", "createNamespaces"),)
        candidates: dict[KeyPath, str | None] = {
            ("namespace",): self.namespace,
            ("airbyte", "namespace"): self.airbyte.namespace,
            ("dagster", "namespace"): self.dagster.namespace,
        }
        for key, server in self._by_key.items():
            if isinstance(server, StandalonePostgreSQL):
                candidates[key, "namespace"] = server.namespace
        for path, name in candidates.items():
            if self.cluster.create_namespaces and name is not None and (name == "default" or name.startswith("kube-")):
                yield Refusal(path, name, allowed, reads)

    def _taken_secrets(self) -> Iterator[Refusal]:
        for key, (app, namespace) in self.apps.items():
            taken = {name for other, place in self.apps.values() if place == namespace for name in other.secret_names}
            if app.database.secret_name in taken:
                allowed = "a name that no other Secret of the namespace has"
                yield Refusal((key, "database", "secretName"), app.database.secret_name, allowed, _PLACES)

    def _clashes(self) -> Iterator[Refusal]:
        release = self.dagster.release_name
        if self.airbyte.release_name == release:
            yield Refusal(("dagster", "releaseName"), release, "another name than Airbyte's release", _PLACES)
        elif self.airbyte.server_name == self.dagster.server_name:
            allowed = f"a name with another server than Airbyte's: both would be called {self.dagster.server_name}"
            yield Refusal(("dagster", "releaseName"), release, allowed, _PLACES)
        secret = self.dagster.database.secret_name
        if self.airbyte.database.secret_name == secret:
            path = ("dagster", "database", "secretName")
            yield Refusal(path, secret, "another name than Airbyte's Secret", (*_PLACES, *_SECRETS))

    @property
    def role_passwords(self) -> dict[str, SecretStr | None]:
        """Password of each app's role, where the stack file gives it."""
        return {"airbyte": self.airbyte_password, "dagster": self.dagster_password}

    @property
    def servers(self) -> tuple[EmbeddedPostgreSQL | StandalonePostgreSQL, ...]:
        """Where the data are to be and, if they are moved, where they come from."""
        return tuple(self._by_key.values())

    @property
    def _by_key(self) -> dict[str, EmbeddedPostgreSQL | StandalonePostgreSQL]:
        moved = {} if self.move_from is None else {"moveFrom": self.move_from}
        return {"postgresql": self.postgresql, **moved}

    @property
    def apps(self) -> dict[str, tuple[Airbyte | Dagster, str]]:
        """The apps that are deployed, by their key, each with its namespace."""
        both: dict[str, tuple[Airbyte | Dagster, str]] = {
            "airbyte": (self.airbyte, self.airbyte_namespace),
            "dagster": (self.dagster, self.dagster_namespace),
        }
        return {key: (app, namespace) for key, (app, namespace) in both.items() if app.enabled}

    @property
    def airbyte_namespace(self) -> str:
        """Namespace that Airbyte goes to."""
        return self.namespace or self.airbyte.namespace

    @property
    def dagster_namespace(self) -> str:
        """Namespace that Dagster goes to."""
        return self.namespace or self.dagster.namespace
