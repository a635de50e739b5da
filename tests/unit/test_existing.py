"""Both apps on one PostgreSQL that is already there, its admin in a Secret made by hand or in the stack file."""

from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.postgres.database import Database, DatabaseArgs
from components.postgres.database_settings import DatabaseSettings
from components.postgres.endpoint import TlsMode
from components.postgres.server import AdminSecret
from components.servers.admin import ExistingAdmin
from components.servers.existing.component import ExistingServer
from components.servers.existing.settings import ExistingSettings
from components.servers.kinds import create_server
from components.servers.placement import Placement
from components.servers.standalone import StandalonePostgreSQL
from stack.check import check
from tests.support.certificates import ONE as CERTIFICATE
from tests.support.kinds import CLAIM, CONFIG_MAP, JOB, NAMESPACE, PASSWORD, RELEASE, SECRET, SERVICE, STATEFUL_SET
from tests.support.recording import Plan, record, reveal, values
from tests.support.secrecy import carries
from tests.support.stacks import as_config, run_main

SERVER = "lakehouse:postgres:ExistingServer"
HAND_MADE = {"secretName": "owner", "usernameKey": "user", "passwordKey": "pass"}
HIDDEN = "only-in-the-stack-file-encrypted"
ADMIN_PASSWORD = "lakehouse:adminPassword"
APPS = ("airbyte", "dagster")
each_app = pytest.mark.parametrize("app", APPS)


def standalone(admin: dict[str, Any] | None = None, **server: Any) -> dict[str, Any]:
    """What a stack file says of the server."""
    tls = {} if "tls" in server else {"caCertificates": CERTIFICATE}
    given = {"kind": "existing", "host": "db.example.com", "port": 6432, "admin": admin or HAND_MADE, **tls, **server}
    return {"mode": "standalone", "server": given}


def made(postgresql: dict[str, Any], password: str | None = None, **settings: Any) -> Plan:
    """Plan of the whole program, with the admin's password encrypted in the stack file or without it."""
    config = as_config({"postgresql": postgresql, **settings})
    if password is not None:
        config[ADMIN_PASSWORD] = password
    return record(run_main, config=config, secret_keys=(ADMIN_PASSWORD,) if password is not None else ())


@pytest.fixture(scope="module")
def by_hand() -> Plan:
    return made(standalone())


@pytest.fixture(scope="module")
def from_file() -> Plan:
    return made(standalone({"username": "owner"}), HIDDEN)


@pytest.fixture(params=["by_hand", "from_file"])
def either(request: pytest.FixtureRequest) -> Plan:
    return request.getfixturevalue(request.param)


def namespaces(plan: Plan) -> set[str]:
    return {r.inputs["metadata"]["name"] for r in plan.of_type(NAMESPACE)}


def secrets(plan: Plan) -> set[tuple[str, str]]:
    """Namespace and name of every Secret that the program makes."""
    return {(r.inputs["metadata"]["namespace"], r.inputs["metadata"]["name"]) for r in plan.of_type(SECRET)}


def environment(plan: Plan, app: str) -> dict[str, Any]:
    """Variables of the app's bootstrap Job: a value, or the Secret and key that it is read from."""
    (container,) = plan.one(JOB, f"{app}-database-bootstrap").pod["spec"]["containers"]
    found: dict[str, Any] = {}
    for variable in container["env"]:
        reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
        found[variable["name"]] = (reference["name"], reference["key"]) if reference else variable["value"]
    return found


def test_no_server_of_the_apps_own_is_made(either: Plan) -> None:
    for kind in (STATEFUL_SET, CLAIM, SERVICE, "lakehouse:postgres:EmbeddedServer"):
        assert either.of_type(kind) == []
    assert [r.name for r in either.of_type(SERVER)] == ["postgresql"]
    assert {r.name for r in either.of_type(PASSWORD)} == {
        "airbyte-database-password",
        "dagster-database-password",
        "airbyte-object-storage",
    }


def test_namespace_of_a_hand_made_secret_is_there_already(by_hand: Plan) -> None:
    assert namespaces(by_hand) == {"airbyte", "dagster"}
    assert by_hand.one(JOB, "dagster-database-bootstrap").inputs["metadata"]["namespace"] == "postgresql"


def test_namespace_of_the_programs_secret_is_made_and_comes_first(from_file: Plan) -> None:
    assert namespaces(from_file) == {"airbyte", "dagster", "postgresql"}
    namespace = from_file.one(NAMESPACE, "postgresql")
    assert namespace.options["retainOnDelete"] is True
    assert namespace.urn in from_file.needs(from_file.one(SECRET, "postgresql-admin"))


