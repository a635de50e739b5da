"""What is asked of CrunchyData's operator, what is taken from it, and in which order."""

import json
from typing import Any

import pulumi
import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from components.apps.airbyte.settings import SECRET_ALIASES as AIRBYTE_ALIASES
from components.apps.dagster.settings import SECRET_ALIASES as DAGSTER_ALIASES
from components.forms.computed import TextInput
from components.postgres.database import Database, DatabaseArgs
from components.postgres.database_settings import DatabaseSettings
from components.postgres.endpoint import TlsMode
from components.servers.crunchydata.backups import CrunchyDataBackups, GcsRepository
from components.servers.crunchydata.buckets import RepositoryCredentials
from components.servers.crunchydata.component import CrunchyDataServer
from components.servers.crunchydata.logins import ca_certificate, login_data
from components.servers.crunchydata.operator import CrunchyDataOperator
from components.servers.crunchydata.pins import PGO_CHART
from components.servers.crunchydata.settings import CrunchyDataSettings
from components.servers.placement import Placement
from tests.support.crunchydata import encoded, existing_secret, user_secret
from tests.support.crunchydata_stacks import EVERYWHERE, GCS, S3, standalone
from tests.support.kinds import (
    CONFIG_MAP,
    JOB,
    NAMESPACE,
    PASSWORD,
    POSTGRES_CLUSTER,
    PROVIDER,
    RELEASE,
    SECRET,
    STATEFUL_SET,
)
from tests.support.recording import GENERATED, Plan, Recorded, mask, record, reveal, values
from tests.support.secrecy import has_password
from tests.support.snapshots import render
from tests.support.stacks import plan
from tests.unit.test_credentials import AWKWARD
from tests.unit.test_lifecycle import changed

CA = "-----BEGIN CERTIFICATE-----\nb3BlcmF0b3I=\n-----END CERTIFICATE-----\n"
PRIMARY = "postgresql-primary.postgresql.svc"
POOLER = "postgresql-pgbouncer.postgresql.svc"
RICH = standalone(backups=EVERYWHERE, pooler={}, users={"reports": ["reports"], "analyst": ["reports", "archive"]})


def made(**server: Any) -> Plan:
    return plan(**standalone(**server))


def cluster(made: Plan) -> Recorded:
    (found,) = made.of_type(POSTGRES_CLUSTER)
    return found


def spec(**server: Any) -> dict[str, Any]:
    return cluster(made(**server)).inputs["spec"]


def environment(job: Recorded) -> dict[str, Any]:
    (container,) = job.pod["spec"]["containers"]
    return {it["name"]: it.get("value", it.get("valueFrom", {}).get("secretKeyRef")) for it in container["env"]}


# The operator
def test_operator_is_the_pinned_one_in_a_namespace_of_its_own() -> None:
    release = made().one(RELEASE, "postgresql-operator")
    assert release.inputs["chart"] == "oci://registry.developers.crunchydata.com/crunchydata/pgo"
    assert release.inputs["version"] == PGO_CHART.version == "6.0.3"
    assert release.inputs["namespace"] == "postgres-operator"
    namespace = made().one(NAMESPACE, "postgresql-operator-namespace")
    assert namespace.inputs["metadata"] == {"name": "postgres-operator"}
    assert namespace.urn in made().needs(release)


def test_operators_namespace_may_exist() -> None:
    there = made(operator={"namespace": "pgo", "createNamespace": False})
    assert {r.inputs["metadata"]["name"] for r in there.of_type(NAMESPACE)} == {"airbyte", "dagster", "postgresql"}
    assert there.one(RELEASE, "postgresql-operator").inputs["namespace"] == "pgo"


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        ({"version": "6.1.0"}, (PGO_CHART.reference, "6.1.0", None)),
        ({"oci": "oci://mirror.example.com/pgo", "version": "6.0.2"}, ("oci://mirror.example.com/pgo", "6.0.2", None)),
        ({"repository": "https://charts.example.com"}, ("pgo", "6.0.3", "https://charts.example.com")),
    ],
    ids=str,
)
def test_operators_chart_may_be_another(chart: dict[str, str], expected: tuple[str, str, str | None]) -> None:
    inputs = made(operator={"chart": chart}).one(RELEASE, "postgresql-operator").inputs
    assert (inputs["chart"], inputs["version"], inputs.get("repositoryOpts", {}).get("repo")) == expected


