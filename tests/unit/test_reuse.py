"""Each component serves on its own, in a program that knows nothing of this one's stack files."""

import pulumi

from components.apps.airbyte.component import Airbyte
from components.apps.airbyte.settings import AirbyteChart, AirbyteSettings
from components.apps.airbyte.storage import S3Storage
from components.apps.app import AppPlacement
from components.apps.dagster.component import Dagster
from components.apps.dagster.settings import DagsterDatabase, DagsterSettings
from components.forms.object_storage import S3WorkloadIdentity
from components.helm.chart import Chart
from components.kubernetes.object_defaults import ObjectDefaults
from components.kubernetes.pods import Pods, Toleration
from components.postgres.database import Database, DatabaseArgs
from components.postgres.database_settings import DatabaseSettings
from components.postgres.endpoint import Endpoint, TlsMode
from components.postgres.server import AdminSecret, ServerConnection
from components.servers.embedded.component import EmbeddedServer
from components.servers.embedded.settings import EmbeddedSettings
from components.servers.placement import Placement
from components.servers.rds.component import RdsServer
from components.servers.rds.instance import RdsBackups, RdsInstance, RdsNetwork
from components.servers.rds.settings import RdsSettings
from tests.support.kinds import CLAIM, CONFIG_MAP, JOB, NAMESPACE, RDS_INSTANCE, RELEASE, SECRET, STATEFUL_SET
from tests.support.recording import record, reveal, values

IMAGE = "docker.io/library/postgres:17.4"


def settings(app: str) -> DatabaseSettings:
    return DatabaseSettings(name=app, username=app, secret_name=f"{app}-db")


def own_database() -> None:
    """A server with two databases for an application of one's own."""
    place = Placement("shop", client_image=IMAGE, retain_data=False)
    server = EmbeddedServer("pg", "orders-db", EmbeddedSettings(), place)
    for app in ("orders", "billing"):
        database = Database(
            app,
            DatabaseArgs(settings(app), server.connection, "shop"),
            pulumi.ResourceOptions(depends_on=[server]),
        )
        pulumi.export(app, {"host": database.endpoint.host, "uri": database.connection_uri})


def test_a_server_with_two_databases_of_another_program() -> None:
    made = record(own_database)
    server = made.one(STATEFUL_SET, "pg-server")
    assert server.inputs["metadata"] == server.inputs["metadata"] | {"name": "orders-db", "namespace": "shop"}
    assert made.one(CLAIM, "pg-data").inputs["metadata"]["name"] == "data-orders-db-0"
    assert "retainOnDelete" not in made.one(CLAIM, "pg-data").options
    for app in ("orders", "billing"):
        assert server.urn in made.needs(made.one(JOB, f"{app}-bootstrap"))
        data = values(made.one(SECRET, f"{app}-secret"))
        assert data.keys() == {"host", "port", "database", "username", "password", "uri", "jdbc-url", "scram-verifier"}
        assert reveal(made.outputs[app]) == {"host": "orders-db.shop.svc.cluster.local", "uri": data["uri"]}
    assert not made.of_type(RELEASE)
    assert not made.of_type(NAMESPACE)


def test_databases_names_do_not_clash() -> None:
    made = record(own_database)
    names = [(r.type, r.inputs["metadata"]["name"]) for r in made.resources if "metadata" in r.inputs]
    assert len(set(names)) == len(names)


def foreign_server() -> None:
    """A database on a server that somebody else runs, in another namespace than the app."""
    server = ServerConnection(
        host="db.example.com",
        port=6432,
        tls=TlsMode.VERIFY_FULL,
        namespace="admin",
        admin=AdminSecret("db-admin"),
        client_image=IMAGE,
        ca_certificate="certificate",
        app_host="pooler.example.com",
        app_port=6433,
    )
    Database(
        "orders",
        DatabaseArgs(
            DatabaseSettings(
                name="orders",
                username="orders",
                secret_name="orders-db",
                connection_limit=20,
                statement_timeout_seconds=60,
            ),
            server,
            "shop",
            further_databases={"archive": ["pg_trgm"]},
            secret_aliases={"PGPASSWORD": "password"},
        ),
    )


def test_a_database_on_a_server_that_somebody_else_runs() -> None:
    made = record(foreign_server)
    job = made.one(JOB, "orders-bootstrap")
    (container,) = job.pod["spec"]["containers"]
    variables = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert (variables["PGHOST"], variables["PGPORT"], variables["PGSSLMODE"]) == (
        "db.example.com",
        "6432",
        "verify-full",
    )
    assert variables["APP_DATABASES"] == "orders\narchive"
    assert variables["APP_EXTENSIONS"] == "archive:pg_trgm"
    limits = ("CONNECTION_LIMIT", "STATEMENT_TIMEOUT_SECONDS", "IDLE_IN_TRANSACTION_TIMEOUT_SECONDS")
    assert [variables[name] for name in limits] == ["20", "60", "0"]
    assert variables["PGSSLROOTCERT"] == "/scripts/ca.crt"
    assert made.one(CONFIG_MAP, "orders-bootstrap").inputs["data"]["ca.crt"] == "certificate"
    # A pod reads Secrets of its own namespace alone: the admin's as well as the app's.
    needed = {v["valueFrom"]["secretKeyRef"]["name"] for v in container["env"] if "valueFrom" in v}
    there = {r.inputs["metadata"]["name"] for r in made.of_type(SECRET) if r.inputs["metadata"]["namespace"] == "admin"}
    assert needed == there | {"db-admin"} == {"orders-db-bootstrap", "db-admin"}
    assert made.one(SECRET, "orders-bootstrap").urn in made.needs(job)
    data = values(made.one(SECRET, "orders-secret"))
    assert data["PGPASSWORD"] == data["password"]
    assert data["uri"].endswith("@pooler.example.com:6433/orders?sslmode=verify-full")
    assert data["ca.crt"] == "certificate"


