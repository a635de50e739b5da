"""Passwords of a server in a cloud: as secrets, where the cloud and the cluster need them, and nowhere else."""

from typing import Any

import pytest

from tests.support.kinds import PASSWORD, RDS_INSTANCE, SECRET, SQL_USER
from tests.support.recording import GENERATED, Plan, mask, reveal
from tests.support.secrecy import carries, has_password
from tests.support.servers import CLOUD_SQL, RDS, but, on

PROXY = {**CLOUD_SQL, "authProxy": {"serviceAccount": "sql-client@my-project.iam.gserviceaccount.com"}}
SERVERS: dict[str, tuple[dict[str, Any], str]] = {
    "rds": (RDS, RDS_INSTANCE),
    "rds with a replica": (but(RDS, readReplica={}), RDS_INSTANCE),
    "cloudsql": (CLOUD_SQL, SQL_USER),
    "cloudsql behind the proxy": (PROXY, SQL_USER),
}


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def made(server: str) -> Plan:
    return on(SERVERS[server][0])


def test_passwords_are_nowhere_in_the_open(made: Plan) -> None:
    assert [r.name for r in made.resources if has_password(mask(r.raw))] == []
    assert not has_password(mask(made.outputs))


def test_passwords_are_in_secrets_and_the_admins_in_one_cloud_resource(made: Plan, server: str) -> None:
    carriers = {(r.type, r.name) for r in made.resources if has_password(reveal(r.raw)) and r.type != SECRET}
    (carrier,) = carriers
    assert carrier[0] == SERVERS[server][1]
    raw = made.one(*carrier).raw
    assert reveal(raw["password"]) == f"{GENERATED}-postgresql-admin"
    assert not has_password(reveal({key: value for key, value in raw.items() if key != "password"}))


def test_admins_password_is_no_output_and_in_one_secret_of_the_database_side(made: Plan) -> None:
    admins = f"{GENERATED}-postgresql-admin"
    assert not carries(reveal(made.outputs), admins)
    carriers = [r for r in made.of_type(SECRET) if carries(reveal(r.raw), admins)]
    assert [r.inputs["metadata"]["namespace"] for r in carriers] == ["postgresql"]


def test_nothing_but_secrets_and_the_cloud_depends_on_a_password(made: Plan, server: str) -> None:
    passwords = {r.urn for r in made.of_type(PASSWORD)}
    users = {(r.type, name) for r in made.resources for name, needs in r.property_needs.items() if needs & passwords}
    assert users == {(SECRET, "data"), (SERVERS[server][1], "password")}
