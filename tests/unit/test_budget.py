"""The connection budget: what each app opens, what is reserved, and what a pooler gets of the rest."""

from typing import Any

import pytest

from components.platform.budgets import budgets
from components.postgres.pooler.budget import Budget
from components.postgres.term import total
from stack.check import check
from tests.support.crunchydata_stacks import VOLUME

S3 = {"kind": "s3", "region": "eu-central-1", "bucket": "lake", "credentials": {"secretName": "key"}}
FIRST = {"chart": {"version": "1.9.2"}, "storage": S3}
LARGE = {"database": {"embedded": {"memory": "16Gi", "maxConnections": 1500, "storageSize": "32Gi"}}}


def found(raw: dict[str, Any], app: str = "airbyte") -> Budget:
    stack = check(raw)
    return budgets("postgresql", stack.postgresql, stack.apps, stack.backups)[app]


def airbyte(**settings: Any) -> dict[str, int]:
    budget = found({"airbyte": {**LARGE, **settings}})
    return {name: total(terms) for name, terms in budget.apps["airbyte"].items()}


def cnpg(**server: Any) -> dict[str, Any]:
    return {"postgresql": {"mode": "standalone", "server": {"kind": "cloudnativepg", **server}}}


DEFAULT = {"airbyte": 220, "temporal": 40, "temporal_visibility": 16}


@pytest.mark.parametrize("chart", [{}, FIRST], ids=["2.x", "1.x"])
def test_airbyte_fits_its_own_server_by_default(chart: dict[str, Any]) -> None:
    budget = found({"airbyte": chart})
    assert {name: total(terms) for name, terms in budget.apps["airbyte"].items()} == DEFAULT
    assert (budget.capacity.connections, budget.left) == (300, 15)


@pytest.mark.parametrize(
    ("values", "more"),
    [
        ({"server": {"replicaCount": 3}}, {"airbyte": 2 * 50}),
        ({"server": {"deploymentStrategyType": "RollingUpdate"}}, {"airbyte": 50}),
        ({"worker": {"replicaCount": 2}}, {"airbyte": 2 * 20}),
        ({"cron": {"enabled": False}}, {"airbyte": -60}),
        ({"metrics": {"enabled": True}}, {"airbyte": 10}),
        ({"workloadLauncher": {"parallelism": "4"}}, {"airbyte": -12}),
        ({"workloadLauncher": {"replicaCount": 2}}, {"airbyte": 20 + 20}),
        ({"temporal": {"replicaCount": 2}}, {"temporal": 40, "temporal_visibility": 16}),
    ],
    ids=str,
)
def test_replicas_and_rollouts_are_counted(values: dict[str, Any], more: dict[str, int]) -> None:
    assert airbyte(values=values) == {name: count + more.get(name, 0) for name, count in DEFAULT.items()}


def test_sizes_of_pools_are_counted() -> None:
    pools = {"server": 20, "temporal": 20, "temporalVisibility": 10}
    embedded = LARGE["database"]["embedded"]
    counted = airbyte(database={"embedded": embedded, "pools": pools})
    # Three pools of the server, and one of each of two pods of the workload API server.
    assert counted == {"airbyte": 220 + 3 * 10 + 2 * 10, "temporal": 160, "temporal_visibility": 80}


def test_dagster_gets_what_is_left_of_a_shared_server() -> None:
    budget = found(cnpg())
    assert total(budget.apps["dagster"]["dagster"]) == 400 - 16 - 276
    # With its Job, which logs in with its role.
    assert budget.limits == {"dagster": 108 + 1}
    assert budget.left == 0
    assert found({}, "dagster").limits == {}


@pytest.mark.parametrize(
    ("backups", "dumps", "restore"),
    [
        ({}, {"airbyte": 7, "dagster": 5}, 4),
        ({"jobs": 1}, {"airbyte": 6, "dagster": 3}, 3),
        ({"jobs": 1, "moment": "each"}, {"airbyte": 5, "dagster": 3}, 3),
        ({"jobs": 8}, {"airbyte": 13, "dagster": 11}, 10),
    ],
    ids=str,
)
def test_jobs_of_backups_are_counted(backups: dict[str, Any], dumps: dict[str, int], restore: int) -> None:
    budget = found({**cnpg(), "backups": {"storage": {"kind": "claim", "storageSize": "10Gi"}, **backups}})
    counted = {term.what: term.count for term in budget.reserved}
    assert {key: counted[f"backup of {key}"] for key in dumps} == dumps
    assert {counted[f"restore of {key}"] for key in dumps} == {restore}
    # A dump logs in with the app's role, a restore with the admin's.
    reserved = total(budget.reserved)
    assert budget.limits == {"dagster": 400 - reserved - 276 + 1 + dumps["dagster"]}


@pytest.mark.parametrize(
    ("instances", "connections", "size"), [(2, 400, 10), (1, 400, 21), (3, 400, 7), (2, 409, 11), (2, 332, 5)]
)
def test_pools_share_what_the_connections_leave(instances: int, connections: int, size: int) -> None:
    budget = found(cnpg(maxConnections=connections, pooler={"instances": instances}))
    assert budget.pool_size == size
    # Twice the pods, for Dagster's database and that of the passwords; Airbyte connects to the server.
    assert total(budget.terms) == 16 + 276 + 2 * instances * 2 * size <= connections
    assert budget.limits == {}


def test_a_given_size_is_the_pools_and_both_operators_count_the_same() -> None:
    sizes = {"maxDbConnections": 8}
    assert found(cnpg(pooler=sizes)).pool_size == 8
    server = {"kind": "crunchydata", "backups": VOLUME, "pooler": sizes}
    assert found({"postgresql": {"mode": "standalone", "server": server}}).pool_size == 8


@pytest.mark.parametrize(
    ("server", "connections"),
    [
        ({"instanceClass": "db.m7g.large"}, 811),
        ({"instanceClass": "db.r7g.large"}, 1622),
        ({"instanceClass": "db.r7g.8xlarge"}, 5000),
        ({"instanceClass": "db.t4g.medium"}, 405),
        ({"parameters": {"max_connections": 500}}, 500),
        ({"instanceClass": "db.x2idn.metal"}, None),
        ({"parameters": {"max_connections": "{DBInstanceClassMemory/9531392}"}}, None),
    ],
    ids=str,
)
def test_rds_accepts_what_its_memory_says(server: dict[str, Any], connections: int | None) -> None:
    network = {"vpcId": "vpc-01234567", "subnetGroup": "p", "allowedCidrs": ["10.0.0.0/16"]}
    rds = {"kind": "rds", "region": "eu-central-1", "instance": {"network": network, **server}}
    stack = check({"postgresql": {"mode": "standalone", "server": rds}})
    shared = budgets("postgresql", stack.postgresql, stack.apps, stack.backups)
    assert (shared["airbyte"].capacity.connections if shared else None) == connections


def test_the_output_adds_up() -> None:
    told = found(cnpg()).to_dict()
    counts = [
        *told["reserved"].values(),
        *(n for dbs in told["apps"].values() for db in dbs.values() for n in db.values()),
    ]
    assert sum(counts) == told["sum"] == told["maxConnections"] - told["left"] == 400
