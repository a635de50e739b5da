"""What a server that the CloudNativePG operator runs asks of the rest of a stack file."""

from collections.abc import Iterator

from settings.apps import DeployedApps
from settings.base import Refusal
from settings.servers.cloudnativepg import CloudNativePG
from settings.standalone import StandalonePostgreSQL


def refusals(
    setting: str,
    postgresql: StandalonePostgreSQL,
    apps: DeployedApps,
    *,
    retain_data: bool,
) -> Iterator[Refusal]:
    """Values that do not go with such a server; none where another one runs PostgreSQL.

    Args:
        setting: the setting that the server is in, `postgresql` or `moveFrom`.
        postgresql: the server.
        apps: the apps that are deployed, by their key in the stack file, each with its namespace.
        retain_data: whether `pulumi destroy` keeps data.
    """
    match postgresql:
        case StandalonePostgreSQL(server=CloudNativePG() as server):
            yield from _operators_namespace(setting, postgresql, server, apps)
            yield from _limits(setting, server, apps)
            if retain_data and not server.deletion_protection:
                allowed = "`true`, or `retainData: false`: the volumes go with the `Cluster`"
                yield Refusal((setting, "server", "deletionProtection"), False, allowed, (("retainData",),))
        case _:
            return


def _limits(setting: str, server: CloudNativePG, apps: DeployedApps) -> Iterator[Refusal]:
    """A role that may not open as many connections as the poolers open for it."""
    for key, (app, _) in apps.items():
        limit = app.database.connection_limit
        if server.pooler is None or limit is None:
            continue
        least = server.pooler.instances * server.pooler.default_pool_size * len(app.databases)
        if limit < least:
            allowed = f"at least {least}: so many connections do the poolers keep for this role's {len(app.databases)}"
            reads = ((setting, "server", "pooler"),)
            yield Refusal((key, "database", "connectionLimit"), limit, f"{allowed} databases", reads)


def _operators_namespace(
    setting: str,
    postgresql: StandalonePostgreSQL,
    server: CloudNativePG,
    apps: DeployedApps,
) -> Iterator[Refusal]:
    operator, path = server.operator, (setting, "server", "operator", "namespace")
    if not operator.install:
        return
    taken = {postgresql.namespace, *(namespace for _, namespace in apps.values())}
    if operator.namespace in taken:
        allowed = "a namespace of its own: its pods may read every Secret of the Kubernetes cluster"
        reads = (("namespace",), (setting, "namespace"), *((key, "namespace") for key in apps))
        yield Refusal(path, operator.namespace, allowed, reads)
    if operator.create_namespace and (operator.namespace == "default" or operator.namespace.startswith("kube-")):
        allowed = "a namespace that Kubernetes has not made itself, or `createNamespace: false`"
        yield Refusal(path, operator.namespace, allowed, ((*path[:-1], "createNamespace"),))
