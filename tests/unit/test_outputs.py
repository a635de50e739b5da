"""What `pulumi stack output` tells of each app."""

import pytest

from tests.support.recording import SECRET, mask
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
    assert mask(plan().outputs) == {"airbyte": AIRBYTE, "dagster": DAGSTER}


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_address_is_the_one_of_the_config(app: str) -> None:
    assert plan(**{app: {"url": "https://app.example.com"}}).outputs[app]["address"] == "https://app.example.com"
