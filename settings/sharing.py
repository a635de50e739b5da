"""What a server that both apps share asks of the rest of a stack file."""

from collections.abc import Iterator, Mapping

from pydantic import SecretStr

from settings.apps import Airbyte, Dagster
from settings.base import Found, Refusal
from settings.embedded import EmbeddedPostgreSQL
from settings.servers.cloudnativepg import CloudNativePG
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
    if isinstance(postgresql.server, CloudNativePG):
        yield from _operators_namespace(postgresql, postgresql.server, apps)


def _clashes(airbyte: Airbyte | Dagster, dagster: Airbyte | Dagster) -> Iterator[Refusal]:
    if airbyte.database.username == dagster.database.username:
        allowed = "another role than Airbyte's on the server that both share"
        reads = (("airbyte", "database", "username"), _MODE)
        yield Refusal(("dagster", "database", "username"), dagster.database.username, allowed, reads)
    if dagster.database.name in airbyte.databases:
        allowed = f"a database that is not Airbyte's ({', '.join(airbyte.databases)}) on the server that both share"
        reads = (("airbyte", "database", "name"), _MODE)
        yield Refusal(("dagster", "database", "name"), dagster.database.name, allowed, reads)


def _operators_namespace(
    postgresql: StandalonePostgreSQL, server: CloudNativePG, apps: Mapping[str, tuple[Airbyte | Dagster, str]]
) -> Iterator[Refusal]:
    operator, path = server.operator, ("postgresql", "server", "operator", "namespace")
    if not operator.install:
        return
    taken = {postgresql.namespace, *(namespace for _, namespace in apps.values())}
    if operator.namespace in taken:
        allowed = "a namespace of its own: the operator may read every Secret, and outlives server and apps"
        reads = (("namespace",), ("postgresql", "namespace"), *((key, "namespace") for key in apps))
        yield Refusal(path, operator.namespace, allowed, reads)
    if operator.create_namespace and (operator.namespace == "default" or operator.namespace.startswith("kube-")):
        allowed = "a namespace that Kubernetes has not made itself, or `createNamespace: false`"
        yield Refusal(path, operator.namespace, allowed, ((*path[:-1], "createNamespace"),))


def kept_data_refusals(
    postgresql: EmbeddedPostgreSQL | StandalonePostgreSQL, *, retain_data: bool
) -> Iterator[Refusal]:
    """Data that the stack file wants kept and cannot be: a `Cluster` takes its volumes with it."""
    match postgresql:
        case StandalonePostgreSQL(server=CloudNativePG(deletion_protection=False)) if retain_data:
            allowed = "`true`, or `retainData: false`: the volumes go with the `Cluster`"
            yield Refusal(("postgresql", "server", "deletionProtection"), False, allowed, (("retainData",),))
        case _:
            return


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
