"""A server that the CloudNativePG operator runs: what is made, in which order, and what becomes of its secrets."""

import json
from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.forms.computed import TextInput
from components.forms.cron import five_fields
from components.forms.object_storage import GcsWorkloadIdentity, S3Credentials
from components.helm.chart import Chart
from components.postgres.database import Database, DatabaseArgs
from components.postgres.database_settings import DatabaseSettings
from components.servers.cloudnativepg.backups import CloudNativePGBackups, GcsBackups, S3Backups
from components.servers.cloudnativepg.component import CloudNativePGServer
from components.servers.cloudnativepg.operator import CloudNativePGOperator
from components.servers.cloudnativepg.pins import CLOUDNATIVEPG_CHART
from components.servers.cloudnativepg.pooler import CloudNativePGPooler
from components.servers.cloudnativepg.settings import CloudNativePGSettings
from components.servers.placement import Placement
from tests.support.kinds import CONFIG_MAP, DISRUPTION_BUDGET, JOB, NAMESPACE, PASSWORD, RELEASE, SECRET
from tests.support.recording import GENERATED, Plan, mask, record, reveal, values
from tests.support.secrecy import carries, has_password
from tests.support.stacks import plan

API = "kubernetes:postgresql.cnpg.io/v1"
CLUSTER, POOLER, SCHEDULED = f"{API}:Cluster", f"{API}:Pooler", f"{API}:ScheduledBackup"
S3 = {"s3": {"bucket": "backups", "path": "prod", "credentials": {"secretName": "s3-key"}}}
GCS = {"bucket": "backups", "compression": "none"}
ACCOUNT = "backups@my-project.iam.gserviceaccount.com"
ROLE = "arn:aws:iam::123456789012:role/backups"


def cnpg(**server: Any) -> Plan:
    """The whole program on such a server."""
    return plan(postgresql={"mode": "standalone", "server": {"kind": "cloudnativepg", **server}})


def spec(made: Plan, kind: str = CLUSTER) -> dict[str, Any]:
    (found,) = made.of_type(kind)
    return found.inputs["spec"]


def test_three_synchronous_instances_by_default() -> None:
    cluster = spec(cnpg())
    assert cluster["instances"] == 3
    assert cluster["postgresql"]["synchronous"] == {
        "method": "any",
        "number": 1,
        "dataDurability": "required",
        "failoverQuorum": True,
    }
    assert (cluster["enablePDB"], cluster["affinity"]["podAntiAffinityType"]) == (True, "required")
    assert "synchronous" not in spec(cnpg(synchronous={"enabled": False}))["postgresql"]


def test_plain_text_connections_are_rejected_before_the_operators_last_line() -> None:
    assert spec(cnpg())["postgresql"]["pg_hba"] == [
        "hostssl all all all scram-sha-256",
        "hostnossl all all all reject",
    ]


def test_parameters_are_texts_and_theirs_come_last() -> None:
    parameters = spec(cnpg(parameters={"log_min_duration_statement": 500, "jit": False, "work_mem": "7MB"}))[
        "postgresql"
    ]["parameters"]
    assert {type(value) for value in parameters.values()} == {str}
    assert (parameters["shared_buffers"], parameters["max_connections"]) == ("1048576kB", "400")
    assert [parameters[n] for n in ("log_min_duration_statement", "jit", "work_mem")] == ["500", "off", "7MB"]
    # Half of the WAL volume.
    assert parameters["max_slot_wal_keep_size"] == "4096MB"


