"""Each component serves on its own, in a program that knows nothing of this one's stack files."""

import pulumi

from components.apps.airbyte.component import Airbyte, AirbyteArgs
from components.apps.airbyte.object_storage import S3
from components.apps.dagster.component import Dagster, DagsterArgs
from components.helm.release import ChartSource
from components.kubernetes.everywhere import Everywhere
from components.kubernetes.pod_settings import PodSettings
from components.postgres.bootstrap_job import RoleLimits
from components.postgres.database import Database, DatabaseArgs
from components.postgres.endpoint import Endpoint, TlsMode
from components.postgres.server import AdminSecret, Server
from components.servers.embedded.component import EmbeddedServer, EmbeddedServerArgs
from components.servers.rds.component import RdsServer, RdsServerArgs
from components.servers.rds.network import RdsNetwork
from tests.support.kinds import CLAIM, CONFIG_MAP, JOB, NAMESPACE, RDS_INSTANCE, RELEASE, SECRET, STATEFUL_SET
from tests.support.recording import record, reveal, values

IMAGE = "docker.io/library/postgres:17.4"


def own_database() -> None:
    """A server with two databases for an application of one's own."""
    server = EmbeddedServer(
        "pg", EmbeddedServerArgs(name="orders-db", namespace="shop", image=IMAGE, retain_data=False)
    )
    for app in ("orders", "billing"):
        database = Database(
            app,
            DatabaseArgs(server=server.server, namespace="shop", name=app, username=app, secret_name=f"{app}-db"),
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
        assert data.keys() == {"host", "port", "database", "username", "password", "uri", "jdbc-url"}
        assert reveal(made.outputs[app]) == {"host": "orders-db.shop.svc.cluster.local", "uri": data["uri"]}
    assert not made.of_type(RELEASE)
    assert not made.of_type(NAMESPACE)


def test_databases_names_do_not_clash() -> None:
    made = record(own_database)
    names = [(r.type, r.inputs["metadata"]["name"]) for r in made.resources if "metadata" in r.inputs]
    assert len(set(names)) == len(names)


def foreign_server() -> None:
    """A database on a server that somebody else runs, in another namespace than the app."""
    server = Server(
        host="db.example.com",
        port=6432,
        tls=TlsMode.VERIFY_FULL,
        namespace="admin",
        admin=AdminSecret("db-admin"),
        client_image=IMAGE,
        ca_certificate="authority",
        app_host="pooler.example.com",
        app_port=6433,
    )
    Database(
        "orders",
        DatabaseArgs(
            server=server,
            namespace="shop",
            name="orders",
            username="orders",
            secret_name="orders-db",
            further_databases={"archive": ["pg_trgm"]},
            limits=RoleLimits(connections=20, statement_timeout_seconds=60),
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
    assert made.one(CONFIG_MAP, "orders-bootstrap").inputs["data"]["ca.crt"] == "authority"
    # A pod reads Secrets of its own namespace alone: the admin's as well as the app's.
    needed = {v["valueFrom"]["secretKeyRef"]["name"] for v in container["env"] if "valueFrom" in v}
    there = {r.inputs["metadata"]["name"] for r in made.of_type(SECRET) if r.inputs["metadata"]["namespace"] == "admin"}
    assert needed == there | {"db-admin"} == {"orders-db-bootstrap", "db-admin"}
    assert made.one(SECRET, "orders-bootstrap").urn in made.needs(job)
    data = values(made.one(SECRET, "orders-secret"))
    assert data["PGPASSWORD"] == data["password"]
    assert data["uri"].endswith("@pooler.example.com:6433/orders?sslmode=verify-full")
    assert data["ca.crt"] == "authority"


ENDPOINT = Endpoint(
    host="db.example.com", port=6432, database="meta", username="meta", secret_name="meta-db", tls=TlsMode.REQUIRE
)


def test_dagster_on_a_database_that_is_there() -> None:
    addresses: list[str] = []

    def program() -> None:
        source = ChartSource("dagster", "1.13.0", "https://charts.example.com")
        args = DagsterArgs(
            namespace="jobs",
            release_name="jobs",
            source=source,
            endpoint=ENDPOINT,
            client_image=IMAGE,
            database_rotation=3,
        )
        addresses.append(Dagster("jobs", args).address)

    made = record(program)
    assert [r.type for r in made.resources if r.custom] == [RELEASE]
    values = made.one(RELEASE, "jobs").inputs["values"]
    assert values["postgresql"]["postgresqlHost"] == "db.example.com"
    assert values["postgresql"]["postgresqlParams"] == {"sslmode": "require"}
    assert values["dagsterDaemon"]["annotations"] == {"lakehouse/credentials-rotation": "database-3"}
    assert addresses == ["http://jobs-dagster-webserver.jobs.svc.cluster.local"]


def test_airbyte_on_a_database_and_a_bucket_that_are_there() -> None:
    def program() -> None:
        storage = S3(region="eu-central-1", bucket="b", role_arn="arn:aws:iam::123456789012:role/a")
        Airbyte(
            "etl",
            AirbyteArgs(
                namespace="etl",
                release_name="etl",
                source=ChartSource("oci://registry.example.com/charts/airbyte", "2.2.0"),
                major=2,
                endpoint=ENDPOINT,
                storage=storage,
                values={"server": {"replicaCount": 2}},
            ),
        )

    made = record(program)
    assert [r.type for r in made.resources if r.custom] == [RELEASE]
    values = made.one(RELEASE, "etl").inputs["values"]
    assert values["global"]["database"]["host"] == "db.example.com"
    assert values["server"]["replicaCount"] == 2
    assert values["server"]["podAnnotations"]["lakehouse/credentials-rotation"] == "database-1"


def test_a_server_in_a_cloud_with_a_database_of_another_program() -> None:
    def program() -> None:
        network = RdsNetwork("vpc-01234567", "private", allowed_cidrs=["10.0.0.0/16"])
        args = RdsServerArgs(
            namespace="admin",
            client_image=IMAGE,
            region="eu-west-1",
            network=network,
            identifier="orders",
            final_snapshot=None,
            tls=TlsMode.REQUIRE,
        )
        server = RdsServer("orders", args)
        database = Database(
            "orders",
            DatabaseArgs(
                server=server.server, namespace="shop", name="orders", username="orders", secret_name="orders-db"
            ),
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
    pods = PodSettings(tolerations=[{"key": "dedicated", "operator": "Exists"}], user=5000, group=5000)
    marked = Everywhere(labels={"team": "shop"}, pods=pods).transformation
    server = EmbeddedServer(
        "pg",
        EmbeddedServerArgs(name="orders-db", namespace="shop", image=IMAGE, any_user=not pods.own_user),
        pulumi.ResourceOptions(transformations=[marked]),
    )
    Database(
        "orders",
        DatabaseArgs(server=server.server, namespace="shop", name="orders", username="orders", secret_name="orders-db"),
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