@pytest.mark.parametrize(("admin", "password"), [(None, None), ({"username": "owner"}, HIDDEN)])
def test_no_namespace_is_made_where_somebody_else_does(admin: dict[str, Any] | None, password: str | None) -> None:
    plan = made(standalone(admin), password, cluster={"createNamespaces": False})
    assert namespaces(plan) == set()
    assert len(plan.of_type(RELEASE)) == 2


def test_one_namespace_for_both_apps_leaves_the_admins_alone() -> None:
    plan = made({**standalone({"username": "owner"}), "namespace": "data"}, HIDDEN, namespace="lakehouse")
    assert namespaces(plan) == {"lakehouse", "data"}
    assert ("data", "postgresql-admin") in secrets(plan)
    assert {("data", "airbyte-database-bootstrap"), ("lakehouse", "airbyte-database")} <= secrets(plan)


def test_a_hand_made_secret_is_only_named(by_hand: Plan) -> None:
    assert secrets(by_hand) == {
        ("airbyte", "airbyte-database"),
        ("airbyte", "airbyte-object-storage"),
        ("dagster", "dagster-database"),
        # The password of each app beside the admin's, for the Job.
        ("postgresql", "airbyte-database-bootstrap"),
        ("postgresql", "dagster-database-bootstrap"),
    }
    for app in APPS:
        assert environment(by_hand, app)["PGUSER"] == ("owner", "user")
        assert environment(by_hand, app)["PGPASSWORD"] == ("owner", "pass")


def test_the_programs_secret_is_what_jobs_read(from_file: Plan) -> None:
    secret = from_file.one(SECRET, "postgresql-admin")
    assert secret.inputs["metadata"] == {"name": "postgresql-admin", "namespace": "postgresql"}
    assert values(secret) == {"username": "owner", "password": HIDDEN}
    for app in APPS:
        assert environment(from_file, app)["PGUSER"] == ("postgresql-admin", "username")
        assert environment(from_file, app)["PGPASSWORD"] == ("postgresql-admin", "password")
        assert secret.urn in from_file.needs(from_file.one(JOB, f"{app}-database-bootstrap"))


@each_app
def test_job_connects_as_the_stack_file_says(app: str, either: Plan) -> None:
    told = environment(either, app)
    assert (told["PGHOST"], told["PGPORT"], told["PGDATABASE"]) == ("db.example.com", "6432", "postgres")
    assert (told["PGSSLMODE"], told["PGSSLROOTCERT"]) == ("verify-full", "/scripts/ca.crt")
    assert told["APP_PASSWORD"] == (f"{app}-database-bootstrap", "password")
    assert either.one(CONFIG_MAP, f"{app}-database-bootstrap").inputs["data"]["ca.crt"] == CERTIFICATE


def test_job_starts_in_the_database_that_the_admin_may_open() -> None:
    plan = made(standalone({**HAND_MADE, "database": "maintenance"}))
    assert environment(plan, "dagster")["PGDATABASE"] == "maintenance"


@pytest.mark.parametrize("tls", ["require", "disable"])
def test_without_an_authority_none_is_handed_on(tls: str) -> None:
    plan = made(standalone(tls=tls))
    for app in APPS:
        told = environment(plan, app)
        assert told["PGSSLMODE"] == tls
        assert "PGSSLROOTCERT" not in told
        assert "ca.crt" not in plan.one(CONFIG_MAP, f"{app}-database-bootstrap").inputs["data"]
        assert "ca.crt" not in values(plan.one(SECRET, f"{app}-database-secret"))
        assert "database-authority" not in str(plan.one(RELEASE, app).inputs["values"])


@each_app
def test_apps_secret_has_all_that_its_clients_need(app: str, either: Plan) -> None:
    data = values(either.one(SECRET, f"{app}-database-secret"))
    assert data["ca.crt"] == CERTIFICATE
    assert (data["host"], data["port"], data["database"], data["username"]) == ("db.example.com", "6432", app, app)


def test_both_apps_are_on_the_one_server_each_with_its_own_role(either: Plan) -> None:
    values = {app: either.one(RELEASE, app).inputs["values"] for app in APPS}
    airbyte, dagster = values["airbyte"]["global"]["database"], values["dagster"]["postgresql"]
    assert (airbyte["host"], airbyte["port"]) == ("db.example.com", 6432)
    assert (dagster["postgresqlHost"], dagster["service"]["port"]) == ("db.example.com", 6432)
    assert {environment(either, app)["APP_USERNAME"] for app in APPS} == {"airbyte", "dagster"}
    assert environment(either, "airbyte")["APP_DATABASES"] == "airbyte\ntemporal\ntemporal_visibility"
    assert environment(either, "dagster")["APP_DATABASES"] == "dagster"


