"""What a server that the CloudNativePG operator runs asks of the rest of a stack file."""

from collections.abc import Iterator, Mapping

from settings.apps import Airbyte, Dagster
from settings.base import Refusal
from settings.servers.cloudnativepg import CloudNativePG
from settings.standalone import StandalonePostgreSQL

_SERVER = ("postgresql", "server")


def refusals(
    postgresql: object, apps: Mapping[str, tuple[Airbyte | Dagster, str]], *, retain_data: bool
) -> Iterator[Refusal]:
    """Values that do not go with such a server; none where another one runs PostgreSQL.

    Args:
        postgresql: who runs it.
        apps: the apps that are deployed, by their key in the stack file, each with its namespace.
        retain_data: whether `pulumi destroy` keeps data.
    """
    match postgresql:
        case StandalonePostgreSQL(server=CloudNativePG() as server):
            yield from _operators_namespace(postgresql, server, apps)
            yield from _limits(server, apps)
            if retain_data and not server.deletion_protection:
                allowed = "`true`, or `retainData: false`: the volumes go with the `Cluster`"
                yield Refusal((*_SERVER, "deletionProtection"), False, allowed, (("retainData",),))
        case _:
            return


def _limits(server: CloudNativePG, apps: Mapping[str, tuple[Airbyte | Dagster, str]]) -> Iterator[Refusal]:
    """A role that may not open as many connections as the poolers open for it."""
    for key, (app, _) in apps.items():
        limit = app.database.connection_limit
        if server.pooler is None or limit is None:
            continue
        least = server.pooler.instances * server.pooler.default_pool_size * len(app.databases)
        if limit < least:
            allowed = f"at least {least}: so many connections do the poolers keep for this role's {len(app.databases)}"
            reads = ((*_SERVER, "pooler"),)
            yield Refusal((key, "database", "connectionLimit"), limit, f"{allowed} databases", reads)


def _operators_namespace(
    postgresql: StandalonePostgreSQL, server: CloudNativePG, apps: Mapping[str, tuple[Airbyte | Dagster, str]]
) -> Iterator[Refusal]:
    operator, path = server.operator, (*_SERVER, "operator", "namespace")
    if not operator.install:
        return
    taken = {postgresql.namespace, *(namespace for _, namespace in apps.values())}
    if operator.namespace in taken:
        allowed = "a namespace of its own: its pods may read every Secret of the Kubernetes cluster"
        reads = (("namespace",), ("postgresql", "namespace"), *((key, "namespace") for key in apps))
        yield Refusal(path, operator.namespace, allowed, reads)
    if operator.create_namespace and (operator.namespace == "default" or operator.namespace.startswith("kube-")):
        allowed = "a namespace that Kubernetes has not made itself, or `createNamespace: false`"
        yield Refusal(path, operator.namespace, allowed, ((*path[:-1], "createNamespace"),))
