"""What a server that both apps share asks of the rest of a stack file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from pydantic import SecretStr

from components.apps.airbyte.storage import GcsStorage
from components.apps.settings import Airbyte, Dagster, DeployedApps
from components.forms.base import Found, Refusal
from components.servers.cloud import kept_names
from components.servers.embedded.settings import EmbeddedPostgreSQL
from components.servers.standalone import StandalonePostgreSQL

_SERVERS = (("postgresql",), ("moveFrom",))


def refusals(
    setting: str,
    postgresql: StandalonePostgreSQL,
    apps: DeployedApps,
    *,
    embedded_too: bool,
) -> Iterator[Refusal]:
    """Values that do not go with a shared server.

    Args:
        setting: the setting that the server is in, `postgresql` or `moveFrom`.
        postgresql: the server.
        apps: the apps that are deployed, by their key in the stack file, each with its namespace.
        embedded_too: whether there are embedded servers besides, which the apps leave or go to.
    """
    for key, (app, namespace) in apps.items():
        if not embedded_too and "embedded" in app.database.model_fields_set:
            found = app.database.embedded.model_dump(by_alias=True, exclude_unset=True)
            allowed = "nothing where `postgresql.mode` is standalone: the app has no server of its own"
            yield Refusal((key, "database", "embedded"), found, allowed, _SERVERS)
        if namespace == postgresql.namespace and postgresql.has_admin:
            allowed = f"another namespace than {key}'s, whose pods are not to read the admin's Secret"
            reads = (("namespace",), (key, "namespace"), (key, "enabled"))
            yield Refusal((setting, "namespace"), postgresql.namespace, allowed, reads)
        yield from _kept_by_the_cloud(setting, postgresql, key, app)
        if app.database.username == postgresql.admin_username:
            allowed = "another role than the server's admin"
            yield Refusal((key, "database", "username"), app.database.username, allowed, ((setting, "server"),))
    if len(apps) == 2:
        yield from _clashes(setting, apps)
    airbyte = apps["airbyte"][0] if "airbyte" in apps else None
    if setting == "postgresql" and isinstance(airbyte, Airbyte):
        if postgresql.tls != "disable":
            yield from _edition(airbyte)
        if postgresql.tls == "verify-full":
            yield from _early_chart(airbyte)


def _kept_by_the_cloud(
    setting: str, postgresql: StandalonePostgreSQL, key: str, app: Airbyte | Dagster
) -> Iterator[Refusal]:
    kept = kept_names(postgresql.server.kind)
    for part, name in (("username", app.database.username), ("name", app.database.name)):
        if kept and name.startswith(kept):
            allowed = f"a name that does not begin with {' or '.join(kept)}: those are the cloud's own"
            yield Refusal((key, "database", part), name, allowed, ((setting, "server", "kind"),))


def _clashes(setting: str, apps: DeployedApps) -> Iterator[Refusal]:
    (airbyte, one), (dagster, other) = apps["airbyte"], apps["dagster"]
    if airbyte.database.username == dagster.database.username:
        allowed = "another role than Airbyte's on the server that both share"
        reads = (("airbyte", "database", "username"), (setting,))
        yield Refusal(("dagster", "database", "username"), dagster.database.username, allowed, reads)
    if dagster.database.name in airbyte.databases:
        allowed = f"a database that is not Airbyte's ({', '.join(airbyte.databases)}) on the server that both share"
        reads = (("airbyte", "database", "name"), (setting,))
        yield Refusal(("dagster", "database", "name"), dagster.database.name, allowed, reads)
    if one != other and airbyte.database.secret_name == dagster.database.secret_name:
        # The Jobs that work on the server carry the Secret's name, and are all in one namespace.
        allowed = "another name than Airbyte's Secret, in whatever namespace, on the server that both share"
        reads = (("airbyte", "database", "secretName"), (setting,))
        yield Refusal(("dagster", "database", "secretName"), dagster.database.secret_name, allowed, reads)


def _edition(airbyte: Airbyte) -> Iterator[Refusal]:
    """Keycloak, which every other edition runs, would take TLS parameters behind the name for a part of it."""
    settings: object = airbyte.values.get("global")
    edition = cast("Mapping[str, object]", settings).get("edition") if isinstance(settings, Mapping) else None
    if edition not in (None, "community"):
        allowed = "community: the Keycloak of other editions has no way to encrypt its connection to the database"
        yield Refusal(("airbyte", "values", "global", "edition"), edition, allowed, (("postgresql",),))


def _early_chart(airbyte: Airbyte) -> Iterator[Refusal]:
    """Volumes beside those of GCS break the launcher's template until 2.0.6 (the charts, rendered)."""
    if (2, 0, 0) <= airbyte.chart_version <= (2, 0, 6) and isinstance(airbyte.storage, GcsStorage):
        key = "version" if airbyte.chart.path is None else "path"
        allowed = "2.0.7 or newer with a server whose certificate is checked, and GCS"
        reads = (("postgresql",), ("airbyte", "storage", "kind"))
        yield Refusal(("airbyte", "chart", key), getattr(airbyte.chart, key), allowed, reads)


