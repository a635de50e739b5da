"""PgBouncer that the program runs itself: who connects through it, who past it, and what its pods are given."""

from typing import Any

import pytest

from components.postgres.scram import verifier
from components.postgres.scripts import fingerprint
from tests.support.kinds import CONFIG_MAP, DEPLOYMENT, DISRUPTION_BUDGET, JOB, RELEASE, SECRET, SERVICE
from tests.support.recording import RANDOM_HEX, Plan, mask, reveal, values
from tests.support.stacks import plan

POOLER: dict[str, Any] = {"instances": 3, "queryWaitTimeoutSeconds": 7}
EMBEDDED: dict[str, Any] = {
    "airbyte": {"database": {"embedded": {"pooler": POOLER}}},
    "dagster": {"database": {"embedded": {"pooler": POOLER}}},
}
SERVER: dict[str, Any] = {"kind": "existing", "host": "db.example.com", "port": 6543, "maxConnections": 800}
CA = "airbyte-pooler"


def existing(**settings: Any) -> Plan:
    server = {**SERVER, "tls": "disable", "admin": {"secretName": "admin"}, "pooler": POOLER, **settings}
    return plan(postgresql={"mode": "standalone", "server": server})


def host(app: str) -> str:
    name = "airbyte-airbyte-postgresql" if app == "airbyte" else "dagster-postgresql"
    return f"{name}-pooler.{app}.svc.cluster.local"


def bootloader(made: Plan) -> dict[str, Any]:
    found = reveal(made.one(RELEASE, "airbyte").inputs["values"])["airbyteBootloader"]
    return found.get("env_vars", {})


def ini(made: Plan, app: str) -> dict[str, str]:
    text = made.one(CONFIG_MAP, f"{app}-pooler-config").inputs["data"]["pgbouncer.ini"]
    return dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_clients_use_the_pooler_and_the_programs_jobs_the_server(app: str) -> None:
    made = plan(**EMBEDDED)
    secret = values(made.one(SECRET, f"{app}-database-secret"))
    assert (secret["host"], secret["port"]) == (host(app), "5432")
    assert f"@{host(app)}:5432/" in secret["uri"]
    (container,) = made.one(JOB, f"{app}-database-bootstrap").pod["spec"]["containers"]
    told = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert told["PGHOST"] == host(app).replace("-pooler.", ".")


def test_airbytes_migrations_go_past_it() -> None:
    server = host("airbyte").replace("-pooler.", ".")
    assert bootloader(plan(**EMBEDDED)) == {
        "DATABASE_HOST": server,
        "DATABASE_PORT": "5432",
        "DATABASE_URL": f"jdbc:postgresql://{server}:5432/airbyte",
    }
    assert bootloader(plan()) == {}
    assert bootloader(existing())["DATABASE_URL"] == "jdbc:postgresql://db.example.com:6543/airbyte"


def test_sessions_and_dumps_go_past_it() -> None:
    outputs = reveal(existing().outputs["dagster"])
    assert outputs["host"] == host("dagster")
    for command in ("psqlCommand", "pgDumpCommand"):
        assert "PGHOST=db.example.com PGPORT=6543 " in outputs[command]


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_it_is_there_before_the_app_and_after_the_database(app: str) -> None:
    made = plan(**EMBEDDED)
    pods = made.one(DEPLOYMENT, f"{app}-pooler-pods")
    assert made.one(JOB, f"{app}-database-bootstrap").urn in made.needs(pods)
    assert pods.urn in made.needs(made.one(RELEASE, app))


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_it_has_the_servers_verifier_and_no_password(app: str) -> None:
    made = plan(**EMBEDDED)
    secret = values(made.one(SECRET, f"{app}-database-secret"))
    rounds = 4096 if app == "airbyte" else 1
    found = verifier(secret["password"], bytes.fromhex(RANDOM_HEX), rounds)
    assert values(made.one(SECRET, f"{app}-pooler-users")) == {"users.txt": f'"{app}" "{found}"\n'}
    assert secret["scram-verifier"] == found
    for resource in made.resources:
        assert found not in str(mask(resource.inputs)), resource.name


def test_its_configuration_is_that_of_the_settings() -> None:
    made = plan(**EMBEDDED)
    options = ini(made, "airbyte")
    server = host("airbyte").replace("-pooler.", ".")
    assert options["airbyte"] == f"host={server} port=5432 dbname='airbyte'"
    for name, clients in {"temporal": 40, "temporal_visibility": 16}.items():
        limits = f"pool_size={clients} max_db_connections={clients}"
        assert options[name] == f"host={server} port=5432 dbname='{name}' pool_mode=session {limits}"
    assert options["query_wait_timeout"] == "7"
    assert options["ignore_startup_parameters"] == "extra_float_digits"
    assert (options["server_reset_query"], options["server_reset_query_always"]) == ("RESET ALL", "1")
    assert options["server_tls_sslmode"] == "disable"
    assert "client_tls_sslmode" not in options
    shared = reveal(made.outputs["connections"])["airbyte"]["apps"]["airbyte"]
    assert shared["airbyte"][f"PgBouncer (6 pods during a rollout x {options['max_db_connections']})"]
    # Each client has a connection of its own, whichever pod it is at.
    assert [sum(shared[name].values()) for name in ("temporal", "temporal_visibility")] == [40, 16]


def test_its_pods_are_replaced_one_by_one_for_a_new_password_or_configuration() -> None:
    made = plan(**EMBEDDED)
    pods = made.one(DEPLOYMENT, "dagster-pooler-pods")
    spec = pods.inputs["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    assert spec["minReadySeconds"] * 2 == pods.pod["spec"]["terminationGracePeriodSeconds"] == 60
    files = made.one(CONFIG_MAP, "dagster-pooler-config").inputs["data"]
    assert pods.pod["metadata"]["annotations"] == {
        "lakehouse/config-hash": fingerprint(files),
        "lakehouse/login": f"1-{RANDOM_HEX}",
    }
    assert made.one(DISRUPTION_BUDGET, "dagster-pooler-disruption").inputs["spec"]["maxUnavailable"] == 1
    assert made.one(SERVICE, "dagster-pooler-service").inputs["spec"]["selector"] == pods.pod["metadata"]["labels"]


@pytest.mark.parametrize("strength", ["preferred", "required"])
def test_its_pods_stand_on_different_nodes(strength: str) -> None:
    made = plan(dagster={"database": {"embedded": {"pooler": {"antiAffinity": strength}}}})
    (found,) = made.one(DEPLOYMENT, "dagster-pooler-pods").pod["spec"]["affinity"]["podAntiAffinity"]
    assert found == f"{strength}DuringSchedulingIgnoredDuringExecution"


def test_it_shows_a_certificate_that_apps_check_beside_the_servers() -> None:
    certificate = {"certificate": {"secretName": "mine"}}
    made = existing(tls="require", pooler={**POOLER, **certificate})
    options = ini(made, "dagster")
    assert (options["server_tls_sslmode"], options["client_tls_sslmode"]) == ("require", "require")
    volumes = {volume["name"]: volume for volume in made.one(DEPLOYMENT, "dagster-pooler-pods").pod["spec"]["volumes"]}
    assert volumes["certificate"]["secret"]["secretName"] == "mine"
    secret = values(made.one(SECRET, "dagster-database-secret"))
    assert secret["uri"].endswith("?sslmode=verify-full")
    assert secret["ca.crt"]
    assert bootloader(made)["DATABASE_URL"].endswith("?sslmode=require")
