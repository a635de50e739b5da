"""What a server that both apps share asks of the rest of a stack file."""

from collections.abc import Iterator, Mapping
from typing import cast

from pydantic import SecretStr

from settings.apps import Airbyte, Dagster
from settings.base import Found, Refusal
from settings.embedded import EmbeddedPostgreSQL
from settings.servers.existing import ExistingServer
from settings.standalone import StandalonePostgreSQL

_MODE = ("postgresql", "mode")


def refusals(postgresql: StandalonePostgreSQL, apps: Mapping[str, tuple[Airbyte | Dagster, str]]) -> Iterator[Refusal]:
    """Values that do not go with a shared server.

    Args:
        postgresql: the server.
        apps: the apps that are deployed, by their key in the stack file, each with its namespace.
    """
    for key, (app, namespace) in apps.items():
        if "embedded" in app.database.model_fields_set:
            found = app.database.embedded.model_dump(by_alias=True, exclude_unset=True)
            allowed = "nothing where `postgresql.mode` is standalone: the app has no server of its own"
            yield Refusal((key, "database", "embedded"), found, allowed, (_MODE,))
        if namespace == postgresql.namespace:
            allowed = f"another namespace than {key}'s, whose pods are not to read the admin's Secret"
            reads = (("namespace",), (key, "namespace"), (key, "enabled"))
            yield Refusal(("postgresql", "namespace"), postgresql.namespace, allowed, reads)
    if len(apps) == 2:
        yield from _clashes(apps["airbyte"][0], apps["dagster"][0])
    if "airbyte" in apps:
        yield from _edition(postgresql, apps["airbyte"][0])


def _clashes(airbyte: Airbyte | Dagster, dagster: Airbyte | Dagster) -> Iterator[Refusal]:
    if airbyte.database.username == dagster.database.username:
        allowed = "another role than Airbyte's on the server that both share"
        reads = (("airbyte", "database", "username"), _MODE)
        yield Refusal(("dagster", "database", "username"), dagster.database.username, allowed, reads)
    if dagster.database.name in airbyte.databases:
        allowed = f"a database that is not Airbyte's ({', '.join(airbyte.databases)}) on the server that both share"
        reads = (("airbyte", "database", "name"), _MODE)
        yield Refusal(("dagster", "database", "name"), dagster.database.name, allowed, reads)


def _edition(postgresql: StandalonePostgreSQL, airbyte: Airbyte | Dagster) -> Iterator[Refusal]:
    """Keycloak, which every other edition runs, would take TLS parameters behind the name for a part of it."""
    settings: object = airbyte.values.get("global")
    edition = cast("Mapping[str, object]", settings).get("edition") if isinstance(settings, Mapping) else None
    encrypted = getattr(postgresql.server, "tls", None) != "disable"
    if encrypted and edition not in (None, "community"):
        allowed = "community: the Keycloak of other editions has no way to encrypt its connection to the database"
        yield Refusal(("airbyte", "values", "global", "edition"), edition, allowed, (("postgresql",),))


def admin_password_refusals(
    postgresql: EmbeddedPostgreSQL | StandalonePostgreSQL, password: SecretStr | None
) -> Iterator[Refusal]:
    """An admin password that is missing, or that nobody takes."""
    match postgresql:
        case StandalonePostgreSQL(server=ExistingServer(admin=admin)):
            wanted = admin.secret_name is None
        case _:
            wanted = False
    if wanted and password is None:
        allowed = "the admin's password: pulumi config set --secret adminPassword"
        yield Refusal(("adminPassword",), Found.NOTHING, allowed, (("postgresql",),))
    if not wanted and password is not None:
        allowed = "nothing: only a server of kind `existing` without `admin.secretName` takes it"
        yield Refusal(("adminPassword",), Found.SECRET, allowed, (("postgresql",),))
