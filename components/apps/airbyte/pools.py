"""The connection pools of Airbyte and its Temporal: their sizes, and how many connections they open together.

Sizes are ceilings: the pools of Airbyte (HikariCP) and of Temporal (database/sql) wait when they are full, and open no
connection before it is needed. Their defaults, and which component has which pool, are in airbytehq/airbyte-platform
(`datasources` of each `application*.yml`, 1.2 to 2.2; the largest of these versions is counted) and in Temporal's
`docker/config_template.yaml` (1.27).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import Field

from components.forms.base import Model
from components.postgres.pooler.budget import whole_number
from components.postgres.term import Term

LOCAL_SECRETS = 20
"""The pool for the secrets of connectors, in every component that reads them; its size cannot be set."""

_TEMPORALS_SERVICES = 4
"""Frontend, history, matching and worker, all in one pod, each with pools of its own: with sizes of 2 and 1, 100
workflows on Temporal 1.27.2 had 8 and 4 connections (`tests/sandbox/test_05_airbyte.py`). Its schema tool has one at a
time, before the server starts."""

_LAUNCHED_AT_ONCE = 10
"""Pods of syncs that the launcher starts at once, for each of its two queues (`WORKLOAD_LAUNCHER_PARALLELISM`)."""

_QUEUES = 2

_DURING_A_ROLLOUT = 2
"""Pods for each replica where old and new ones run beside each other. A Deployment does not count pods that are
ending, whatever its `maxSurge`."""


class AirbytePools(Model):
    """Sizes of Airbyte's connection pools: what `maxConnections` of the server has to suffice for."""

    server: Annotated[int, Field(ge=2, le=200)] = 10
    """Connections of each of three pools of the server and of one of the workload API server
    (`CONFIG_DB_MAX_POOL_SIZE`)."""
    temporal: Annotated[int, Field(ge=2, le=200)] = 5
    """Connections of each of Temporal's four services to its database (`SQL_MAX_CONNS`)."""
    temporal_visibility: Annotated[int, Field(ge=1, le=200)] = 2
    """Connections of each of Temporal's four services to its visibility store (`SQL_VIS_MAX_CONNS`)."""


def pool_values(pools: AirbytePools, major: int) -> dict[str, Any]:
    """Chart values with the sizes.

    Args:
        pools: the sizes.
        major: major version of the chart; 2.x sets the server's variable from a value of its own.
    """
    size = {"CONFIG_DB_MAX_POOL_SIZE": str(pools.server)}
    replica = {"CONFIG_DB_REPLICA_MAX_POOL_SIZE": str(pools.server)}
    temporal = {"SQL_MAX_CONNS": str(pools.temporal), "SQL_VIS_MAX_CONNS": str(pools.temporal_visibility)}
    server: dict[str, Any] = (
        {"env_vars": {**size, **replica}} if major == 1 else {"configDbMaxPoolSize": pools.server, "env_vars": replica}
    )
    workload_api = "workload-api-server" if major == 1 else "workloadApiServer"
    return {"server": server, workload_api: {"env_vars": size}, "temporal": {"env_vars": temporal}}


@dataclass(frozen=True)
class _Part:
    """What one pod of a component opens; keys are those of charts 1.x and 2.x."""

    keys: tuple[str, str]
    connections: int
    pods: int = 1
    enabled: bool = True
    direct: bool = False


def airbyte_terms(pools: AirbytePools, major: int, values: Mapping[str, Any]) -> tuple[Term, ...]:
    """What Airbyte opens to its own database.

    Args:
        pools: the sizes of its pools.
        major: major version of the chart.
        values: the user's chart values, with the numbers of replicas.
    """
    strategy = _part(values, "server").get("deploymentStrategyType")
    parts = (
        # Three pools: for configuration, jobs, and reads from a replica, which is the primary here.
        _Part(
            ("server", "server"),
            3 * pools.server + LOCAL_SECRETS,
            pods=_DURING_A_ROLLOUT if strategy == "RollingUpdate" else 1,
        ),
        # The charts set its `maxSurge` to 100%.
        _Part(("workload-api-server", "workloadApiServer"), pools.server, pods=_DURING_A_ROLLOUT),
        _Part(("cron", "cron"), 5 + 5 + LOCAL_SECRETS, pods=_DURING_A_ROLLOUT),
        _Part(("worker", "worker"), LOCAL_SECRETS, pods=_DURING_A_ROLLOUT),
        # The charts replace pods of the launcher and of metrics one after the other.
        _Part(("workload-launcher", "workloadLauncher"), LOCAL_SECRETS),
        _Part(("metrics", "metrics"), 10, enabled=False),
        # Migrations, beside the pods of the version before.
        _Part(("airbyte-bootloader", "airbyteBootloader"), 5 + 5, direct=True),
    )
    found = [_term(part, part.keys[major - 1], values) for part in parts]
    return tuple(term for term in (*found, _syncs(major, values)) if term.count)


def temporal_terms(size: int, values: Mapping[str, Any]) -> tuple[Term, ...]:
    """What Temporal opens to one of its databases, with a pool of that size in each service."""
    term = _term(_Part(("temporal", "temporal"), _TEMPORALS_SERVICES * size, _DURING_A_ROLLOUT), "temporal", values)
    return (term,) if term.count else ()


def _term(part: _Part, key: str, values: Mapping[str, Any]) -> Term:
    given = _part(values, key)
    replicas = whole_number(given.get("replicaCount"), 1) if given.get("enabled", part.enabled) else 0
    pods = replicas * part.pods
    rollout = " during a rollout" if part.pods > 1 else ""
    several = f" ({pods} pods{rollout} x {part.connections})" if pods > 1 else ""
    return Term(f"{key}{several}", pods * part.connections, part.direct)


def _syncs(major: int, values: Mapping[str, Any]) -> Term:
    """The first container of a sync's pod reads secrets, in one thread; the launcher waits for it before the next."""
    key = ("workload-launcher", "workloadLauncher")[major - 1]
    given = _part(values, key)
    at_once = whole_number(given.get("parallelism"), _LAUNCHED_AT_ONCE)
    variables: object = given.get("env_vars")
    if isinstance(variables, Mapping):
        chosen = cast("Mapping[str, object]", variables).get("WORKLOAD_LAUNCHER_PARALLELISM")
        at_once = whole_number(chosen, at_once)
    replicas = whole_number(given.get("replicaCount"), 1)
    return Term("pods of syncs that start at once", at_once * _QUEUES * replicas)


def _part(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found: object = values.get(key)
    return cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}