ENDPOINT = Endpoint(
    host="db.example.com", port=6432, database="meta", username="meta", secret_name="meta-db", tls=TlsMode.REQUIRE
)


def test_dagster_on_an_existing_database() -> None:
    addresses: list[str] = []

    def program() -> None:
        dagster = DagsterSettings(
            namespace="jobs",
            release_name="jobs",
            chart=Chart(version="1.13.0", repository="https://charts.example.com"),
            database=DagsterDatabase(password_rotation=3),
            values={"dagster-user-deployments": {"deployments": []}},
        )
        addresses.append(Dagster("jobs", dagster, AppPlacement(ENDPOINT, IMAGE)).address)

    made = record(program)
    assert [r.type for r in made.resources if r.custom] == [RELEASE]
    values = made.one(RELEASE, "jobs").inputs["values"]
    assert values["postgresql"]["postgresqlHost"] == "db.example.com"
    assert values["postgresql"]["postgresqlParams"] == {"sslmode": "require"}
    assert values["dagsterDaemon"]["annotations"] == {"lakehouse/credentials-rotation": "database-3"}
    assert addresses == ["http://jobs-dagster-webserver.jobs.svc.cluster.local"]


def test_airbyte_on_an_existing_database_and_a_bucket_of_the_same_program() -> None:
    def program() -> None:
        storage = S3Storage(
            region="eu-central-1",
            bucket=pulumi.Output.from_input("computed"),
            workload_identity=S3WorkloadIdentity(role_arn=pulumi.Output.from_input("arn:computed")),
        )
        airbyte = AirbyteSettings(
            namespace="etl",
            release_name="etl",
            chart=AirbyteChart(version="2.2.0", oci="oci://registry.example.com/charts/airbyte"),
            storage=storage,
            values={"server": {"replicaCount": 2}},
        )
        Airbyte("etl", airbyte, AppPlacement(ENDPOINT))

    made = record(program)
    assert [r.type for r in made.resources if r.custom] == [RELEASE]
    release = made.one(RELEASE, "etl").inputs
    values = release["values"]
    assert (release["chart"], release["version"]) == ("oci://registry.example.com/charts/airbyte", "2.2.0")
    assert values["global"]["database"]["host"] == "db.example.com"
    assert values["global"]["storage"]["bucket"]["log"] == "computed"
    assert values["serviceAccount"]["annotations"] == {"eks.amazonaws.com/role-arn": "arn:computed"}
    assert values["server"]["replicaCount"] == 2
    assert values["server"]["podAnnotations"]["lakehouse/credentials-rotation"] == "database-1"


def test_a_server_in_a_cloud_with_a_database_of_another_program() -> None:
    def program() -> None:
        network = RdsNetwork(vpc_id="vpc-01234567", subnet_group="private", allowed_cidrs=["10.0.0.0/16"])
        backups = RdsBackups(final_snapshot=False)
        instance = RdsInstance(identifier="orders", network=network, backups=backups)
        server = RdsServer(
            "orders",
            RdsSettings(region="eu-west-1", instance=instance, tls="require"),
            Placement("admin", client_image=IMAGE),
        )
        database = Database(
            "orders",
            DatabaseArgs(settings("orders"), server.connection, "shop"),
            pulumi.ResourceOptions(depends_on=[server]),
        )
        pulumi.export("host", database.endpoint.host)

    made = record(program)
    instance = made.one(RDS_INSTANCE, "orders-instance")
    assert instance.inputs["dbSubnetGroupName"] == "private"
    assert instance.inputs["skipFinalSnapshot"] is True
    assert made.outputs["host"] == "orders.c0123456789.eu-central-1.rds.amazonaws.com"
    assert instance.urn in made.needs(made.one(JOB, "orders-bootstrap"))
    assert {r.inputs["metadata"]["name"] for r in made.of_type(SECRET)} == {
        "orders-admin",
        "orders-db",
        "orders-db-bootstrap",
    }


def marked_database() -> None:
    """A server and a database of which every pod tolerates a taint and every object has a label."""
    pods = Pods(tolerations=[Toleration(key="dedicated", operator="Exists")], run_as_user=5000)
    marked = ObjectDefaults(labels={"team": "shop"}, pods=pods).transformation
    server = EmbeddedServer(
        "pg",
        "orders-db",
        EmbeddedSettings(),
        Placement("shop", client_image=IMAGE, pods=pods),
        pulumi.ResourceOptions(transformations=[marked]),
    )
    Database(
        "orders",
        DatabaseArgs(settings("orders"), server.connection, "shop"),
        pulumi.ResourceOptions(depends_on=[server], transformations=[marked]),
    )


def test_settings_of_all_pods_serve_in_another_program() -> None:
    made = record(marked_database)
    objects = [r for r in made.resources if r.type.startswith("kubernetes:")]
    assert len(objects) >= 7
    assert {r.inputs["metadata"]["labels"]["team"] for r in objects} == {"shop"}
    for resource in (*made.of_type(STATEFUL_SET), *made.of_type(JOB)):
        assert resource.pod["spec"]["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]
        assert resource.pod["spec"]["securityContext"]["runAsUser"] == 5000
