"""The connection budget of a server: who may open how many of the connections that it accepts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from components.forms.base import KeyPath, Placeholder, Refusal
from components.forms.parameters import ParameterValue
from components.postgres.backups.settings import BackupSets
from components.postgres.pooler.settings import PoolerSettings
from components.postgres.tenant import Tenant, Tenants
from components.postgres.term import Demand, Term, total

MaxConnections = Annotated[int, Field(ge=20, le=262_143)]
"""PostgreSQL's `max_connections`, up to the most that it allows."""

PGBOUNCERS_POOL_SIZE = 20
"""Server connections that a pod of PgBouncer opens for one role to one database, unless it is told a number."""

_POOLERS_SHARE = 0.8
"""The part of what is left that a pooler may use. The rest is for roles and clients that the program does not know."""

_LEAST_POOL_SIZE = 5
"""Server connections of each pod for one database below which no pool is derived: clients would queue for long."""

_EVERY_SERVERS = (
    Term("metrics exporter", 2),
    Term("sessions of people", 3),
)


@dataclass(frozen=True)
class Capacity:
    """The connections that a server accepts.

    Attributes:
        connections: how many, `max_connections`.
        setting: path of the setting that this number follows from, below the server's.
        reserved: those that are neither an app's nor a pooler's, for a reason that lies in the kind of server.
    """

    connections: int
    setting: KeyPath
    reserved: tuple[Term, ...]


def server_reserve(parameters: Mapping[str, ParameterValue] | None = None) -> tuple[Term, ...]:
    """Connections that the server keeps for some roles, by its PostgreSQL settings and their defaults (13 to 17)."""
    defaults = {"superuser_reserved_connections": 3, "reserved_connections": 0}
    counts = {name: whole_number((parameters or {}).get(name), default) for name, default in defaults.items()}
    return tuple(Term(name, count) for name, count in counts.items() if count)


def whole_number(value: object, default: int) -> int:
    """A number that a stack file may give as a number or as text; the default for everything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else default


@dataclass(frozen=True)
class Budget:
    """Who may open how many connections of a server.

    Attributes:
        capacity: what the server accepts.
        reserved: connections that are neither an app's nor a pooler's.
        apps: connections by the app's key and by database.
        jobs: connections of the Jobs that log in with an app's role, by the app's key; they are in `reserved`, too.
        pool_size: server connections of each pod of the pooler for one database; None without a pooler.
        pools: databases for which each pod of the pooler has a pool of that size.
        limits: connection limits of roles, by the app's key: of apps without a ceiling of their own.
    """

    capacity: Capacity
    reserved: tuple[Term, ...]
    apps: Mapping[str, Demand]
    jobs: Mapping[str, tuple[Term, ...]]
    pool_size: int | None = None
    pools: int = 0
    limits: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def terms(self) -> tuple[Term, ...]:
        """Everything that is added up."""
        apps = (term for demand in self.apps.values() for terms in demand.values() for term in terms)
        return (*self.reserved, *apps)

    @property
    def left(self) -> int:
        """Connections that nobody is given; below 0 if the sum does not fit."""
        return self.capacity.connections - total(self.terms)

    def to_dict(self) -> dict[str, Any]:
        """As it is exported, keys in camelCase."""
        return {
            "maxConnections": self.capacity.connections,
            "reserved": _by_reason(self.reserved),
            "apps": {
                key: {database: _by_reason(terms) for database, terms in demand.items()}
                for key, demand in self.apps.items()
            },
            "sum": total(self.terms),
            "left": self.left,
        }


def budget(
    capacity: Capacity,
    tenants: Tenants,
    *,
    backups: BackupSets | None,
    pooler: PoolerSettings | None = None,
    limited: bool = True,
) -> Budget:
    """The budget of a server. It may not fit: `refusals` says so.

    Args:
        capacity: what the server accepts.
        tenants: the apps on it.
        backups: backup sets of the apps.
        pooler: the pooler between them and the server.
        limited: whether a role may be given a limit; not where one app has the server to itself and needs none.
    """
    jobs = {key: _jobs(key, tenant, backups) for key, tenant in tenants.items()}
    restores = [] if backups is None else [Term(f"restore of {key}", backups.restore_connections) for key in tenants]
    reserved = (*capacity.reserved, *_EVERY_SERVERS, *(term for terms in jobs.values() for term in terms), *restores)
    if pooler is not None:
        return _pooled(capacity, reserved, tenants, jobs, pooler)
    apps = {key: _with_limit(tenant) for key, tenant in tenants.items()}
    left = Budget(capacity, reserved, apps, jobs).left
    limits: dict[str, int] = {}
    for key, tenant in tenants.items():
        if tenant.has_ceiling or tenant.database.connection_limit is not None or left < 0:
            continue
        # It has no ceiling of its own and gets all that is left, so that it cannot take another app's.
        (database, terms), *_ = apps[key].items()
        apps[key] = {database: (Term("all that is left", total(terms) + left),)}
        if limited:
            limits[key] = total(terms) + left + total(jobs[key])
        left = 0
    return Budget(capacity, reserved, apps, jobs, limits=limits)


def refusals(found: Budget, server: KeyPath, tenants: Tenants, pooler: PoolerSettings | None) -> Iterator[Refusal]:
    """A sum that does not fit, with all its terms, and limits of roles below what their apps open.

    Args:
        found: the budget.
        server: path of the server's settings in the stack file.
        tenants: the apps on it.
        pooler: the pooler between them and the server.
    """
    setting = (*server, *found.capacity.setting)
    reads: tuple[KeyPath, ...] = (setting, (*server, "pooler"), ("backups",), *((key,) for key in tenants))
    accepted, needed = found.capacity.connections, total(found.terms)
    if needed > accepted and pooler is not None and (smaller := _smaller_pools(found, pooler)) is not None:
        allowed = f"at most {smaller} with {accepted} connections, of which it takes too many: {written_out(found)}"
        yield Refusal((*server, "pooler", "maxDbConnections"), pooler.max_db_connections, allowed, reads)
    elif needed > accepted:
        yield Refusal(setting, accepted, f"at least {needed}: {written_out(found)}", reads)
    elif pooler is not None and (each := pooler.default_pool_size or 0) > (most := found.pool_size or 0):
        allowed = f"at most {most}, which {accepted} connections leave each pod of it for one database"
        yield Refusal((*server, "pooler", "defaultPoolSize"), each, allowed, reads)
    for key, tenant in tenants.items():
        limit = tenant.database.connection_limit
        demand = tenant.demand if pooler is None else found.apps[key]
        terms = [*(term for terms in demand.values() for term in terms), *found.jobs[key]]
        if limit is not None and limit < total(terms):
            allowed = f"at least {total(terms)}: {_list(terms)}"
            yield Refusal((key, "database", "connectionLimit"), limit, allowed, reads)


def unknown_capacity(server: KeyPath, setting: KeyPath) -> Refusal:
    """A pooler in front of a server of which it is not known how many connections it accepts."""
    allowed = "the number of connections that the server accepts: the sizes of the pooler's pools follow from it"
    return Refusal((*server, *setting), Placeholder.NOTHING, allowed, ((*server, "pooler"),))


def written_out(found: Budget) -> str:
    """The sum with its terms, in groups: what is reserved, and each app's databases."""
    groups = {"reserved": found.reserved}
    for key, demand in found.apps.items():
        groups |= {f"{key}'s database {name}": terms for name, terms in demand.items()}
    return " + ".join(f"{total(terms)} {name} ({_list(terms)})" for name, terms in groups.items() if terms)


