"""A host that only the cloud knows: unknown in the first preview, and the same everywhere afterwards."""

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from tests.support.clouds import DNS_NAME
from tests.support.kinds import CONFIG_MAP, JOB, RDS_INSTANCE, RELEASE, SECRET, SQL_INSTANCE
from tests.support.recording import GENERATED, Plan, reveal, values
from tests.support.servers import CLOUD_SQL, RDS
from tests.support.stacks import as_config, plan_program

HOSTS = {"rds": "lakehouse.c0123456789.eu-central-1.rds.amazonaws.com", "cloudsql": DNS_NAME.rstrip(".")}
SERVERS = {"rds": RDS, "cloudsql": CLOUD_SQL}
PROXY = {**CLOUD_SQL, "authProxy": {"serviceAccount": "sql-client@my-project.iam.gserviceaccount.com"}}


def planned(server: dict[str, Any], *, preview: bool) -> Plan:
    config = as_config({"postgresql": {"mode": "standalone", "server": server}})
    return plan_program(config, "test", preview=preview)


@pytest.fixture(params=SERVERS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def hosts(made: Plan) -> dict[str, Any]:
    """The host that each part connects to."""
    (container,) = made.one(JOB, "airbyte-database-bootstrap").pod["spec"]["containers"]
    variables = {variable["name"]: variable.get("value") for variable in container["env"]}
    return {
        "the bootstrap Job": variables["PGHOST"],
        "Airbyte's chart": made.one(RELEASE, "airbyte").inputs["values"]["global"]["database"]["host"],
        "Dagster's chart": made.one(RELEASE, "dagster").inputs["values"]["postgresql"]["postgresqlHost"],
        "people": made.outputs["airbyte"].get("host", UNKNOWN),
    }


def test_every_part_connects_to_the_host_that_the_cloud_reports(kind: str) -> None:
    made = planned(SERVERS[kind], preview=False)
    assert set(hosts(made).values()) == {HOSTS[kind]}
    for app in ("airbyte", "dagster"):
        data = values(made.one(SECRET, f"{app}-database-secret"))
        password = f"{GENERATED}-{app}-database-password"
        assert data["host"] == HOSTS[kind]
        assert data["uri"] == f"postgresql://{app}:{password}@{HOSTS[kind]}:5432/{app}?sslmode=verify-full"
        assert data["jdbc-url"].startswith(f"jdbc:postgresql://{HOSTS[kind]}:5432/{app}?")
        assert reveal(made.outputs[app]["connectionString"]) == data["uri"]


def test_first_preview_succeeds_with_an_unknown_host(kind: str) -> None:
    made = planned(SERVERS[kind], preview=True)
    assert set(hosts(made).values()) == {UNKNOWN}
    assert {(r.type, r.name) for r in made.resources} == {
        (r.type, r.name) for r in planned(SERVERS[kind], preview=False).resources
    }


def unknowns(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from unknowns(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from unknowns(inner, f"{path}.{number}")
    elif value == UNKNOWN:
        yield path


def test_only_the_host_is_unknown_in_the_first_preview_of_a_chart(kind: str) -> None:
    # A whole mapping that is unknown would hide the chart's values.
    made = planned(SERVERS[kind], preview=True)
    airbyte = list(unknowns(made.one(RELEASE, "airbyte").inputs))
    # Pods are annotated with the host, so that they restart with another one.
    assert [path for path in airbyte if "podAnnotations" not in path] == ["values.global.database.host"]
    assert all(path.endswith(("host", "/database-host")) for path in airbyte)
    assert list(unknowns(made.one(RELEASE, "dagster").inputs)) == ["values.postgresql.postgresqlHost"]


def test_nothing_is_unknown_in_the_first_preview_behind_the_auth_proxy() -> None:
    made = planned(PROXY, preview=True)
    assert set(hosts(made).values()) == {"postgresql-proxy.postgresql.svc.cluster.local"}
    kinds = (RELEASE, JOB, CONFIG_MAP)
    assert [path for r in made.resources if r.type in kinds for path in unknowns(r.inputs)] == []


def test_only_what_is_created_beside_the_instance_is_unknown_in_its_first_preview(kind: str) -> None:
    made = planned(SERVERS[kind], preview=True)
    (instance,) = (*made.of_type(RDS_INSTANCE), *made.of_type(SQL_INSTANCE))
    assert set(unknowns(instance.inputs)) <= {"vpcSecurityGroupIds.0"}
