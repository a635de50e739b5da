"""What a server that the CloudNativePG operator runs asks of the rest of a stack file."""

from collections.abc import Iterator

from components.apps.settings import DeployedApps
from components.forms.base import Refusal
from components.servers.cloudnativepg.settings import CloudNativePG


def refusals(setting: str, server: CloudNativePG, apps: DeployedApps) -> Iterator[Refusal]:
    """Roles that may not open as many connections as the poolers open for them.

    Args:
        setting: the setting that the server is in, `postgresql` or `moveFrom`.
        server: the server.
        apps: the apps that are deployed.
    """
    for key, (app, _) in apps.items():
        limit = app.database.connection_limit
        if server.pooler is None or limit is None:
            continue
        least = server.pooler.instances * server.pooler.default_pool_size * len(app.databases)
        if limit < least:
            allowed = f"at least {least}: so many connections do the poolers keep for this role's {len(app.databases)}"
            reads = ((setting, "server", "pooler"),)
            yield Refusal((key, "database", "connectionLimit"), limit, f"{allowed} databases", reads)
