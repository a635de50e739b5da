"""What a server that CrunchyData's operator runs asks of the rest of a stack file."""

from collections.abc import Iterator

from components.apps.settings import Airbyte, Dagster, DeployedApps
from components.forms.base import Refusal
from components.servers.crunchydata.settings import OTHER_CONNECTIONS, CrunchyDataServer


def refusals(setting: str, server: CrunchyDataServer, apps: DeployedApps) -> Iterator[Refusal]:
    """Values that do not go with such a server.

    Args:
        setting: the setting that the server is in, `postgresql` or `moveFrom`.
        server: the server.
        apps: the apps that are deployed.
    """
    yield from _pooled_connections(setting, server, sum(len(app.databases) for app, _ in apps.values()))
    for key, (app, _) in apps.items():
        yield from _taken_by_operator(setting, server, key, app)


def _taken_by_operator(setting: str, server: CrunchyDataServer, key: str, app: Airbyte | Dagster) -> Iterator[Refusal]:
    """Roles and databases that the operator makes, which are not the app's then."""
    reads = ((setting, "server", "adminUsername"), (setting, "server", "users"))
    if app.database.username in {server.admin_username, *server.users}:
        allowed = "another role than those that the operator makes"
        yield Refusal((key, "database", "username"), app.database.username, allowed, reads)
    for user, databases in server.users.items():
        for name in sorted({*databases} & app.databases.keys()):
            path = (setting, "server", "users", user)
            yield Refusal(path, name, f"any database but {key}'s, which the bootstrap Job makes", reads[1:])


def _pooled_connections(setting: str, server: CrunchyDataServer, databases: int) -> Iterator[Refusal]:
    """More connections than the server accepts, should PgBouncer use up all that it may."""
    pooler = server.pg_bouncer
    if pooler is None:
        return
    # In the database postgres it looks passwords up.
    pools = databases + 1
    left = server.max_connections - OTHER_CONNECTIONS
    if pooler.replicas * pools * pooler.max_db_connections <= left:
        return
    reads = ((setting, "server", "pgBouncer"), (setting, "server", "maxConnections"))
    each, pods = pooler.max_db_connections, pooler.replicas
    with_what = f"{pools} databases and {server.max_connections} connections (`maxConnections`)"
    if "max_db_connections" in pooler.model_fields_set and (most := left // pools // pods) > 0:
        allowed = f"at most {most} with {pods} pods, {with_what}"
        yield Refusal((setting, "server", "pgBouncer", "maxDbConnections"), each, allowed, reads)
    elif "replicas" in pooler.model_fields_set and (most := left // pools // each) > 0:
        allowed = f"at most {most} with {each} connections each to {with_what}"
        yield Refusal((setting, "server", "pgBouncer", "replicas"), pods, allowed, reads)
    else:
        allowed = f"at least {pods * pools * each + OTHER_CONNECTIONS} with PgBouncer as it is, for {pools} databases"
        yield Refusal((setting, "server", "maxConnections"), server.max_connections, allowed, reads)
