"""Everything has the name that people know it by, in both namespace layouts."""

from dataclasses import dataclass
from typing import Any

import pytest

from components.forms.images import POSTGRES_IMAGE
from tests.support.kinds import CLAIM, JOB, NAMESPACE, PROVIDER, RELEASE, SECRET, SERVICE, STATEFUL_SET
from tests.support.recording import Plan
from tests.support.stacks import plan


@dataclass(frozen=True)
class App:
    """One app in one layout, and how its things are to be called."""

    app: str
    settings: dict[str, Any]
    namespace: str
    release: str
    server: str

    @property
    def plan(self) -> Plan:
        return plan(**self.settings)


OTHER = {
    "airbyte": {
        "namespace": "etl",
        "releaseName": "ab",
        "database": {"name": "a", "username": "a", "secretName": "a-db"},
    },
    "dagster": {"namespace": "jobs", "releaseName": "dg"},
}
LAYOUTS = {
    "airbyte in its own namespace": App("airbyte", {}, "airbyte", "airbyte", "airbyte-airbyte-postgresql"),
    "dagster in its own namespace": App("dagster", {}, "dagster", "dagster", "dagster-postgresql"),
    "airbyte in one namespace": App(
        "airbyte", {"namespace": "lakehouse"}, "lakehouse", "airbyte", "airbyte-airbyte-postgresql"
    ),
    "dagster in one namespace": App(
        "dagster", {"namespace": "lakehouse"}, "lakehouse", "dagster", "dagster-postgresql"
    ),
    "airbyte under another name": App("airbyte", OTHER, "etl", "ab", "ab-airbyte-postgresql"),
    "dagster under another name": App("dagster", OTHER, "jobs", "dg", "dg-postgresql"),
}
in_every_layout = pytest.mark.parametrize("app", LAYOUTS.values(), ids=LAYOUTS)


@in_every_layout
def test_server_service_and_claim_are_named_after_the_release(app: App) -> None:
    name = f"{app.app}-postgresql"
    server = app.plan.one(STATEFUL_SET, f"{name}-server").inputs
    service = app.plan.one(SERVICE, f"{name}-service").inputs
    claim = app.plan.one(CLAIM, f"{name}-data").inputs
    assert server["metadata"]["name"] == service["metadata"]["name"] == app.server
    assert server["spec"]["serviceName"] == app.server
    assert server["spec"]["replicas"] == 1
    assert claim["metadata"]["name"] == f"data-{app.server}-0"
    assert claim["spec"]["resources"]["requests"]["storage"] == "8Gi"
    (volume,) = [v for v in server["spec"]["template"]["spec"]["volumes"] if v["name"] == "data"]
    assert volume["persistentVolumeClaim"]["claimName"] == f"data-{app.server}-0"


@in_every_layout
def test_service_finds_the_servers_pod(app: App) -> None:
    server = app.plan.one(STATEFUL_SET, f"{app.app}-postgresql-server").inputs
    service = app.plan.one(SERVICE, f"{app.app}-postgresql-service").inputs["spec"]
    labels = server["spec"]["template"]["metadata"]["labels"]
    assert service["selector"] == server["spec"]["selector"]["matchLabels"] == labels
    (port,) = service["ports"]
    (container,) = server["spec"]["template"]["spec"]["containers"]
    assert port["port"] == 5432
    assert {"name": port["targetPort"], "containerPort": 5432} in container["ports"]


@in_every_layout
def test_release_is_named_and_placed_by_config(app: App) -> None:
    release = app.plan.one(RELEASE, app.app).inputs
    assert (release["name"], release["namespace"]) == (app.release, app.namespace)


@in_every_layout
def test_every_object_of_an_app_is_in_its_namespace(app: App) -> None:
    objects = [r for r in app.plan.resources if r.name.startswith(app.app) and "metadata" in r.inputs]
    assert {r.inputs["metadata"].get("namespace") for r in objects if r.type != NAMESPACE} == {app.namespace}


@in_every_layout
def test_outputs_name_what_is_there(app: App) -> None:
    outputs = app.plan.outputs[app.app]
    database = app.settings.get(app.app, {}).get("database", {}) if app.settings is OTHER else {}
    name, user = database.get("name", app.app), database.get("username", app.app)
    assert outputs["host"] == f"{app.server}.{app.namespace}.svc.cluster.local"
    assert (outputs["database"], outputs["username"], outputs["port"]) == (name, user, 5432)
    assert outputs["secretName"] == database.get("secretName", f"{app.app}-database")
    assert outputs["psqlCommand"] == f"kubectl exec -it -n {app.namespace} {app.server}-0 -- psql -U {user} -d {name}"
    assert (
        outputs["pgDumpCommand"]
        == f"kubectl exec -n {app.namespace} {app.server}-0 -- pg_dump -U {user} {name} > {name}.sql"
    )


