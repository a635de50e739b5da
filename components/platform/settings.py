"""A stack file as one model, which is the platform's args."""

from collections.abc import Iterator, Mapping
from typing import Annotated, cast

from pydantic import BeforeValidator, Field, SecretStr

from components.apps.airbyte.settings import AirbyteSettings
from components.apps.app import AppSettings
from components.apps.dagster.settings import DagsterSettings
from components.forms.base import KeyPath, Model, Refusal
from components.forms.labels import Labels, NamespaceLabels
from components.forms.names import Namespace
from components.kubernetes.pods import Pods
from components.platform import budgets, moving, poolers, restoring, sharing
from components.platform.postgresql import AnyPostgreSQL, PostgreSQL
from components.postgres.backups.settings import BackupSets
from components.postgres.restore.settings import RestoreFrom
from components.servers.embedded.settings import EmbeddedPostgreSQL
from components.servers.kind import ServerSettings
from components.servers.standalone import StandalonePostgreSQL


def _empty_is_none(value: object) -> object:
    # Pulumi asks for a value of each key that Pulumi.yaml declares without a default; their default is empty.
    return None if value == "" else value


def _none_if_empty(value: object) -> object:
    return None if value in ("", {}) else value


def _embedded_by_default(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return {"mode": "embedded", **cast("Mapping[str, object]", value)}


# Settings on which it depends whether two objects of the apps have the same namespace and name.
_PLACES = (
    ("namespace",),
    ("airbyte", "namespace"),
    ("airbyte", "releaseName"),
    ("dagster", "namespace"),
    ("dagster", "releaseName"),
)
_SECRETS = (("airbyte", "database", "secretName"),)


class Cluster(Model):
    """The Kubernetes cluster, if it is not that of kubectl's current context."""

    context: Annotated[str, Field(min_length=1)] | None = None
    """Context in the kubeconfig; absent, its current one."""
    kubeconfig: Annotated[str, Field(min_length=1)] | None = None
    """Path of a kubeconfig file; absent, `$KUBECONFIG` or `~/.kube/config`."""
    create_namespaces: bool = True
    """Whether the program creates the namespaces; `false` if they already exist."""
    namespace_labels: NamespaceLabels = {}
    """Labels of the namespaces that the program creates, in addition to `labels`, such as
    `pod-security.kubernetes.io/enforce: restricted`."""


class Stack(Model):
    """A stack file: keys below `lakehouse:` in `Pulumi.<stack>.yaml`."""

    cluster: Cluster = Cluster()
    """The Kubernetes cluster."""
    namespace: Annotated[Namespace | None, BeforeValidator(_empty_is_none)] = None
    """One namespace for both apps; absent, each has its own."""
    retain_data: bool = True
    """Whether `pulumi destroy` retains the data volumes (and their namespaces)."""
    postgresql: Annotated[PostgreSQL, BeforeValidator(_embedded_by_default)] = EmbeddedPostgreSQL()
    """Who runs PostgreSQL."""
    move_from: Annotated[
        AnyPostgreSQL | None,
        Field(discriminator="mode"),
        BeforeValidator(_none_if_empty),
    ] = None
    """The server before a move: its data are moved to `postgresql`. Remove the setting when the move is complete."""
    admin_password: Annotated[SecretStr | None, BeforeValidator(_empty_is_none)] = None
    """Password of an existing server's admin, encrypted: `pulumi config set --secret adminPassword`."""
    backups: Annotated[BackupSets | None, BeforeValidator(_none_if_empty)] = None
    """Backup sets of each app: its databases and Secrets, taken at one moment, and proven by a restore."""
    airbyte_backup_key: Annotated[SecretStr | None, BeforeValidator(_empty_is_none)] = None
    """Passphrase of the Secrets in Airbyte's backup sets, encrypted: `pulumi config set --secret airbyteBackupKey`;
    absent, one is generated. With `restoreFrom`, that of the stack that made the set (output `airbyte.backupKey`)."""
    dagster_backup_key: Annotated[SecretStr | None, BeforeValidator(_empty_is_none)] = None
    """The same of Dagster's, `pulumi config set --secret dagsterBackupKey`."""
    restore_from: Annotated[RestoreFrom | None, BeforeValidator(_none_if_empty)] = None
    """The backup set that the databases of a new server begin as. Remove the setting once they are restored."""
    labels: Labels = {}
    """Labels of every Kubernetes object that the program creates, and of all pods, such as `team: data`."""
    pods: Pods = Pods()
    """Settings of every pod, such as the registry of images, nodes, user and labels."""
    airbyte_password: Annotated[SecretStr | None, BeforeValidator(_empty_is_none)] = None
    """Password of Airbyte's existing role, where `postgresql.server` has no `admin`; encrypted:
    `pulumi config set --secret airbytePassword`."""
    dagster_password: Annotated[SecretStr | None, BeforeValidator(_empty_is_none)] = None
    """Password of Dagster's existing role, where `postgresql.server` has no `admin`; encrypted:
    `pulumi config set --secret dagsterPassword`."""
    airbyte: AirbyteSettings = AirbyteSettings()
    """Airbyte."""
    dagster: DagsterSettings = DagsterSettings()
    """Dagster."""

    def refusals(self) -> Iterator[Refusal]:
        """Values that contradict each other."""
        yield from self._two_layouts()
        yield from self._kubernetes_own_namespaces()
        if not self.apps:
            reads = (("airbyte", "enabled"), ("dagster", "enabled"))
            yield Refusal(("dagster", "enabled"), False, "at least one app enabled", reads)
        yield from self._taken_secrets()
        yield from self._backup_names()
        yield from moving.refusals(self.postgresql, self.move_from)
        keys = {f"{key}BackupKey": self.backup_keys[key] for key in self.apps}
        yield from restoring.key_refusals(keys, self.backups)
        yield from restoring.refusals(
            self.restore_from, self.backups, keys, self.postgresql, moves=self.move_from is not None
        )
        for setting, postgresql in self.postgresqls.items():
            if isinstance(postgresql, StandalonePostgreSQL):
                yield from sharing.refusals(
                    setting,
                    postgresql,
                    self.apps,
                    embedded_too=any(other.server_or_none is None for other in self.postgresqls.values()),
                    retain_data=self.retain_data,
                )
        yield from budgets.refusals(self.postgresql, self.apps, self.backups)
        yield from poolers.refusals(self.postgresql, self.apps)
        for app in self.apps.values():
            yield from app.rules(poolers.app_tls(self.postgresql, app))
        yield from sharing.admin_password_refusals(self.postgresqls.values(), self.admin_password)
        yield from sharing.role_refusals(self.postgresql, self.apps, self.role_passwords)
        if len({app.namespace for app in self.apps.values()}) < len(self.apps):
            yield from self._clashes()

    def _two_layouts(self) -> Iterator[Refusal]:
        for app in self._all_apps:
            if self.namespace is not None and "namespace" in app.model_fields_set:
                allowed = "either `namespace` for both apps or one in each app"
                yield Refusal((app.key, "namespace"), app.namespace, allowed, (("namespace",),))

    def _kubernetes_own_namespaces(self) -> Iterator[Refusal]:
        allowed = "a namespace that Kubernetes has not created itself, or `cluster.createNamespaces: false`"
        reads = (("cluster", "createNamespaces"),)
        candidates: dict[KeyPath, str | None] = {("namespace",): self.namespace}
        candidates |= {(app.key, "namespace"): app.namespace for app in self._all_apps}
        for setting, postgresql in self.postgresqls.items():
            if isinstance(postgresql, StandalonePostgreSQL):
                candidates[setting, "namespace"] = postgresql.namespace
        for path, name in candidates.items():
            if self.cluster.create_namespaces and name is not None and (name == "default" or name.startswith("kube-")):
                yield Refusal(path, name, allowed, reads)

    def _taken_secrets(self) -> Iterator[Refusal]:
        for key, app in self.apps.items():
            taken = {
                name for other in self.apps.values() if other.namespace == app.namespace for name in other.secret_names
            }
            if app.database.secret_name in taken:
                allowed = "a name that no other Secret of the namespace has"
                yield Refusal((key, "database", "secretName"), app.database.secret_name, allowed, _PLACES)

    def _backup_names(self) -> Iterator[Refusal]:
        for key, app in self.apps.items():
            name = app.database.secret_name
            # Kubernetes adds 11 characters to a CronJob's name for its Jobs, whose names are labels of at most 63.
            if self.backups is not None and len(name) > 45:
                allowed = "at most 45 characters with `backups`, whose CronJob is called after it"
                yield Refusal((key, "database", "secretName"), name, allowed, (("backups",),))

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
    def _all_apps(self) -> tuple[AppSettings, ...]:
        return (self.airbyte, self.dagster)

    @property
    def apps(self) -> dict[str, AppSettings]:
        """The apps that are deployed, by their key, each with the namespace that it is deployed to."""
        common = {} if self.namespace is None else {"namespace": self.namespace}
        return {app.key: app.model_copy(update=common) for app in self._all_apps if app.enabled}

    @property
    def postgresqls(self) -> dict[str, AnyPostgreSQL]:
        """The values of `postgresql` and, if it is given, `moveFrom`, by setting."""
        moved = {} if self.move_from is None else {"moveFrom": self.move_from}
        return {"postgresql": self.postgresql, **moved}

    @property
    def servers(self) -> list[ServerSettings]:
        """The standalone servers of `postgresql` and `moveFrom`."""
        settings = self.postgresqls.values()
        return [server for postgresql in settings if (server := postgresql.server_or_none) is not None]

    @property
    def role_passwords(self) -> dict[str, SecretStr | None]:
        """Password of each app's role, if the stack file gives it."""
        return {"airbyte": self.airbyte_password, "dagster": self.dagster_password}

    @property
    def backup_keys(self) -> dict[str, SecretStr | None]:
        """Passphrase of each app's backup sets, if the stack file gives it."""
        return {"airbyte": self.airbyte_backup_key, "dagster": self.dagster_backup_key}

    @property
    def all_pods(self) -> Pods:
        """Settings of every pod, `labels` included."""
        return self.pods.model_copy(update={"labels": {**self.labels, **self.pods.labels}})