def test_both_apps_check_the_certificate(either: Plan) -> None:
    airbyte = either.one(RELEASE, "airbyte").inputs["values"]
    assert airbyte["global"]["database"]["name"].startswith("airbyte?sslmode=verify-full&sslrootcert=")
    assert airbyte["server"]["extraVolumes"][-1]["secret"]["secretName"] == "airbyte-database"
    dagster = either.one(RELEASE, "dagster").inputs["values"]
    assert dagster["postgresql"]["postgresqlParams"]["sslmode"] == "verify-full"
    assert dagster["dagsterDaemon"]["volumes"][-1]["secret"]["secretName"] == "dagster-database"


def test_a_users_volumes_are_kept_beside_the_certificate() -> None:
    mine = {"name": "mine", "emptyDir": {}}
    plan = made(
        standalone(),
        airbyte={"values": {"worker": {"extraVolumes": [mine]}}},
        dagster={"values": {"dagster-user-deployments": {"deployments": [{"name": "etl", "volumes": [mine]}]}}},
    )
    volumes = plan.one(RELEASE, "airbyte").inputs["values"]["worker"]["extraVolumes"]
    assert [volume["name"] for volume in volumes] == ["mine", "database-authority"]
    (server,) = plan.one(RELEASE, "dagster").inputs["values"]["dagster-user-deployments"]["deployments"]
    assert [volume["name"] for volume in server["volumes"]] == ["mine", "database-authority"]
    assert server["annotations"] == {"lakehouse/credentials-rotation": "database-1"}


@each_app
def test_an_app_comes_after_its_database_and_not_after_the_others(app: str, either: Plan) -> None:
    (other,) = set(APPS) - {app}
    before = either.needs(either.one(RELEASE, app))
    assert either.one(JOB, f"{app}-database-bootstrap").urn in before
    assert either.one(SECRET, f"{app}-database-secret").urn in before
    assert either.one(JOB, f"{other}-database-bootstrap").urn not in before


def test_one_app_alone_has_the_server_to_itself() -> None:
    plan = made(standalone(), airbyte={"enabled": False})
    assert [r.name for r in plan.of_type(JOB)] == ["dagster-database-bootstrap"]
    assert plan.outputs.keys() == {"dagster"}


@each_app
def test_outputs_tell_the_mode_and_how_to_open_a_session(app: str, either: Plan) -> None:
    outputs = either.outputs[app]
    assert (outputs["mode"], outputs["host"], outputs["port"]) == ("standalone", "db.example.com", 6432)
    assert outputs["psqlCommand"].startswith(f"kubectl run {app}-database-psql -n {app} -it ")
    assert outputs["pgDumpCommand"].endswith(f" > {app}.sql")


def test_admins_password_is_a_secret_in_its_own_secret_and_nowhere_else(from_file: Plan) -> None:
    assert [(r.type, r.name) for r in from_file.resources if carries(reveal(r.raw), HIDDEN)] == [
        (SECRET, "postgresql-admin")
    ]
    assert [r.name for r in from_file.resources if carries(r.inputs, HIDDEN)] == []
    assert not carries(reveal(from_file.outputs), HIDDEN)


def test_password_that_the_file_holds_in_clear_is_refused_before_anything_is_made() -> None:
    config = as_config({"postgresql": standalone({"username": "owner"})}) | {ADMIN_PASSWORD: HIDDEN}
    with pytest.raises(pulumi.RunError, match=r"pulumi config set --secret adminPassword") as error:
        record(run_main, config=config)
    assert HIDDEN not in str(error.value)


def test_component_creates_no_secret_where_one_exists() -> None:
    servers: list[ExistingServer] = []

    def program() -> None:
        settings = ExistingSettings(host="h", ca_certificates=CERTIFICATE, admin=ExistingAdmin(secret_name="mine"))
        servers.append(ExistingServer("shared", settings, Placement("n")))

    plan = record(program)
    assert [r.name for r in plan.resources if r.custom and r.type == SECRET] == []
    (found,) = (server.connection for server in servers)
    assert (found.host, found.port, found.tls, found.namespace) == ("h", 5432, TlsMode.VERIFY_FULL, "n")
    assert (found.admin, found.admin_database, found.app_host) == (AdminSecret("mine"), "postgres", None)