def test_standbys_find_a_new_primary_soon_and_a_restarted_one_serves_soon() -> None:
    made = cnpg()
    assert spec(made)["postgresql"]["parameters"]["wal_retrieve_retry_interval"] == "500ms"
    assert spec(made)["probes"] == {"startup": {"periodSeconds": 1}}
    assert spec(made)["failoverDelay"] == 2
    operator = made.one(RELEASE, "postgresql-operator").inputs["values"]["config"]["data"]
    assert operator["STANDBY_TCP_USER_TIMEOUT"] == "2000"
    slower = cnpg(
        parameters={"wal_retrieve_retry_interval": "5s"},
        operator={"values": {"config": {"data": {"STANDBY_TCP_USER_TIMEOUT": "5000"}}}},
    )
    assert spec(slower)["postgresql"]["parameters"]["wal_retrieve_retry_interval"] == "5s"
    operator = slower.one(RELEASE, "postgresql-operator").inputs["values"]["config"]["data"]
    assert operator["STANDBY_TCP_USER_TIMEOUT"] == "5000"


def test_initdb_creates_no_database_and_no_role() -> None:
    made = spec(cnpg())["bootstrap"]["initdb"]
    assert (made["database"], made["owner"], made["secret"]) == ("postgres", "postgres", {"name": "postgresql-admin"})
    assert (made["dataChecksums"], made["encoding"], made["localeCollate"]) == (True, "UTF8", "C.UTF-8")


def test_pulumi_waits_for_every_instance() -> None:
    (cluster,) = cnpg(instances=5).of_type(CLUSTER)
    waits = json.loads(cluster.inputs["metadata"]["annotations"]["pulumi.com/waitFor"])
    assert waits == ["condition=Ready", "jsonpath={.status.readyInstances}=5"]
    assert cluster.options["customTimeouts"] == {"create": "1500s", "update": "1500s"}


def test_sizes_change_the_cluster_alone_and_in_place() -> None:
    larger = {"storageSize": "40Gi", "walStorageSize": "16Gi", "memory": "4Gi", "cpu": "1", "instances": 5}
    before, after = cnpg(), cnpg(**larger)
    inputs = [{(r.type, r.name): r.inputs for r in made.resources} for made in (before, after)]
    assert inputs[0].keys() == inputs[1].keys()
    changed = [key for key in inputs[0] if inputs[0][key] != inputs[1][key]]
    assert changed == [(CLUSTER, "postgresql-cluster-postgresql")]
    (old,), (new,) = before.of_type(CLUSTER), after.of_type(CLUSTER)
    # What Pulumi replaces an object for.
    assert [r.inputs["metadata"]["name"] for r in (old, new)] == ["postgresql"] * 2
    assert [r.inputs["metadata"]["namespace"] for r in (old, new)] == ["postgresql"] * 2


@pytest.mark.parametrize(("protected", "settings"), [(True, {}), (False, {"deletionProtection": False})])
def test_the_cluster_is_protected_unless_the_stack_says_otherwise(protected: bool, settings: dict[str, Any]) -> None:
    server = {"mode": "standalone", "server": {"kind": "cloudnativepg", **settings}}
    (cluster,) = plan(postgresql=server, retainData=False).of_type(CLUSTER)
    assert cluster.options.get("protect", False) is protected


def test_operator_comes_first_and_apps_last() -> None:
    made = cnpg(pooler={}, backups=S3)
    (cluster,), (pooler,), (scheduled,) = (made.of_type(kind) for kind in (CLUSTER, POOLER, SCHEDULED))
    before = made.needs(cluster)
    assert made.one(RELEASE, "postgresql-operator").urn in before
    assert made.one(NAMESPACE, "postgresql-operator-namespace").urn in before
    assert made.one(SECRET, "postgresql-admin").urn in before
    assert cluster.urn in made.needs(pooler) & made.needs(scheduled)
    for app in ("airbyte", "dagster"):
        assert {cluster.urn, pooler.urn} <= made.needs(made.one(JOB, f"{app}-database-bootstrap"))
        assert {cluster.urn, pooler.urn} <= made.needs(made.one(RELEASE, app))


def test_operator_is_the_pinned_chart_with_long_lived_certificates() -> None:
    operator = cnpg().one(RELEASE, "postgresql-operator").inputs
    assert (operator["chart"], operator["version"]) == (CLOUDNATIVEPG_CHART.name, CLOUDNATIVEPG_CHART.version)
    assert operator["repositoryOpts"] == {"repo": CLOUDNATIVEPG_CHART.repository}
    assert operator["namespace"] == "cnpg-system"
    assert operator["values"]["config"]["data"]["CERTIFICATE_DURATION"] == "3650"