def test_existing_operator_is_left_alone() -> None:
    there = made(operator={"install": False})
    assert {r.name for r in there.of_type(RELEASE)} == {"airbyte", "dagster"}
    assert {r.name for r in there.of_type(NAMESPACE)} == {"airbyte", "dagster", "postgresql"}


def test_operator_goes_last() -> None:
    here = made()
    assert here.one(RELEASE, "postgresql-operator").urn in here.needs(cluster(here))


# The PostgresCluster
def test_cluster_is_protected_by_default() -> None:
    assert cluster(made()).options["protect"] is True


def test_cluster_may_be_deleted_where_the_stack_says_so() -> None:
    options = cluster(plan(retainData=False, **standalone(deletionProtection=False))).options
    assert "protect" not in options


def test_pulumi_waits_until_instances_roles_and_pgbouncer_exist() -> None:
    def conditions(**server: Any) -> list[str]:
        return json.loads(cluster(made(**server)).inputs["metadata"]["annotations"]["pulumi.com/waitFor"])

    instances = "jsonpath={.status.instances[?(@.name=='instance1')].readyReplicas}=2"
    roles = "jsonpath={.status.usersRevision}"
    assert conditions(instances=2) == [instances, roles]
    assert conditions(instances=2, pooler={"instances": 1}) == [
        instances,
        roles,
        "jsonpath={.status.proxy.pgBouncer.readyReplicas}=1",
        "jsonpath={.status.proxy.pgBouncer.postgresRevision}",
    ]


def test_pulumi_waits_for_each_instance_as_long_as_the_stack_says() -> None:
    stack = standalone(instances=2)
    stack["postgresql"]["startTimeoutSeconds"] = 1200
    assert cluster(plan(**stack)).options["customTimeouts"] == {"create": "2400s", "update": "2400s"}


@pytest.mark.parametrize(
    ("server", "waits"),
    [({}, True), ({"instances": 2}, True), ({"synchronous": False}, False), ({"instances": 1}, False)],
)
def test_a_commit_waits_for_another_instance_where_there_is_one(server: dict[str, Any], waits: bool) -> None:
    assert spec(**server)["patroni"]["dynamicConfiguration"] == {"synchronous_mode": waits}


def test_admin_creates_roles_and_databases_and_is_no_superuser() -> None:
    (admin,) = spec(adminUsername="owner")["users"]
    assert admin == {"name": "owner", "options": "CREATEDB CREATEROLE", "password": {"type": "AlphaNumeric"}}


def test_settings_are_derived_from_memory_and_may_be_changed() -> None:
    parameters = spec(parameters={"work_mem": "64MB", "jit": False, "random_page_cost": 1.5})["config"]["parameters"]
    assert parameters["shared_buffers"] == "1048576kB"
    assert parameters["max_connections"] == 400
    assert (parameters["work_mem"], parameters["jit"], parameters["random_page_cost"]) == ("64MB", "off", "1.5")


@pytest.mark.parametrize(("version", "compression"), [(14, "on"), (15, "lz4")])
def test_wal_is_compressed_as_the_version_can(version: int, compression: str) -> None:
    image = f"registry.example.com/crunchy-postgres:ubi9-{version}.1-1"
    found = spec(postgresVersion=version, image=image)
    assert found["config"]["parameters"]["wal_compression"] == compression
    assert (found["image"], found["postgresVersion"]) == (image, version)


def test_a_larger_size_changes_the_cluster_in_place_and_nothing_else() -> None:
    ((key, (old, new)),) = changed(made(), made(storageSize="100Gi", memory="8Gi")).items()
    assert key == (POSTGRES_CLUSTER, "postgresql-cluster-postgresql")
    names = [{part: r.inputs["metadata"][part] for part in ("name", "namespace")} for r in (old, new)]
    assert names[0] == names[1]


