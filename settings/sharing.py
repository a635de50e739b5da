"""What a server that both apps share asks of the rest of a stack file."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import SecretStr

from settings.apps import Airbyte, Dagster
from settings.base import Found, Refusal
from settings.embedded import EmbeddedPostgreSQL
from settings.servers.existing import ExistingServer
from settings.standalone import StandalonePostgreSQL

_SERVERS = (("postgresql",), ("moveFrom",))


def refusals(
    setting: str,
    postgresql: StandalonePostgreSQL,
    apps: Mapping[str, tuple[Airbyte | Dagster, str]],
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
        if namespace == postgresql.namespace:
            allowed = f"another namespace than {key}'s, whose pods are not to read the admin's Secret"
            reads = (("namespace",), (key, "namespace"), (key, "enabled"))
            yield Refusal((setting, "namespace"), postgresql.namespace, allowed, reads)
    if len(apps) == 2:
        yield from _clashes(setting, apps["airbyte"][0], apps["dagster"][0])


def _clashes(setting: str, airbyte: Airbyte | Dagster, dagster: Airbyte | Dagster) -> Iterator[Refusal]:
    if airbyte.database.username == dagster.database.username:
        allowed = "another role than Airbyte's on the server that both share"
        reads = (("airbyte", "database", "username"), (setting,))
        yield Refusal(("dagster", "database", "username"), dagster.database.username, allowed, reads)
    if dagster.database.name in airbyte.databases:
        allowed = f"a database that is not Airbyte's ({', '.join(airbyte.databases)}) on the server that both share"
        reads = (("airbyte", "database", "name"), (setting,))
        yield Refusal(("dagster", "database", "name"), dagster.database.name, allowed, reads)


def admin_password_refusals(
    servers: Sequence[EmbeddedPostgreSQL | StandalonePostgreSQL], password: SecretStr | None
) -> Iterator[Refusal]:
    """An admin password that is missing, or that nobody takes."""
    wanted = any(_takes_password(server) for server in servers)
    if wanted and password is None:
        allowed = "the admin's password: pulumi config set --secret adminPassword"
        yield Refusal(("adminPassword",), Found.NOTHING, allowed, _SERVERS)
    if not wanted and password is not None:
        allowed = "nothing: only a server of kind `existing` without `admin.secretName` takes it"
        yield Refusal(("adminPassword",), Found.SECRET, allowed, _SERVERS)


def _takes_password(postgresql: EmbeddedPostgreSQL | StandalonePostgreSQL) -> bool:
    match postgresql:
        case StandalonePostgreSQL(server=ExistingServer(admin=admin)):
            return admin.secret_name is None
        case _:
            return False
