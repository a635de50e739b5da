"""Rules of a server that both apps share for the rest of a stack file."""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import SecretStr

from components.apps.app import AppSettings, DeployedApps
from components.forms.base import Placeholder, Refusal
from components.platform.postgresql import AnyPostgreSQL
from components.servers.kind import Surroundings
from components.servers.standalone import StandalonePostgreSQL

_SERVERS = (("postgresql",), ("moveFrom",))


def refusals(
    setting: str,
    postgresql: StandalonePostgreSQL,
    apps: DeployedApps,
    *,
    embedded_too: bool,
    retain_data: bool,
) -> Iterator[Refusal]:
    """Values that contradict a shared server.

    Args:
        setting: the setting that the server is in, `postgresql` or `moveFrom`.
        postgresql: the server.
        apps: the apps that are deployed.
        embedded_too: whether there are embedded servers as well, from or to which the apps move.
        retain_data: whether `pulumi destroy` retains data.
    """
    for key, app in apps.items():
        if not embedded_too and "embedded" in app.database.model_fields_set:
            given = app.database.embedded.model_dump(by_alias=True, exclude_unset=True)
            allowed = "nothing if `postgresql.mode` is standalone: the app has no embedded server"
            yield Refusal((key, "database", "embedded"), given, allowed, _SERVERS)
        if app.namespace == postgresql.namespace and postgresql.has_admin:
            allowed = f"another namespace than {key}'s, whose pods must not read the admin's Secret"
            reads = (("namespace",), (key, "namespace"), (key, "enabled"))
            yield Refusal((setting, "namespace"), postgresql.namespace, allowed, reads)
        yield from _reserved_names(setting, postgresql, key, app)
    if len(apps) == 2:
        yield from _clashes(setting, apps)
    yield from postgresql.server.rules(Surroundings(setting, postgresql.namespace, apps, retain_data))


def _reserved_names(setting: str, postgresql: StandalonePostgreSQL, key: str, app: AppSettings) -> Iterator[Refusal]:
    reserved = postgresql.server.reserved_names
    for part, name in (("username", app.database.username), ("name", app.database.name)):
        if reserved and name.startswith(reserved):
            allowed = f"a name that does not begin with {' or '.join(reserved)}: those are reserved by the cloud"
            yield Refusal((key, "database", part), name, allowed, ((setting, "server", "kind"),))
    admin = postgresql.server.given_admin
    if admin is not None and app.database.username == admin.username:
        allowed = "another role than the server's admin"
        yield Refusal((key, "database", "username"), app.database.username, allowed, ((setting, "server"),))


def _clashes(setting: str, apps: DeployedApps) -> Iterator[Refusal]:
    airbyte, dagster = apps["airbyte"], apps["dagster"]
    if airbyte.database.username == dagster.database.username:
        allowed = "another role than Airbyte's on the server that both share"
        reads = (("airbyte", "database", "username"), (setting,))
        yield Refusal(("dagster", "database", "username"), dagster.database.username, allowed, reads)
    if dagster.database.name in airbyte.databases:
        allowed = f"a database that is not Airbyte's ({', '.join(airbyte.databases)}) on the server that both share"
        reads = (("airbyte", "database", "name"), (setting,))
        yield Refusal(("dagster", "database", "name"), dagster.database.name, allowed, reads)
    if airbyte.namespace != dagster.namespace and airbyte.database.secret_name == dagster.database.secret_name:
        # Names of Jobs derive from it, and the Jobs of both apps run in the same namespace.
        allowed = "another name than Airbyte's Secret, also in another namespace, on the server that both share"
        reads = (("airbyte", "database", "secretName"), (setting,))
        yield Refusal(("dagster", "database", "secretName"), dagster.database.secret_name, allowed, reads)


def admin_password_refusals(postgresqls: Iterable[AnyPostgreSQL], password: SecretStr | None) -> Iterator[Refusal]:
    """An admin password that is missing, or that no server uses."""
    wanted = any(_takes_password(postgresql) for postgresql in postgresqls)
    if wanted and password is None:
        allowed = "the admin's password: pulumi config set --secret adminPassword"
        yield Refusal(("adminPassword",), Placeholder.NOTHING, allowed, _SERVERS)
    if not wanted and password is not None:
        allowed = "nothing: only an existing server without `admin.secretName` uses it"
        yield Refusal(("adminPassword",), Placeholder.SECRET, allowed, _SERVERS)


_SET_BY_AN_ADMIN = (
    "adopt",
    "scram_iterations",
    "connection_limit",
    "statement_timeout_seconds",
    "idle_in_transaction_timeout_seconds",
)
"""Settings of a role that only an admin can set."""


def role_refusals(
    postgresql: AnyPostgreSQL,
    apps: DeployedApps,
    passwords: Mapping[str, SecretStr | None],
) -> Iterator[Refusal]:
    """A role's password that is missing or not used, and settings that only an admin could change on an existing role.

    Args:
        postgresql: who runs PostgreSQL.
        apps: the apps that are deployed.
        passwords: password of each app's role, if the stack file gives it.
    """
    without_admin = not postgresql.has_admin
    reads = (("postgresql",), ("airbyte", "enabled"), ("dagster", "enabled"))
    for key, password in passwords.items():
        setting = f"{key}Password"
        if password is not None and not (without_admin and key in apps):
            allowed = "nothing: it is used only on a server without `admin`, where the roles already exist"
            yield Refusal((setting,), Placeholder.SECRET, allowed, reads)
        if password is None and without_admin and key in apps:
            role = apps[key].database.username
            allowed = (
                f"the password of the existing role {role}: pulumi config set --secret {setting}; or set the server's"
                " `admin`, which creates the role"
            )
            yield Refusal((setting,), Placeholder.NOTHING, allowed, reads)
    for key, app in apps.items() if without_admin else ():
        for name in _SET_BY_AN_ADMIN:
            if name in app.database.model_fields_set:
                allowed = "nothing on a server without `admin`: set it on the server when you create the role"
                field = type(app.database).model_fields[name]
                yield Refusal((key, "database", str(field.alias)), getattr(app.database, name), allowed, reads)


def _takes_password(postgresql: AnyPostgreSQL) -> bool:
    admin = postgresql.server_or_none.given_admin if postgresql.server_or_none else None
    return admin is not None and admin.secret_name is None