def test_instances_are_spread() -> None:
    labels = {
        "postgres-operator.crunchydata.com/cluster": "postgresql",
        "postgres-operator.crunchydata.com/instance-set": "instance1",
    }
    (instances,) = spec(nodeSelector={"disk": "ssd"}, zoneSpread="required")["instances"]
    (term,) = instances["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term == {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    (nodes,) = instances["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert nodes == {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}
    (zones,) = instances["topologySpreadConstraints"]
    assert zones["whenUnsatisfiable"] == "DoNotSchedule"
    (loose,) = spec(nodeSpread="preferred", zoneSpread="none")["instances"]
    assert loose["affinity"].keys() == {"podAntiAffinity"}
    assert loose["affinity"]["podAntiAffinity"].keys() == {"preferredDuringSchedulingIgnoredDuringExecution"}
    assert "topologySpreadConstraints" not in loose


# Backups
def test_each_place_of_backups_keeps_its_number() -> None:
    def names(backups: dict[str, Any]) -> list[str]:
        return [repository["name"] for repository in spec(backups=backups)["backups"]["pgbackrest"]["repos"]]

    assert names(EVERYWHERE) == ["repo1", "repo2", "repo3"]
    assert names(S3) == ["repo2"]
    assert names(GCS) == ["repo3"]


def test_backups_are_made_and_kept_as_the_stack_says() -> None:
    backups = spec(backups=EVERYWHERE)["backups"]["pgbackrest"]
    assert backups["global"] == {
        "repo1-retention-full": "14",
        "repo1-retention-full-type": "time",
        "repo2-path": "/prod/pg",
        "repo2-retention-full": "4",
        "repo2-retention-full-type": "count",
        "repo2-s3-uri-style": "path",
        "repo3-path": "/prod/pg",
        "repo3-retention-diff": "7",
        "repo3-retention-full": "90",
        "repo3-retention-full-type": "time",
    }
    assert [repository["schedules"] for repository in backups["repos"]] == [
        {"full": "0 1 * * 0", "differential": "0 1 * * 1-6", "incremental": "*/15 * * * *"},
        {"full": "0 1 * * 0", "differential": "0 1 * * 1-6"},
        {"full": "30 2 1,15 jan-dec *"},
    ]
    assert backups["configuration"] == [{"secret": {"name": "s3"}}, {"secret": {"name": "gcs"}}]


def test_paths_in_a_bucket_tell_servers_apart() -> None:
    found = spec(name="main", backups={**S3, **GCS})["backups"]["pgbackrest"]["global"]
    assert found["repo2-path"] == "/pgbackrest/postgresql/main/repo2"
    assert found["repo3-path"] == "/pgbackrest/postgresql/main/repo3"


@pytest.mark.parametrize("backups", [S3, GCS, {"volume": {"storageSize": "9Gi"}}])
def test_the_servers_namespace_is_the_programs_whatever_else_is_in_it(backups: dict[str, Any]) -> None:
    """Never by a setting that may change later: a namespace that is let go takes the volumes with it."""
    assert "postgresql" in {r.name for r in made(backups=backups).of_type(NAMESPACE)}


# PgBouncer
def test_pgbouncer_is_bounded_and_looks_passwords_up_where_they_can_be_found() -> None:
    pooler = spec(pooler={})["proxy"]["pgBouncer"]
    assert pooler["replicas"] == 2
    assert pooler["config"] == {
        "global": {
            # Neither the operator's function nor CONNECT is in databases that the bootstrap Job makes.
            "auth_dbname": "postgres",
            "pool_mode": "transaction",
            "default_pool_size": "10",
            "max_db_connections": "10",
            "max_client_conn": "1000",
            "query_wait_timeout": "60",
            "max_prepared_statements": "200",
            "server_reset_query": "RESET ALL",
            "server_reset_query_always": "1",
            "server_login_retry": "1",
            "server_connect_timeout": "2",
        }
    }
    assert "proxy" not in spec()


@pytest.mark.parametrize(("pooler", "host"), [({}, POOLER), (None, PRIMARY)], ids=["pgbouncer", "none"])
def test_apps_go_to_pgbouncer_where_there_is_one_and_jobs_never(pooler: dict[str, Any] | None, host: str) -> None:
    here = made() if pooler is None else made(pooler=pooler)
    # Temporal's driver cannot use a pooler in transaction mode, the only one of all databases.
    for app, place in (("airbyte", PRIMARY), ("dagster", host)):
        data = values(here.one(SECRET, f"{app}-database-secret"))
        assert (data["host"], data["port"]) == (place, "5432")
        assert environment(here.one(JOB, f"{app}-database-bootstrap"))["PGHOST"] == PRIMARY


# TLS and who may log in
def test_clients_check_the_server_against_the_operators_ca() -> None:
    here = made()
    for app in ("airbyte", "dagster"):
        data = values(here.one(SECRET, f"{app}-database-secret"))
        assert data["ca.crt"] == CA
        assert data["uri"].endswith("?sslmode=verify-full")
        assert environment(here.one(JOB, f"{app}-database-bootstrap"))["PGSSLMODE"] == "verify-full"
        assert here.one(CONFIG_MAP, f"{app}-database-bootstrap").inputs["data"]["ca.crt"] == CA


def test_jobs_read_the_operators_secret_of_the_admin_where_it_is() -> None:
    job = made(name="main", adminUsername="owner").one(JOB, "airbyte-database-bootstrap")
    assert job.inputs["metadata"]["namespace"] == "postgresql"
    assert environment(job)["PGUSER"] == {"name": "main-pguser-owner", "key": "user"}
    assert environment(job)["PGPASSWORD"] == {"name": "main-pguser-owner", "key": "password"}


def test_program_reads_nothing_of_the_admin() -> None:
    assert [r.options["read"] for r in made().resources if "read" in r.options] == [
        "postgresql/postgresql-cluster-cert"
    ]


def test_operators_secrets_are_read_once_the_cluster_is_ready_and_with_the_stacks_provider() -> None:
    here = plan(**RICH)
    provider = here.one(PROVIDER, "cluster")
    read = [r for r in here.resources if "read" in r.options]
    assert sorted(r.options["read"] for r in read) == [
        "postgresql/postgresql-cluster-cert",
        "postgresql/postgresql-pguser-analyst",
        "postgresql/postgresql-pguser-reports",
    ]
    for secret in read:
        assert secret.provider.rpartition("::")[0] == provider.urn


def test_a_database_is_bootstrapped_on_a_ready_cluster() -> None:
    here = made()
    for app in ("airbyte", "dagster"):
        assert cluster(here).urn in here.needs(here.one(JOB, f"{app}-database-bootstrap"))
        assert cluster(here).urn in here.needs(here.one(RELEASE, app))


def test_further_roles_get_a_secret_as_the_apps_have_it() -> None:
    here = plan(**RICH)
    users = cluster(here).inputs["spec"]["users"]
    assert [(user["name"], user.get("databases")) for user in users] == [
        ("lakehouse-admin", None),
        ("reports", ["reports"]),
        ("analyst", ["reports", "archive"]),
    ]
    secret = here.one(SECRET, "postgresql-login-reports")
    assert secret.inputs["metadata"] == {"name": "postgresql-login-reports", "namespace": "postgresql"}
    assert set(secret.inputs["data"].values()) == {"[secret]"}
    data = values(secret)
    assert data.keys() == {"host", "port", "database", "username", "password", "uri", "jdbc-url", "ca.crt"}
    assert (data["host"], data["username"]) == (POOLER, "reports")
    assert data["password"] == f"{GENERATED}-postgresql-pguser-reports"


# Secrecy
def test_passwords_and_keys_of_the_operator_are_nowhere_in_the_open() -> None:
    here = plan(**RICH)
    assert [r.name for r in here.resources if has_password(mask(r.raw))] == []
    assert not has_password(mask(here.outputs))
    assert GENERATED not in render(here)


def test_private_keys_go_nowhere_at_all() -> None:
    here = plan(**RICH)
    everything = str([reveal(r.raw) for r in here.resources]) + str(reveal(here.outputs))
    assert f"{GENERATED}-postgresql-cluster-cert" not in everything
    # The admin's password is read by Jobs alone.
    assert f"{GENERATED}-postgresql-pguser-lakehouse-admin" not in everything


def test_only_secrets_carry_a_password() -> None:
    here = plan(**RICH)
    assert {r.type for r in here.resources if has_password(reveal(r.raw))} == {SECRET}


def test_certificate_is_no_secret() -> None:
    files = made().one(CONFIG_MAP, "airbyte-database-bootstrap")
    assert files.inputs["data"] != "[secret]"


# A role's login
@pytest.mark.parametrize("pgbouncer", [False, True], ids=["primary", "pgbouncer"])
@pytest.mark.parametrize("password", [*AWKWARD, "plain"])
@pytest.mark.parametrize("aliases", [AIRBYTE_ALIASES, DAGSTER_ALIASES], ids=["airbyte", "dagster"])
def test_operators_secret_becomes_what_the_charts_want(password: str, pgbouncer: bool, aliases: dict[str, str]) -> None:
    theirs = user_secret("main", "db", "reports", password, pgbouncer=pgbouncer)
    ours = login_data(theirs, secret_name="s", aliases=aliases, ca=CA)
    assert ours.keys() == {
        *("host", "port", "database", "username", "password", "uri", "jdbc-url", "ca.crt"),
        *aliases,
    }
    assert ours["host"] == ("main-pgbouncer.db.svc" if pgbouncer else "main-primary.db.svc")
    assert (ours["database"], ours["username"], ours["password"]) == ("reports", "reports", password)
    assert {alias: ours[key] for alias, key in aliases.items()} == {alias: ours[alias] for alias in aliases}
    login = {"user": "reports", "password": password, "dbname": "reports", "host": ours["host"], "port": "5432"}
    # The operator's strings leave TLS to the client, who would not check anything then.
    assert conninfo_to_dict(theirs["pgbouncer-uri" if pgbouncer else "uri"]) == login
    assert conninfo_to_dict(ours["uri"]) == login | {"sslmode": TlsMode.VERIFY_FULL.value}


def test_operators_secret_without_a_database_is_refused_with_words() -> None:
    with pytest.raises(ValueError, match="the operator's Secret lacks dbname"):
        login_data(user_secret("main", "db", "owner", "p", database=None), secret_name="s", aliases={}, ca=CA)


def test_ca_certificate_is_all_that_is_decoded_of_its_secret() -> None:
    data = existing_secret("db/main-cluster-cert", "word")
    assert ca_certificate({**data, "tls.key": "no Base64 at all"}) == CA
    with pytest.raises(ValueError, match=r"has no ca\.crt"):
        ca_certificate(encoded({"tls.crt": "x"}))


# A stack that changes from embedded
def test_a_switch_from_embedded_takes_servers_away_and_leaves_apps_and_databases() -> None:
    before, after = plan(), made()
    old, new = ({(r.type, r.name) for r in it.resources} for it in (before, after))
    gone = {name for kind, name in old - new}
    assert gone == {
        f"{app}-postgresql{part}"
        for app in ("airbyte", "dagster")
        for part in ("", "-admin", "-config", "-data", "-service", "-server")
    }
    assert {(PASSWORD, "airbyte-postgresql-admin"), (STATEFUL_SET, "dagster-postgresql-server")} <= old - new
    assert {name for _, name in new - old} == {
        "postgresql",
        "postgresql-operator-namespace",
        "postgresql-operator",
        "postgresql-cluster-postgresql",
        "postgresql-certificate",
        # The apps' passwords, for Jobs that run beside the server.
        "airbyte-database-bootstrap",
        "dagster-database-bootstrap",
    }


def test_plan_can_be_reviewed() -> None:
    resources = yaml.safe_load(render(plan(**RICH)))["resources"]
    read = resources["lakehouse/postgresql/postgresql-certificate kubernetes:core/v1:Secret"]
    assert read["options"] == {"read": "postgresql/postgresql-cluster-cert"}


def test_the_server_serves_in_another_program() -> None:
    def program() -> None:
        created: TextInput = pulumi.Output.from_input("created")
        repository = GcsRepository(bucket=created, credentials=RepositoryCredentials(secret_name=created))
        settings = CrunchyDataSettings(
            name="orders",
            backups=CrunchyDataBackups(gcs=repository),
            operator=CrunchyDataOperator(install=False),
        )
        server = CrunchyDataServer("pg", settings, Placement("shop"))
        Database(
            "orders",
            DatabaseArgs(
                DatabaseSettings(name="orders", username="orders", secret_name="orders-db"), server.connection, "web"
            ),
            pulumi.ResourceOptions(depends_on=[server]),
        )

    here = record(program)
    server = here.one(POSTGRES_CLUSTER, "pg-cluster-orders")
    assert server.inputs["metadata"]["namespace"] == "shop"
    backups = server.inputs["spec"]["backups"]["pgbackrest"]
    assert backups["repos"][0]["gcs"] == {"bucket": "created"}
    assert backups["configuration"] == [{"secret": {"name": "created"}}]
    assert not here.of_type(RELEASE)
    job = here.one(JOB, "orders-bootstrap")
    assert environment(job)["PGPASSWORD"] == {"name": "orders-pguser-lakehouse-admin", "key": "password"}
    assert server.urn in here.needs(job)