def test_values_of_ones_own_are_merged_into_the_operators() -> None:
    values = {"resources": {"limits": {"memory": "256Mi"}}, "config": {"data": {"INHERITED_LABELS": "team"}}}
    made = (
        cnpg(operator={"values": values, "certificateDays": 400}).one(RELEASE, "postgresql-operator").inputs["values"]
    )
    data = made["config"]["data"]
    assert (data["CERTIFICATE_DURATION"], data["INHERITED_LABELS"]) == ("400", "team")
    assert made["resources"] == values["resources"]


def test_an_existing_operator_is_left_alone() -> None:
    made = cnpg(operator={"install": False})
    assert {r.name for r in made.of_type(RELEASE)} == {"airbyte", "dagster"}
    assert "postgresql-operator-namespace" not in {r.name for r in made.of_type(NAMESPACE)}


def test_apps_connect_to_the_primary_or_to_the_pooler_and_jobs_to_the_primary() -> None:
    primary, pooler = (f"postgresql-{end}.postgresql.svc.cluster.local" for end in ("rw", "pooler"))
    for made, host in ((cnpg(), primary), (cnpg(pooler={}), pooler)):
        # Temporal's driver cannot use a pooler in transaction mode, the only one of all databases.
        for app, place in (("airbyte", primary), ("dagster", host)):
            (container,) = made.one(JOB, f"{app}-database-bootstrap").pod["spec"]["containers"]
            assert {"name": "PGHOST", "value": primary} in container["env"]
            assert {"name": "PGSSLMODE", "value": "verify-full"} in container["env"]
            data = values(made.one(SECRET, f"{app}-database-secret"))
            assert (data["host"], data["port"]) == (place, "5432")
            assert data["uri"].endswith("sslmode=verify-full")
        names = spec(made).get("certificates", {}).get("serverAltDNSNames", [])
        assert (pooler in names) is (host == pooler)


def test_people_dump_past_the_pooler() -> None:
    for made, place in (
        (cnpg(), "PGHOST=$host PGPORT=$port "),
        (cnpg(pooler={}), "PGHOST=postgresql-rw.postgresql.svc.cluster.local PGPORT=5432 "),
    ):
        for output in ("psqlCommand", "pgDumpCommand"):
            assert place in made.outputs["dagster"][output]


def test_pooler_refuses_clear_text_and_waits_for_nothing_without_end() -> None:
    made = spec(cnpg(pooler={"instances": 3, "maxDbConnections": 7}), POOLER)
    assert (made["cluster"], made["type"], made["instances"]) == ({"name": "postgresql"}, "rw", 3)
    assert made["pgbouncer"]["poolMode"] == "transaction"
    assert made["pgbouncer"]["parameters"] == {
        "max_client_conn": "1000",
        "default_pool_size": "7",
        "max_db_connections": "7",
        "max_prepared_statements": "200",
        "query_wait_timeout": "60",
        "server_reset_query": "RESET ALL",
        "server_reset_query_always": "1",
        "client_tls_sslmode": "require",
        "server_tls_sslmode": "verify-full",
        # PgBouncer's own 15 s would keep clients away from a new primary.
        "server_login_retry": "1",
        "server_connect_timeout": "2",
    }


def test_a_drain_takes_one_pod_of_the_pooler_at_a_time() -> None:
    inputs = cnpg(pooler={}).one(DISRUPTION_BUDGET, "postgresql-pooler-disruptions").inputs
    selector = {"matchLabels": {"cnpg.io/poolerName": "postgresql-pooler"}}
    assert inputs["spec"] == {"maxUnavailable": 1, "selector": selector}