def test_component_creates_the_secret_of_an_admin() -> None:
    servers: list[ExistingServer] = []

    def program() -> None:
        settings = ExistingSettings(host="h", tls="require", admin=ExistingAdmin(username="owner"))
        place = Placement("n", admin_password=pulumi.Output.from_input(HIDDEN))
        servers.append(ExistingServer("shared", settings, place))

    plan = record(program)
    secret = plan.one(SECRET, "shared-admin")
    assert secret.parent == plan.one(SERVER, "shared").urn
    assert secret.inputs["metadata"] == {"name": "shared-admin", "namespace": "n"}
    # A secret here, too, though whoever gave it did not say so.
    assert not carries(secret.inputs, HIDDEN)
    (found,) = (server.connection for server in servers)
    assert (found.admin, found.ca_certificate) == (AdminSecret("shared-admin"), None)


def test_component_needs_the_password_of_an_admin_without_a_secret() -> None:
    def program() -> None:
        settings = ExistingSettings(host="h", tls="require", admin=ExistingAdmin(username="owner"))
        ExistingServer("shared", settings, Placement("n"))

    with pytest.raises(ValueError, match=r"the admin of shared has no password: give `Placement.admin_password`"):
        record(program)


def test_server_of_the_same_program_gives_host_and_secret_as_outputs() -> None:
    def program() -> None:
        admin = ExistingAdmin(secret_name=pulumi.Output.from_input("computed"))
        settings = ExistingSettings(host=pulumi.Output.from_input("db.computed"), tls="require", admin=admin)
        server = ExistingServer("shared", settings, Placement("n"))
        args = DatabaseArgs(
            DatabaseSettings(name="orders", username="orders", secret_name="orders-db"), server.connection, "shop"
        )
        Database("orders", args)

    plan = record(program)
    (container,) = plan.one(JOB, "orders-bootstrap").pod["spec"]["containers"]
    variables = {variable["name"]: variable for variable in container["env"]}
    assert variables["PGHOST"]["value"] == "db.computed"
    assert variables["ADMIN_SECRET"]["value"] == "Secret n/computed"
    assert variables["PGPASSWORD"]["valueFrom"]["secretKeyRef"]["name"] == "computed"


def test_model_alone_refuses_what_a_stack_file_would_with_the_same_words() -> None:
    with pytest.raises(ValidationError) as error:
        ExistingSettings(host="::1", tls="verify-full", admin=ExistingAdmin(secret_name="mine"))
    assert "allowed: a DNS name for an IPv6 address: the charts of both apps write" in str(error.value)
    with pytest.raises(ValidationError) as error:
        ExistingSettings(host="h")
    assert "caCertificates\n  allowed: the CA's certificates in PEM form" in str(error.value)
    with pytest.raises(ValidationError) as error:
        ExistingAdmin(secret_name=HIDDEN * 20)
    assert HIDDEN not in str(error.value)


def test_server_is_chosen_by_the_stack_file() -> None:
    chosen: list[Any] = []
    settings = check({"postgresql": standalone()}).postgresql
    assert isinstance(settings, StandalonePostgreSQL)

    def program() -> None:
        chosen.append(create_server("postgresql", settings.server, Placement("postgresql"), pulumi.ResourceOptions()))

    record(program)
    (component,) = chosen
    assert isinstance(component, ExistingServer)
    assert component.connection.host == "db.example.com"
    assert component.connection.ca_certificate == CERTIFICATE
    assert component.connection.admin == AdminSecret("owner", "user", "pass")


def test_the_servers_namespace_stays_where_the_admins_secret_may_one_day_be_made_by_hand() -> None:
    plan = made(standalone({"username": "owner"}), HIDDEN, retainData=False)
    kept = {r.name for r in plan.of_type(NAMESPACE) if r.options.get("retainOnDelete")}
    assert kept == {"postgresql"}


def without_admin(**settings: Any) -> Plan:
    """Plan on a server whose roles and databases are there, their passwords encrypted in the stack file."""
    server = {"kind": "existing", "host": "db.example.com", "caCertificates": CERTIFICATE}
    words = {"lakehouse:airbytePassword": f"{HIDDEN}-airbyte", "lakehouse:dagsterPassword": f"{HIDDEN}-dagster"}
    config = as_config({"postgresql": {"mode": "standalone", "server": server}, **settings}) | words
    return record(run_main, config=config, secret_keys=tuple(words))


@pytest.fixture(scope="module")
def ready_made() -> Plan:
    return without_admin()