@in_every_layout
def test_bootstrap_job_makes_the_role_and_its_databases(app: App) -> None:
    job = app.plan.one(JOB, f"{app.app}-database-bootstrap")
    (container,) = job.pod["spec"]["containers"]
    variables = {variable["name"]: variable for variable in container["env"]}
    secret = app.plan.outputs[app.app]["secretName"]
    database = app.plan.outputs[app.app]["database"]
    more = "\ntemporal\ntemporal_visibility" if app.app == "airbyte" else ""
    assert job.inputs["metadata"]["name"] == f"{secret}-bootstrap"
    assert variables["PGHOST"]["value"] == app.plan.outputs[app.app]["host"]
    assert variables["APP_DATABASES"]["value"] == database + more
    assert variables["APP_USERNAME"]["value"] == app.plan.outputs[app.app]["username"]
    references = {name: v["valueFrom"]["secretKeyRef"] for name, v in variables.items() if "valueFrom" in v}
    assert references == {
        "PGUSER": {"name": f"{app.server}-admin", "key": "username"},
        "PGPASSWORD": {"name": f"{app.server}-admin", "key": "password"},
        "APP_PASSWORD": {"name": secret, "key": "password"},
        "APP_VERIFIER": {"name": secret, "key": "scram-verifier"},
    }


@in_every_layout
def test_objects_of_one_kind_and_namespace_differ_in_name(app: App) -> None:
    names = [
        (r.type, r.inputs["metadata"].get("namespace"), r.inputs["metadata"]["name"])
        for r in app.plan.resources
        if "metadata" in r.inputs
    ]
    assert len(set(names)) == len(names)


@in_every_layout
def test_resources_differ_in_type_and_name(app: App) -> None:
    names = [(r.type, r.name) for r in app.plan.resources]
    assert len(set(names)) == len(names)


def test_longest_release_name_leaves_room_for_labels() -> None:
    server = plan(airbyte={"releaseName": "a" * 33}).one(STATEFUL_SET, "airbyte-postgresql-server").inputs
    revision = f"{server['metadata']['name']}-7d4f8b9c6d"
    assert len(revision) <= 63


def test_longest_secret_name_leaves_room_for_the_jobs_label() -> None:
    job = plan(dagster={"database": {"secretName": "d" * 53}}).one(JOB, "dagster-database-bootstrap")
    assert len(job.inputs["metadata"]["name"]) <= 63


def test_a_namespace_for_each_app() -> None:
    assert {r.inputs["metadata"]["name"] for r in plan().of_type(NAMESPACE)} == {"airbyte", "dagster"}


def test_one_namespace_for_both_apps() -> None:
    assert [r.inputs["metadata"]["name"] for r in plan(namespace="lakehouse").of_type(NAMESPACE)] == ["lakehouse"]


def test_namespaces_that_somebody_else_makes() -> None:
    made = plan(cluster={"createNamespaces": False})
    assert made.of_type(NAMESPACE) == []
    assert len(made.of_type(RELEASE)) == 2


@pytest.mark.parametrize(("enabled", "other"), [("airbyte", "dagster"), ("dagster", "airbyte")])
def test_one_app_alone(enabled: str, other: str) -> None:
    made = plan(**{other: {"enabled": False}})
    assert set(made.outputs) == {enabled, "connections"}
    assert not [r.name for r in made.resources if other in r.name]


def test_cluster_is_the_one_of_the_config() -> None:
    inputs = plan(cluster={"context": "prod", "kubeconfig": "/home/me/prod.yaml"}).one(PROVIDER, "cluster").inputs
    assert (inputs["context"], inputs["kubeconfig"]) == ("prod", "/home/me/prod.yaml")


def test_every_kubernetes_object_goes_to_that_cluster() -> None:
    made = plan()
    cluster = made.one(PROVIDER, "cluster").urn
    objects = [r for r in made.resources if r.type.startswith("kubernetes:")]
    assert {r.provider.rpartition("::")[0] for r in objects} == {cluster}


def test_default_image_is_the_pinned_one() -> None:
    images = {
        c["image"] for r in (*plan().of_type(STATEFUL_SET), *plan().of_type(JOB)) for c in r.pod["spec"]["containers"]
    }
    assert images == {POSTGRES_IMAGE}


def test_each_server_has_its_own_admin_secret() -> None:
    names = [r.inputs["metadata"]["name"] for r in plan(namespace="lakehouse").of_type(SECRET)]
    assert sorted(names) == [
        "airbyte-airbyte-postgresql-admin",
        "airbyte-database",
        "airbyte-object-storage",
        "dagster-database",
        "dagster-postgresql-admin",
    ]