def admin_password_refusals(
    servers: Sequence[EmbeddedPostgreSQL | StandalonePostgreSQL], password: SecretStr | None
) -> Iterator[Refusal]:
    """An admin password that is missing, or that nobody takes."""
    wanted = any(_takes_password(server) for server in servers)
    if wanted and password is None:
        allowed = "the admin's password: pulumi config set --secret adminPassword"
        yield Refusal(("adminPassword",), Found.NOTHING, allowed, _SERVERS)
    if not wanted and password is not None:
        allowed = "nothing: only a server that is there already, without `admin.secretName`, takes it"
        yield Refusal(("adminPassword",), Found.SECRET, allowed, _SERVERS)


_MADE_BY_THE_PROGRAM = (
    "adopt",
    "scram_iterations",
    "connection_limit",
    "statement_timeout_seconds",
    "idle_in_transaction_timeout_seconds",
)
"""Settings of a role that only an admin can give it."""


def role_refusals(
    postgresql: EmbeddedPostgreSQL | StandalonePostgreSQL,
    apps: DeployedApps,
    passwords: Mapping[str, SecretStr | None],
) -> Iterator[Refusal]:
    """A role's password, or something of the role, that is missing or nobody's to give.

    Args:
        postgresql: where the data are to be.
        apps: the apps that are deployed.
        passwords: password of each app's role, where the stack file gives it.
    """
    without_admin = isinstance(postgresql, StandalonePostgreSQL) and not postgresql.has_admin
    reads = (("postgresql",), ("airbyte", "enabled"), ("dagster", "enabled"))
    for key, password in passwords.items():
        setting = f"{key}Password"
        if password is not None and not (without_admin and key in apps):
            allowed = "nothing: only a server without `admin` takes it, whose roles are there already"
            yield Refusal((setting,), Found.SECRET, allowed, reads)
        if password is None and without_admin and key in apps:
            role = apps[key][0].database.username
            allowed = (
                f"the password of role {role}, which is there already: pulumi config set --secret {setting}; or the"
                " server's `admin`, who makes it"
            )
            yield Refusal((setting,), Found.NOTHING, allowed, reads)
    for key, (app, _) in apps.items() if without_admin else ():
        for name in _MADE_BY_THE_PROGRAM:
            if name in app.database.model_fields_set:
                allowed = "nothing on a server without `admin`: whoever makes the role says that there"
                field = type(app.database).model_fields[name]
                yield Refusal((key, "database", str(field.alias)), getattr(app.database, name), allowed, reads)


def _takes_password(postgresql: EmbeddedPostgreSQL | StandalonePostgreSQL) -> bool:
    admin = postgresql.given_admin if isinstance(postgresql, StandalonePostgreSQL) else None
    return admin is not None and admin.secret_name is None
