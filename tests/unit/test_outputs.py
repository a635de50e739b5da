"""What `pulumi stack output` tells of each app."""

from typing import Any

import pytest

from tests.support.recording import SECRET, mask
from tests.support.servers import CLOUD_SQL, RDS, but, on
from tests.support.stacks import plan

DAGSTER = {
    "mode": "embedded",
    "host": "dagster-postgresql.dagster.svc.cluster.local",
    "port": 5432,
    "database": "dagster",
    "username": "dagster",
    "secretName": "dagster-database",
    "connectionString": SECRET,
    "psqlCommand": "kubectl exec -it -n dagster dagster-postgresql-0 -- psql -U dagster -d dagster",
    "pgDumpCommand": "kubectl exec -n dagster dagster-postgresql-0 -- pg_dump -U dagster dagster > dagster.sql",
    "address": "http://dagster-dagster-webserver.dagster.svc.cluster.local",
}
AIRBYTE = {
    "mode": "embedded",
    "host": "airbyte-airbyte-postgresql.airbyte.svc.cluster.local",
    "port": 5432,
    "database": "airbyte",
    "username": "airbyte",
    "secretName": "airbyte-database",
    "connectionString": SECRET,
    "psqlCommand": "kubectl exec -it -n airbyte airbyte-airbyte-postgresql-0 -- psql -U airbyte -d airbyte",
    "pgDumpCommand": "kubectl exec -n airbyte airbyte-airbyte-postgresql-0 -- pg_dump -U airbyte airbyte > airbyte.sql",
    "address": "http://airbyte-airbyte-server-svc.airbyte.svc.cluster.local:8001",
}


def test_outputs_of_the_default_stack() -> None:
    outputs = mask(plan().outputs)
    assert outputs.pop("connections").keys() == {"airbyte", "dagster"}
    assert outputs == {"airbyte": AIRBYTE, "dagster": DAGSTER}


REBOOT = "aws rds reboot-db-instance --region eu-central-1"
RESTARTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "RDS": (
        but(RDS, parameters={"max_connections": 500, "work_mem": "64MB", "rds.logical_replication": True}),
        {
            "restartParameters": {"max_connections": "500", "rds.logical_replication": "1"},
            "restart": f"after a change of these: {REBOOT} --db-instance-identifier lakehouse",
        },
    ),
    "RDS with a profile and a replica": (
        {**but(RDS, parameters={"max_connections": 500}, readReplica={}), "profile": "prod"},
        {
            "restartParameters": {"max_connections": "500"},
            "restart": f"after a change of these: {REBOOT} --profile prod --db-instance-identifier lakehouse && "
            f"{REBOOT} --profile prod --db-instance-identifier lakehouse-replica",
            "replicaHost": "lakehouse-replica.c0123456789.eu-central-1.rds.amazonaws.com",
            "replicaPort": 5432,
        },
    ),
    "Cloud SQL": (
        but(CLOUD_SQL, parameters={"shared_buffers": "2GB", "work_mem": 8192, "cloudsql.enable_pgaudit": True}),
        {
            "restartParameters": {"cloudsql.enable_pgaudit": "on", "shared_buffers": "262144"},
            "restart": "Cloud SQL restarts the server at once when one of these changes",
        },
    ),
}


@pytest.mark.parametrize("case", RESTARTS)
def test_outputs_name_parameters_that_wait_for_a_restart(case: str) -> None:
    server, told = RESTARTS[case]
    assert told_of(server) == told


def test_outputs_tell_where_the_read_replica_answers() -> None:
    host = "lakehouse-replica.c0123456789.eu-central-1.rds.amazonaws.com"
    assert told_of(but(RDS, readReplica={})) == {"replicaHost": host, "replicaPort": 5432}


@pytest.mark.parametrize("server", [RDS, CLOUD_SQL, but(RDS, parameters={"work_mem": "64MB"})], ids=str)
def test_server_of_which_nothing_else_must_be_known_has_no_other_output(server: dict[str, Any]) -> None:
    assert told_of(server) == {}


def told_of(server: dict[str, Any]) -> dict[str, Any]:
    """What the output `postgresql` tells beside the command that shows the last backup."""
    return {key: value for key, value in mask(on(server).outputs["postgresql"]).items() if key != "backups"}


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_address_is_the_one_of_the_config(app: str) -> None:
    assert plan(**{app: {"url": "https://app.example.com"}}).outputs[app]["address"] == "https://app.example.com"