def _smaller_pools(found: Budget, pooler: PoolerSettings) -> int | None:
    """The largest `maxDbConnections` with which the sum fits; None if it was not given, or none is small enough."""
    given = pooler.max_db_connections
    if given is None or not found.pools:
        return None
    most = given - -(found.left // (pooler.most_pods * found.pools))
    return most if most >= 1 else None


def _pooled(
    capacity: Capacity,
    reserved: tuple[Term, ...],
    tenants: Tenants,
    jobs: Mapping[str, tuple[Term, ...]],
    pooler: PoolerSettings,
) -> Budget:
    def shared(tenant: Tenant, database: str) -> bool:
        # Else each client has a server connection of its own: the pooler adds none to what the app opens.
        return pooler.serves(tenant) and database not in pooler.own_connections(tenant)

    direct = {
        key: {
            database: tuple(term for term in terms if term.direct or not shared(tenant, database))
            for database, terms in tenant.demand.items()
        }
        for key, tenant in tenants.items()
    }
    pods = pooler.most_pods
    pooled = [(key, name) for key, tenant in tenants.items() for name in tenant.demand if shared(tenant, name)]
    databases = len(pooled) + pooler.lookup_databases
    left = Budget(capacity, reserved, direct, jobs).left
    size = pooler.max_db_connections or max(int(left * _POOLERS_SHARE) // (pods * max(databases, 1)), _LEAST_POOL_SIZE)
    pool = Term(f"PgBouncer ({pods} pods during a rollout x {size})", pods * size)
    if pooler.lookup_databases:
        lookups = pooler.lookup_databases * pool.count
        reserved = (*reserved, Term(f"passwords looked up by {pool.what}", lookups))
    apps = {
        key: {name: (pool, *terms) if (key, name) in pooled else terms for name, terms in demand.items()}
        for key, demand in direct.items()
    }
    return Budget(capacity, reserved, apps, jobs, pool_size=size, pools=databases)


def _with_limit(tenant: Tenant) -> Demand:
    """What an app opens; where it has no ceiling, the limit of its role is one."""
    limit = tenant.database.connection_limit
    if tenant.has_ceiling or limit is None:
        return tenant.demand
    main, *_ = tenant.demand
    return {main: (Term("its role's `connectionLimit`", limit),)}


def _jobs(key: str, tenant: Tenant, backups: BackupSets | None) -> tuple[Term, ...]:
    """The program's Jobs for an app that log in with its role: one that creates or checks, and a backup."""
    job = Term(f"Job of {key}", 1)
    return (
        (job,) if backups is None else (job, Term(f"backup of {key}", backups.dump_connections(len(tenant.databases))))
    )


def _by_reason(terms: Iterable[Term]) -> dict[str, int]:
    return {term.what: term.count for term in terms}


def _list(terms: Iterable[Term]) -> str:
    return " + ".join(map(str, terms))
