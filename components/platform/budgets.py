"""The connection budgets of a stack's servers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.apps.app import AppSettings, DeployedApps
from components.forms.base import KeyPath, Refusal
from components.platform.postgresql import AnyPostgreSQL
from components.postgres.backups.settings import BackupSets
from components.postgres.pooler import budget as of_a_server
from components.postgres.pooler.budget import Budget, Capacity, budget
from components.postgres.pooler.settings import PoolerSettings
from components.servers.standalone import StandalonePostgreSQL


@dataclass(frozen=True)
class _Server:
    """What a server's budget depends on.

    Attributes:
        path: path of its settings in the stack file.
        apps: the apps on it.
        capacity: the connections that it accepts, if that is known.
        capacity_setting: path of the setting that says so, below `path`.
        pooler: the pooler in front of it.
        limited: whether it is shared, and the program may limit its roles.
        backups: backup sets of its apps.
    """

    path: KeyPath
    apps: DeployedApps
    capacity: Capacity | None
    capacity_setting: KeyPath
    pooler: PoolerSettings | None
    limited: bool
    backups: BackupSets | None

    @property
    def budget(self) -> Budget | None:
        if self.capacity is None:
            return None
        return budget(self.capacity, self.apps, backups=self.backups, pooler=self.pooler, limited=self.limited)


def budgets(
    setting: str, postgresql: AnyPostgreSQL, apps: DeployedApps, backups: BackupSets | None
) -> dict[str, Budget]:
    """The budget of each app's server, by the app's key; none for servers that accept nobody knows how many.

    Args:
        setting: the setting that the servers are in, `postgresql` or `moveFrom`.
        postgresql: who runs PostgreSQL.
        apps: the apps that are deployed.
        backups: backup sets of the apps.
    """
    found = ((server, server.budget) for server in _servers(setting, postgresql, apps, backups))
    return {key: found_budget for server, found_budget in found if found_budget is not None for key in server.apps}


def refusals(postgresql: AnyPostgreSQL, apps: DeployedApps, backups: BackupSets | None) -> Iterator[Refusal]:
    """Budgets that do not fit, of the servers of `postgresql`. Those of `moveFrom` may be why one moves.

    Args:
        postgresql: who runs PostgreSQL.
        apps: the apps that are deployed.
        backups: backup sets of the apps.
    """
    for server in _servers("postgresql", postgresql, apps, backups):
        found = server.budget
        if found is not None:
            yield from of_a_server.refusals(found, server.path, server.apps, server.pooler)
        elif server.pooler is not None:
            yield of_a_server.unknown_capacity(server.path, server.capacity_setting)


def _servers(
    setting: str, postgresql: AnyPostgreSQL, apps: DeployedApps, backups: BackupSets | None
) -> Iterator[_Server]:
    if isinstance(postgresql, StandalonePostgreSQL):
        server, path = postgresql.server, (setting, "server")
        capacity, limited = server.capacity, server.has_admin
        yield _Server(path, apps, capacity, server.capacity_setting, server.given_pooler, limited, backups)
        return
    for key, app in apps.items():
        embedded = app.database.embedded
        path, capacity = (key, "database", "embedded"), embedded.capacity
        yield _Server(path, {key: app}, capacity, capacity.setting, embedded.given_pooler, False, backups)


def exported(postgresql: AnyPostgreSQL, found: Mapping[str, Budget]) -> dict[str, Any]:
    """The budgets as an output: by the app's key, or that of the server that both apps share.

    Args:
        postgresql: who runs PostgreSQL.
        found: the budgets by the app's key.
    """
    shared = isinstance(postgresql, StandalonePostgreSQL)
    return {"postgresql" if shared else key: one.to_dict() for key, one in found.items()}


def with_limit(app: AppSettings, budgets: Mapping[str, Budget]) -> AppSettings:
    """The app, with the connection limit of its role that keeps it from taking what belongs to the other one."""
    limit = budgets[app.key].limits.get(app.key) if app.key in budgets else None
    if limit is None:
        return app
    database = app.database.model_copy(update={"connection_limit": limit})
    return app.model_copy(update={"database": database})