STORES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = {
    "s3 key": (
        S3,
        {
            "destinationPath": "s3://backups/prod",
            "s3Credentials": {
                "accessKeyId": {"name": "s3-key", "key": "AWS_ACCESS_KEY_ID"},
                "secretAccessKey": {"name": "s3-key", "key": "AWS_SECRET_ACCESS_KEY"},
            },
            "wal": {"compression": "gzip"},
            "data": {"compression": "gzip", "immediateCheckpoint": True},
        },
        {},
    ),
    "s3 role": (
        {"s3": {"bucket": "backups", "workloadIdentity": {"roleArn": ROLE}}},
        {
            "destinationPath": "s3://backups/",
            "s3Credentials": {"inheritFromIAMRole": True},
            "wal": {"compression": "gzip"},
            "data": {"compression": "gzip", "immediateCheckpoint": True},
        },
        {"eks.amazonaws.com/role-arn": ROLE},
    ),
    "gcs key": (
        {"gcs": {**GCS, "credentials": {"secretName": "gcs-key"}}},
        {
            "destinationPath": "gs://backups/",
            "googleCredentials": {"applicationCredentials": {"name": "gcs-key", "key": "gcp.json"}},
            "wal": {},
            "data": {"immediateCheckpoint": True},
        },
        {},
    ),
    "gcs account": (
        {"gcs": {**GCS, "workloadIdentity": {"serviceAccount": ACCOUNT}}},
        {
            "destinationPath": "gs://backups/",
            "googleCredentials": {"gkeEnvironment": True},
            "wal": {},
            "data": {"immediateCheckpoint": True},
        },
        {"iam.gke.io/gcp-service-account": ACCOUNT},
    ),
}


@pytest.mark.parametrize(("settings", "store", "annotations"), STORES.values(), ids=STORES)
def test_backups_go_where_the_stack_says(
    settings: dict[str, Any], store: dict[str, Any], annotations: dict[str, str]
) -> None:
    cluster = spec(cnpg(backups=settings))
    assert cluster["backup"]["barmanObjectStore"] == store
    assert cluster["backup"]["retentionPolicy"] == "30d"
    given = cluster.get("serviceAccountTemplate", {}).get("metadata", {}).get("annotations", {})
    assert given == annotations


def test_backups_are_made_by_schedule_and_once_at_the_beginning() -> None:
    made = spec(cnpg(backups={"s3": {**S3["s3"], "schedule": "30 1,13 * * MON-FRI"}}), SCHEDULED)
    assert (made["schedule"], made["immediate"], made["cluster"]) == (
        # With a field for seconds, as the operator wants it.
        "0 30 1,13 * * MON-FRI",
        True,
        {"name": "postgresql"},
    )
    assert not cnpg().of_type(SCHEDULED)


def test_backups_with_a_secret_of_ones_own_leave_the_namespace_to_the_program() -> None:
    # A namespace that the program once made and then lets go would take the volumes with it.
    for made in (cnpg(), cnpg(backups=S3)):
        assert "postgresql" in {r.name for r in made.of_type(NAMESPACE)}


@pytest.mark.parametrize(
    "schedule", ["0 2 * * *", "*/15 0-6 1,15 jan-mar ?", "0 0 * * SUN", "5 5 31 12 6", "0 */6 * * mon,wed/2"]
)
def test_schedules_that_the_operators_read(schedule: str) -> None:
    assert five_fields(schedule) == schedule


def test_admin_password_is_in_its_secret_alone_and_rotates_with_its_number() -> None:
    made = cnpg(pooler={}, backups=S3, adminPasswordRotation=2)
    secret = made.one(SECRET, "postgresql-admin")
    assert (secret.inputs["type"], secret.inputs["data"]) == (
        "kubernetes.io/basic-auth",
        {"username": "[secret]", "password": "[secret]"},
    )
    assert secret.inputs["metadata"]["labels"] == {"cnpg.io/reload": "true"}
    assert made.one(PASSWORD, "postgresql-admin").inputs["keepers"] == {"rotation": "2"}
    word = f"{GENERATED}-postgresql-admin"
    assert [r.name for r in made.resources if carries(reveal(r.raw), word)] == ["postgresql-admin"]
    assert [r.name for r in made.resources if has_password(mask(r.raw))] == []


