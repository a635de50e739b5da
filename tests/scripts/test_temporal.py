"""What Temporal's image does with databases, roles and names, on a real server: also how it fails."""

from pathlib import Path

import pytest

from components.apps.airbyte.settings import AirbyteDatabase, AirbyteSettings
from components.apps.airbyte.storage import MinioStorage
from components.apps.airbyte.values import airbyte_values
from components.postgres.endpoint import Endpoint, TlsMode
from tests.support import temporal
from tests.support.postgres import DatabaseServer

PASSWORD = "p@ss/w:o%rd"
NAMES = ("My Temporal", "v-2")


@pytest.fixture
def prepared(running: DatabaseServer) -> DatabaseServer:
    """A server with Airbyte's role and Temporal's databases, of names that need encoding."""
    app = {"username": "airbyte", "password": PASSWORD, "databases": "\n".join(NAMES)}
    app["extensions"] = f"{NAMES[1]}:btree_gin"
    assert running.bootstrap(admin_password="admin", **app).returncode == 0
    return running


def variables(server: DatabaseServer) -> dict[str, str]:
    """What the program's chart values and the chart set, for the image."""
    where = Endpoint("127.0.0.1", server.port, "airbyte", "airbyte", "airbyte-database", TlsMode.DISABLE)
    database = AirbyteDatabase(temporal_name=NAMES[0], temporal_visibility_name=NAMES[1])
    settings = AirbyteSettings(storage=MinioStorage(), database=database)
    return {
        "DB": "postgres12",
        "DB_PORT": str(server.port),
        "POSTGRES_SEEDS": "127.0.0.1",
        "POSTGRES_USER": "airbyte",
        "POSTGRES_PWD": PASSWORD,
        "PROMETHEUS_ENDPOINT": "127.0.0.1:0",
        **airbyte_values(settings, where, storage_secret="storage")["temporal"]["env_vars"],
    }


def test_it_sets_both_databases_up_and_serves_twice(prepared: DatabaseServer, tmp_path: Path) -> None:
    for turn in ("first", "second"):
        outcome = temporal.start(variables(prepared), tmp_path / turn)
        assert outcome.serves, outcome.printed
        assert PASSWORD not in outcome.printed
    assert "The namespace default is there." in outcome.printed
    version = "SELECT curr_version FROM schema_version"
    assert [prepared.psql(version, database=name) for name in NAMES] == ["1.16", "1.9"]
    assert prepared.psql("SELECT name FROM namespaces ORDER BY 1", database=NAMES[0]) == "default\ntemporal-system"
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    assert [prepared.psql(owners, database=name) for name in NAMES] == ["airbyte", "airbyte"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"POSTGRES_PWD": "another"}, 'password authentication failed for user "airbyte"'),
        ({"DBNAME": "nowhere"}, 'database "nowhere" does not exist'),
        ({"VISIBILITY_DBNAME": "nowhere"}, 'database "nowhere" does not exist'),
        ({"SKIP_DB_CREATE": "false"}, "permission denied to create database"),
        ({"DB": "postgresql"}, "DB=postgresql"),
        ({"POSTGRES_SEEDS": ""}, "POSTGRES_SEEDS must be set"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_it_ends_and_says_why(wrong: dict[str, str], said: str, prepared: DatabaseServer, tmp_path: Path) -> None:
    outcome = temporal.start({**variables(prepared), **wrong}, tmp_path / "temporal")
    assert not outcome.serves
    assert said in outcome.printed
    assert PASSWORD not in outcome.printed
