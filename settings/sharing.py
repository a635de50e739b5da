"""What a server that both apps share asks of the rest of a stack file."""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from pydantic import SecretStr

from settings.apps import Airbyte, Dagster
from settings.base import Found, Refusal
from settings.embedded import EmbeddedPostgreSQL
from settings.pins import AIRBYTE_CHART
from settings.servers.existing import ExistingServer
from settings.standalone import StandalonePostgreSQL
from settings.storage import GcsStorage

# Whole: without its mode, the rest of it would look wrong.
_SERVER = ("postgresql",)


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
            yield Refusal((key, "database", "embedded"), found, allowed, (_SERVER,))
        if namespace == postgresql.namespace:
            allowed = f"another namespace than {key}'s, whose pods are not to read the admin's Secret"
            reads = (("namespace",), (key, "namespace"), (key, "enabled"))
            yield Refusal(("postgresql", "namespace"), postgresql.namespace, allowed, reads)
    if len(apps) == 2:
        yield from _clashes(apps["airbyte"][0], apps["dagster"][0])
    airbyte = apps["airbyte"][0] if "airbyte" in apps else None
    if isinstance(airbyte, Airbyte):
        # Kinds of server that have no such setting are checked, or encrypted at least.
        tls = getattr(postgresql.server, "tls", "verify-full")
        if tls != "disable":
            yield from _edition(airbyte)
        if tls == "verify-full":
            yield from _early_chart(airbyte)


def _clashes(airbyte: Airbyte | Dagster, dagster: Airbyte | Dagster) -> Iterator[Refusal]:
    if airbyte.database.username == dagster.database.username:
        allowed = "another role than Airbyte's on the server that both share"
        reads = (("airbyte", "database", "username"), _SERVER)
        yield Refusal(("dagster", "database", "username"), dagster.database.username, allowed, reads)
    if dagster.database.name in airbyte.databases:
        allowed = f"a database that is not Airbyte's ({', '.join(airbyte.databases)}) on the server that both share"
        reads = (("airbyte", "database", "name"), _SERVER)
        yield Refusal(("dagster", "database", "name"), dagster.database.name, allowed, reads)


def _edition(airbyte: Airbyte) -> Iterator[Refusal]:
    """Keycloak, which every other edition runs, would take TLS parameters behind the name for a part of it."""
    settings: object = airbyte.values.get("global")
    edition = cast("Mapping[str, object]", settings).get("edition") if isinstance(settings, Mapping) else None
    if edition not in (None, "community"):
        allowed = "community: the Keycloak of other editions has no way to encrypt its connection to the database"
        yield Refusal(("airbyte", "values", "global", "edition"), edition, allowed, (_SERVER,))


def _early_chart(airbyte: Airbyte) -> Iterator[Refusal]:
    """Volumes beside those of GCS break the launcher's template until 2.0.6 (the charts, rendered)."""
    version = airbyte.chart.version_or(AIRBYTE_CHART.version)
    number = tuple(int(part) for part in re.findall(r"[0-9]+", version)[:3])
    if (2, 0, 0) <= number <= (2, 0, 6) and isinstance(airbyte.storage, GcsStorage):
        key = "version" if airbyte.chart.path is None else "path"
        allowed = "2.0.7 or newer with a server whose certificate is checked, and GCS"
        reads = (_SERVER, ("airbyte", "storage", "kind"))
        yield Refusal(("airbyte", "chart", key), getattr(airbyte.chart, key), allowed, reads)


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
        yield Refusal(("adminPassword",), Found.NOTHING, allowed, (_SERVER,))
    if not wanted and password is not None:
        allowed = "nothing: only a server of kind `existing` without `admin.secretName` takes it"
        yield Refusal(("adminPassword",), Found.SECRET, allowed, (_SERVER,))