def test_the_cas_certificate_is_read_and_its_private_key_is_not_used() -> None:
    made = cnpg()
    read = made.one(SECRET, "postgresql-authority")
    assert read.options == {"read": "postgresql/postgresql-ca"}
    certificate = "certificate-of-postgresql/postgresql-ca"
    # In the open: a certificate is no secret, and masked it would hide every other change of the ConfigMap.
    assert made.one(CONFIG_MAP, "dagster-database-bootstrap").inputs["data"]["ca.crt"] == certificate
    assert values(made.one(SECRET, "dagster-database-secret"))["ca.crt"] == certificate
    assert [r.name for r in made.resources if carries(reveal(r.raw), f"{GENERATED}-key")] == []


def another_program() -> None:
    """A server for an application of one's own, with every part, and backups to a bucket that it creates."""
    bucket: TextInput = pulumi.Output.from_input("created")
    identity = GcsWorkloadIdentity(service_account=pulumi.Output.from_input(ACCOUNT))
    settings = CloudNativePGSettings(
        name="orders",
        image="ghcr.io/cloudnative-pg/postgresql:17.6-system-trixie",
        instances=2,
        storage_class="fast",
        parameters={"jit": False},
        node_selector={"disk": "fast"},
        pooler=CloudNativePGPooler(),
        backups=CloudNativePGBackups(gcs=GcsBackups(bucket=bucket, path="orders", workload_identity=identity)),
        operator=CloudNativePGOperator(
            chart=Chart(oci="oci://registry.example.com/cloudnative-pg"), create_namespace=False
        ),
    )
    server = CloudNativePGServer("pg", settings, Placement("shop-db"))
    Database(
        "orders",
        DatabaseArgs(
            DatabaseSettings(name="orders", username="orders", secret_name="orders-db"), server.connection, "shop"
        ),
        pulumi.ResourceOptions(depends_on=[server]),
    )


def test_it_serves_another_program() -> None:
    made = record(another_program)
    cluster = made.one(CLUSTER, "pg-cluster-orders").inputs
    assert cluster["metadata"]["name"] == "orders"
    assert cluster["spec"]["storage"] == {"size": "20Gi", "storageClass": "fast"}
    assert cluster["spec"]["affinity"]["nodeSelector"] == {"disk": "fast"}
    assert cluster["spec"]["backup"]["barmanObjectStore"]["destinationPath"] == "gs://created/orders"
    account = cluster["spec"]["serviceAccountTemplate"]["metadata"]["annotations"]
    assert account == {"iam.gke.io/gcp-service-account": ACCOUNT}
    assert made.one(POOLER, "pg-pooler").inputs["metadata"]["name"] == "orders-pooler"
    assert not made.of_type(NAMESPACE)
    data = values(made.one(SECRET, "orders-secret"))
    assert data["host"] == "orders-pooler.shop-db.svc.cluster.local"


def test_another_program_may_compute_the_name_of_a_secret() -> None:
    def program() -> None:
        key = S3Credentials(secret_name=pulumi.Output.from_input("created-key"))
        s3 = S3Backups(bucket="backups", endpoint="https://minio.example.com", credentials=key)
        settings = CloudNativePGSettings(name="a", backups=CloudNativePGBackups(s3=s3))
        CloudNativePGServer("a", settings, Placement("b"))

    store = spec(record(program))["backup"]["barmanObjectStore"]
    assert (store["endpointURL"], store["destinationPath"]) == ("https://minio.example.com", "s3://backups/")
    assert store["s3Credentials"]["accessKeyId"] == {"name": "created-key", "key": "AWS_ACCESS_KEY_ID"}


def test_a_model_of_another_program_refuses_with_the_stack_files_words() -> None:
    with pytest.raises(ValidationError, match="either `s3` or `gcs`"):
        CloudNativePGBackups()
    with pytest.raises(ValidationError, match="at least 2: a primary and `synchronous"):
        CloudNativePGSettings(instances=1)