def test_without_an_admin_nothing_asks_for_one(ready_made: Plan) -> None:
    assert namespaces(ready_made) == {"airbyte", "dagster"}
    assert secrets(ready_made) == {
        ("airbyte", "airbyte-database"),
        ("airbyte", "airbyte-object-storage"),
        ("dagster", "dagster-database"),
    }
    assert {r.name for r in ready_made.of_type(PASSWORD)} == {"airbyte-object-storage"}
    assert {r.name for r in ready_made.of_type(JOB)} == {"airbyte-database-check", "dagster-database-check"}


@each_app
def test_without_an_admin_a_job_looks_as_the_app_before_the_app_comes(ready_made: Plan, app: str) -> None:
    job = ready_made.one(JOB, f"{app}-database-check")
    assert job.inputs["metadata"]["namespace"] == app
    (container,) = job.pod["spec"]["containers"]
    told = {it["name"]: it.get("value", it.get("valueFrom")) for it in container["env"]}
    assert (told["PGHOST"], told["PGUSER"], told["PGSSLMODE"]) == ("db.example.com", app, "verify-full")
    assert told["PGPASSWORD"] == {"secretKeyRef": {"name": f"{app}-database", "key": "password"}}
    assert "PGDATABASE" not in told
    assert job.urn in ready_made.needs(ready_made.one(RELEASE, app))


@each_app
def test_without_an_admin_the_apps_secret_has_the_given_password_and_nothing_else_has_it(
    ready_made: Plan, app: str
) -> None:
    data = values(ready_made.one(SECRET, f"{app}-database-secret"))
    assert (data["username"], data["password"]) == (app, f"{HIDDEN}-{app}")
    assert [r.name for r in ready_made.resources if carries(r.inputs, HIDDEN)] == []
    assert {r.name for r in ready_made.resources if r.custom and carries(reveal(r.raw), HIDDEN)} == {
        "airbyte-database-secret",
        "dagster-database-secret",
    }


def test_without_an_admin_a_raised_number_restarts_the_app_and_looks_again() -> None:
    plan = without_admin(dagster={"database": {"passwordRotation": 2}})
    assert plan.one(RELEASE, "dagster").inputs["values"]["dagsterDaemon"]["annotations"] == {
        "lakehouse/credentials-rotation": "database-2"
    }
    annotations = plan.one(JOB, "dagster-database-check").pod["metadata"]["annotations"]
    assert annotations["lakehouse/password-rotation"] == "2"


def test_temporals_databases_are_named_everywhere() -> None:
    names = {"name": "db-airbyte", "temporalName": "My Temporal", "temporalVisibilityName": "v-2"}
    plan = made(standalone(tls="require"), airbyte={"database": names})
    told = environment(plan, "airbyte")
    assert told["APP_DATABASES"] == "db-airbyte\nMy Temporal\nv-2"
    assert told["APP_EXTENSIONS"] == "v-2:btree_gin"
    assert told["SETTINGS"].splitlines() == [f"airbyte.database.{key}" for key in names]
    values = plan.one(RELEASE, "airbyte").inputs["values"]
    assert values["temporal"]["env_vars"] == {
        "SKIP_DB_CREATE": "true",
        "DBNAME": "My%20Temporal",
        "VISIBILITY_DBNAME": "v-2",
        "SQL_MAX_CONNS": "5",
        "SQL_VIS_MAX_CONNS": "2",
    }


def test_job_knows_the_stack_and_what_it_may_take_over() -> None:
    plan = made(standalone(), dagster={"database": {"adopt": True}})
    for app, adopt in (("airbyte", "no"), ("dagster", "yes")):
        told = environment(plan, app)
        assert (told["APP_NAME"], told["ADOPT"]) == (app, adopt)
        assert told["STACK"].endswith("/test") or told["STACK"].count("/") == 1
        assert told["ADMIN_SECRET"] == "Secret postgresql/owner"


def test_a_job_that_refuses_is_not_tried_again(by_hand: Plan) -> None:
    spec = by_hand.one(JOB, "dagster-database-bootstrap").inputs["spec"]
    refused, disrupted = spec["podFailurePolicy"]["rules"]
    assert refused["onExitCodes"] == {"containerName": "bootstrap", "operator": "NotIn", "values": [3]}
    assert disrupted["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]
    # The official provider takes no note of a Job that the action FailJob ended.
    assert (spec["backoffLimit"], refused["action"], disrupted["action"]) == (0, "Ignore", "Ignore")


def test_kubernetes_finds_no_variable_in_a_name() -> None:
    plan = made(standalone(), dagster={"database": {"name": "$(PGHOST) $$"}})
    assert environment(plan, "dagster")["APP_DATABASES"] == "$$(PGHOST) $$$$"
