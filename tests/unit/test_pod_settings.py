"""Every setting of `pods` reaches every pod of every kind of server, Job, operator and app; absent, nothing changes."""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

import pytest

from components.forms.images import POSTGRES_IMAGE
from components.kubernetes.affinity import merged_affinity
from components.kubernetes.images import mirrored
from components.kubernetes.object_defaults import ENDS
from components.kubernetes.pods import Pods
from components.postgres.pooler.pins import PGBOUNCER_IMAGE
from components.servers.cloudnativepg.pins import CLOUDNATIVEPG_IMAGE
from components.servers.cloudsql.pins import CLOUD_SQL_PROXY_IMAGE
from tests.support import pod_settings as wanted
from tests.support.kinds import CONFIG_MAP, CRON_JOB, DEPLOYMENT, JOB, NAMESPACE, RELEASE, SERVICE_ACCOUNT, STATEFUL_SET
from tests.support.pod_settings import CHECKS, MIRROR, PODS, SETTINGS, Seen, idle_gaps, missing
from tests.support.recording import Plan, Recorded
from tests.support.snapshots import render
from tests.support.stacks import STACK_FILES, config_of, plan, plan_program, stack_name

Fields = dict[str, Any]

PINNED = (POSTGRES_IMAGE, CLOUDNATIVEPG_IMAGE, PGBOUNCER_IMAGE, CLOUD_SQL_PROXY_IMAGE)
"""Images that the program chooses itself."""

CLUSTER = "kubernetes:postgresql.cnpg.io/v1:Cluster"
POOLER = "kubernetes:postgresql.cnpg.io/v1:Pooler"
POSTGRES_CLUSTER = "kubernetes:postgres-operator.crunchydata.com/v1beta1:PostgresCluster"
WITHOUT_PODS = {
    f"kubernetes:{kind}"
    for kind in (
        "core/v1:ConfigMap",
        "core/v1:Namespace",
        "core/v1:PersistentVolumeClaim",
        "core/v1:Secret",
        "core/v1:Service",
        "core/v1:ServiceAccount",
        "policy/v1:PodDisruptionBudget",
        "postgresql.cnpg.io/v1:ScheduledBackup",
    )
}
"""Kinds of objects that have no pods. One that is neither here nor in `SEEN` needs a place in one of them."""

EXISTING: Fields = {"kind": "existing", "host": "db", "tls": "disable", "admin": {"secretName": "admin"}}
NETWORK = "projects/example-lakehouse/global/networks/default"
PROXIED: Fields = {
    "kind": "cloudsql",
    "project": "example-lakehouse",
    "region": "europe-west3",
    "instance": {"network": {"network": NETWORK}},
    "authProxy": {"serviceAccount": "client@example-lakehouse.iam.gserviceaccount.com"},
}
OPERATED: Fields = {"kind": "cloudnativepg", "pooler": {}}
CRUNCHY: Fields = {
    "kind": "crunchydata",
    "backups": {"volume": {"storageSize": "100Gi"}},
    "pooler": {},
    "nodeSelector": {"example.com/zone": "a"},
}


def shared(server: Fields) -> Fields:
    return {"postgresql": {"mode": "standalone", "server": server}}


STACKS: dict[str, Fields] = {
    "embedded": {},
    "existing": shared(EXISTING),
    "cloudnativepg": shared(OPERATED),
    "crunchydata": shared(CRUNCHY),
    "auth proxy": shared(PROXIED),
    "move": {**shared(EXISTING), "moveFrom": {"mode": "embedded"}},
    "airbyte 1": {
        "airbyte": {
            "chart": {"version": "1.8.5"},
            "storage": {"kind": "s3", "region": "eu-central-1", "bucket": "lake", "credentials": {"secretName": "s3"}},
        }
    },
}
each_stack = pytest.mark.parametrize("stack", STACKS)


def planned(stack: str, **pods: Any) -> Plan:
    return plan(**{**STACKS[stack], **SETTINGS, "pods": {**PODS, **pods}})


def made(it: Plan) -> list[Recorded]:
    """Kubernetes objects that the program makes; not what it reads, not releases."""
    return [
        r for r in it.resources if r.type.startswith("kubernetes:") and r.type != RELEASE and "read" not in r.options
    ]


def _template(resource: Recorded) -> Iterator[Seen]:
    yield Seen(resource.pod["metadata"], resource.pod["spec"], ends=resource.type == JOB)


def _cloudnativepg(resource: Recorded) -> Iterator[Seen]:
    spec = resource.inputs["spec"]
    affinity = dict(spec["affinity"])
    kubernetes = {
        **{name: spec[name] for name in ("imagePullSecrets", "priorityClassName")},
        "tolerations": affinity["tolerations"],
        "nodeSelector": affinity["nodeSelector"],
        "affinity": {
            "nodeAffinity": affinity["nodeAffinity"],
            "podAntiAffinity": affinity["additionalPodAntiAffinity"],
        },
        "securityContext": {"runAsUser": spec["postgresUID"], "runAsGroup": spec["postgresGID"]},
        "containers": [{"image": spec["imageName"]}],
    }
    yield Seen(spec["inheritedMetadata"], kubernetes, gaps=frozenset({"fsGroup"}))


def _pooler(resource: Recorded) -> Iterator[Seen]:
    yield Seen(resource.pod["metadata"], resource.pod["spec"])


def _crunchydata(resource: Recorded) -> Iterator[Seen]:
    spec = resource.inputs["spec"]
    ids = {"runAsUser", "runAsGroup", "fsGroup"}
    backrest = spec["backups"]["pgbackrest"]
    parts = {
        "instances": spec["instances"][0],
        "pgBouncer": spec["proxy"]["pgBouncer"],
        "jobs": backrest["jobs"],
        "repoHost": backrest["repoHost"],
    }
    for name, part in parts.items():
        of_backrest = name in ("jobs", "repoHost")
        metadata = {
            kind: {**spec["metadata"][kind], **(backrest["metadata"][kind] if of_backrest else {})}
            for kind in ("labels", "annotations")
        }
        # It has no node selector, and says it as an affinity.
        terms = part["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        selector = {it["key"]: it["values"][0] for term in terms for it in term["matchExpressions"]}
        kubernetes = {**part, "imagePullSecrets": spec["imagePullSecrets"], "nodeSelector": selector}
        yield Seen(metadata, kubernetes, ends=of_backrest, gaps=frozenset(ids))


SEEN: Mapping[str, Callable[[Recorded], Iterator[Seen]]] = {
    DEPLOYMENT: _template,
    STATEFUL_SET: _template,
    JOB: _template,
    CLUSTER: _cloudnativepg,
    POOLER: _pooler,
    POSTGRES_CLUSTER: _crunchydata,
}


def test_block_of_these_tests_has_every_setting() -> None:
    names = {field.alias for field in Pods.model_fields.values()}
    assert names == set(PODS)
    assert names - {"serviceAccountAnnotations"} == set(CHECKS)


@each_stack
def test_every_setting_reaches_every_pod(stack: str) -> None:
    found = [(r.name, pod) for r in made(planned(stack)) if r.type in SEEN for pod in SEEN[r.type](r)]
    assert found
    assert {name: it for name, pod in found if (it := missing(pod))} == {}
    assert {name: it for name, pod in found if (it := idle_gaps(pod))} == {}


def test_every_kind_with_pods_is_met() -> None:
    met = {r.type for stack in STACKS for r in made(planned(stack))}
    assert set(SEEN) == met - WITHOUT_PODS
    assert set(ENDS) <= set(SEEN)


@pytest.mark.parametrize("path", STACK_FILES, ids=stack_name)
def test_every_kind_of_every_stack_file_is_known(path: Any) -> None:
    kinds = {r.type for r in made(plan_program(config_of(path), stack_name(path)))}
    assert kinds <= WITHOUT_PODS | set(SEEN)


@each_stack
def test_every_object_has_the_labels_of_all(stack: str) -> None:
    objects = made(planned(stack))
    without = [
        r.name for r in objects if not wanted.LABELS.items() <= (r.inputs["metadata"].get("labels") or {}).items()
    ]
    assert without == []


@each_stack
def test_every_namespace_has_its_labels_and_nothing_else_has(stack: str) -> None:
    for resource in made(planned(stack)):
        has = wanted.NAMESPACE_LABELS.items() <= resource.inputs["metadata"]["labels"].items()
        assert has is (resource.type == NAMESPACE), resource.name


@each_stack
def test_selectors_still_find_their_pods(stack: str) -> None:
    for resource in made(planned(stack)):
        selector = (resource.inputs.get("spec") or {}).get("selector") or {}
        if resource.type in (DEPLOYMENT, STATEFUL_SET):
            assert selector["matchLabels"].items() <= resource.pod["metadata"]["labels"].items()
            assert not {*wanted.LABELS, *PODS["labels"]} & selector["matchLabels"].keys()


@each_stack
def test_every_pinned_image_comes_from_the_mirror(stack: str) -> None:
    told = json.dumps([r.inputs for r in planned(stack).resources])
    assert [image for image in PINNED if f'"{image}"' in told] == []
    assert f'"{MIRROR}/library/postgres"' in told or f"{MIRROR}/library/postgres:" in told


def test_dagsters_pods_wait_for_the_database_with_the_image_of_the_mirror() -> None:
    image = planned("embedded").one(RELEASE, "dagster").inputs["values"]["postgresql"]["image"]
    assert f"{image['registry']}/{image['repository']}" == f"{MIRROR}/library/postgres"


def test_an_image_that_the_stack_file_names_is_used_as_written() -> None:
    image = "registry.example.com/pg:17.5-mine"
    found = plan(**SETTINGS, postgresql={"mode": "embedded", "image": image})
    server = found.one(STATEFUL_SET, "dagster-postgresql-server")
    containers = [*server.pod["spec"]["initContainers"], *server.pod["spec"]["containers"]]
    assert {it["image"] for it in containers} == {image}


def test_service_accounts_have_their_annotations() -> None:
    account = planned("auth proxy").one(SERVICE_ACCOUNT, "postgresql-proxy-account")
    assert account.inputs["metadata"]["annotations"] == {
        "example.com/role": "lake",
        "iam.gke.io/gcp-service-account": "client@example-lakehouse.iam.gserviceaccount.com",
    }
    (cluster,) = planned("cloudnativepg").of_type(CLUSTER)
    annotations = cluster.inputs["spec"]["serviceAccountTemplate"]["metadata"]["annotations"]
    assert annotations == {"example.com/role": "lake"}
    (postgres,) = planned("crunchydata").of_type(POSTGRES_CLUSTER)
    assert postgres.inputs["spec"]["metadata"]["annotations"]["example.com/role"] == "lake"


def test_a_backups_role_wins_over_the_annotation_of_all() -> None:
    role = "arn:aws:iam::123456789012:role/backups"
    backups = {"s3": {"bucket": "backups", "workloadIdentity": {"roleArn": role}}}
    pods = {"serviceAccountAnnotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/other"}}
    (cluster,) = plan(**shared({**OPERATED, "backups": backups}), pods=pods).of_type(CLUSTER)
    annotations = cluster.inputs["spec"]["serviceAccountTemplate"]["metadata"]["annotations"]
    assert annotations == {"eks.amazonaws.com/role-arn": role}


def test_a_servers_own_nodes_come_on_top() -> None:
    own = {"example.com/pool": "databases", "example.com/zone": "a"}
    embedded = plan(**SETTINGS, dagster={"database": {"embedded": {"nodeSelector": own}}})
    assert embedded.one(STATEFUL_SET, "dagster-postgresql-server").pod["spec"]["nodeSelector"] == own
    (cluster,) = plan(**SETTINGS, **shared({**OPERATED, "nodeSelector": own})).of_type(CLUSTER)
    assert cluster.inputs["spec"]["affinity"]["nodeSelector"] == own
    (postgres,) = plan(**SETTINGS, **shared({**CRUNCHY, "nodeSelector": own})).of_type(POSTGRES_CLUSTER)
    affinity = postgres.inputs["spec"]["instances"][0]["affinity"]
    (term,) = affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    asked = {it["key"]: it["values"] for it in term["matchExpressions"]}
    assert asked == {"example.com/pool": ["databases"], "example.com/zone": ["a"], "example.com/disk": ["ssd"]}


def test_replicas_stay_apart_beside_the_affinity_of_all() -> None:
    own = {"weight": 100}
    proxy = planned("auth proxy").one(DEPLOYMENT, "postgresql-proxy-pods").pod["spec"]["affinity"]
    (pooler,) = planned("cloudnativepg").of_type(POOLER)
    for affinity in (proxy, pooler.pod["spec"]["affinity"]):
        preferred = affinity["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
        assert [own.items() <= it.items() for it in preferred] == [True, False]


def test_node_terms_of_both_sides_hold_at_once() -> None:
    def terms(*keys: str) -> Fields:
        wanted = [{"matchExpressions": [{"key": key, "operator": "Exists"}]} for key in keys]
        return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": wanted}}}

    merged = merged_affinity(terms("a", "b"), terms("c", "d"))
    found = merged["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert [[it["key"] for it in term["matchExpressions"]] for term in found] == [
        ["a", "c"],
        ["a", "d"],
        ["b", "c"],
        ["b", "d"],
    ]


@pytest.mark.parametrize("stack", ["embedded", "existing", "auth proxy", "move"])
def test_without_ids_the_cluster_gives_them(stack: str) -> None:
    found = planned(stack, runAsUser="none", runAsGroup=None, fsGroup=None)
    pods = [pod for r in made(found) if r.type in (DEPLOYMENT, STATEFUL_SET, JOB) for pod in SEEN[r.type](r)]
    assert pods
    for pod in pods:
        security = pod.spec["securityContext"]
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & security.keys()
        assert security["runAsNonRoot"] is True


def test_crunchydatas_operator_is_told_that_the_cluster_gives_ids() -> None:
    (cluster,) = planned("crunchydata", fsGroup="none").of_type(POSTGRES_CLUSTER)
    assert cluster.inputs["spec"]["openshift"] is True
    (cluster,) = planned("crunchydata").of_type(POSTGRES_CLUSTER)
    assert "openshift" not in cluster.inputs["spec"]


@pytest.mark.parametrize("user", [5001, "none"])
def test_a_server_of_an_unknown_user_is_given_a_name_and_a_socket_of_its_own(user: int | str) -> None:
    found = plan(pods={"runAsUser": user})
    pod = found.one(STATEFUL_SET, "dagster-postgresql-server").pod["spec"]
    files = found.one(CONFIG_MAP, "dagster-postgresql-config").inputs["data"]
    named, prepare = pod["initContainers"]
    assert named["command"][:2] == ["sh", "/etc/postgresql/any_user.sh"]
    assert named["command"][1].rpartition("/")[2] in files
    (passwd,) = (it for it in prepare["volumeMounts"] if it["mountPath"] == "/etc/passwd")
    assert f"/tmp/{passwd['subPath']}" == named["command"][2]  # noqa: S108 - the container's own
    assert "unix_socket_permissions = '0700'" in files["postgresql.conf"]
    assert "local all all trust" in files["pg_hba.conf"]


@pytest.mark.parametrize("user", [5001, "none"])
def test_the_proof_of_a_backup_is_given_a_name_for_an_unknown_user(user: int | str) -> None:
    storage = {"kind": "claim", "storageSize": "50Gi"}
    found = plan(pods={"runAsUser": user}, backups={"storage": storage})
    pod = found.one(CRON_JOB, "dagster-backup-job").inputs["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    stages = {stage["name"]: stage for stage in pod["initContainers"]}
    assert list(stages) == ["any-user", "dump", "prove"]
    _, script, file = stages["any-user"]["command"]
    assert script.rpartition("/")[2] in found.one(CONFIG_MAP, "dagster-backup-scripts").inputs["data"]
    (passwd,) = (it for it in stages["prove"]["volumeMounts"] if it["mountPath"] == "/etc/passwd")
    assert f"/tmp/{passwd['subPath']}" == file  # noqa: S108 - the container's own
    known = plan(backups={"storage": storage}).one(CRON_JOB, "dagster-backup-job")
    pod = known.inputs["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert [stage["name"] for stage in pod["initContainers"]] == ["dump", "prove"]


def test_a_server_of_the_images_user_needs_neither() -> None:
    found = plan(pods={"runAsUser": "image", "tolerations": [{"operator": "Exists"}]})
    files = found.one(CONFIG_MAP, "dagster-postgresql-config").inputs["data"]
    assert "unix_socket_permissions" not in files["postgresql.conf"]
    assert "trust" not in files["pg_hba.conf"]
    assert len(found.one(STATEFUL_SET, "dagster-postgresql-server").pod["spec"]["initContainers"]) == 1


def test_sidecars_of_jobs_are_native_where_that_is_asked_for() -> None:
    pod = planned("embedded", jobSidecars="native").one(JOB, "dagster-database-bootstrap").pod
    assert pod["metadata"]["annotations"]["sidecar.istio.io/nativeSidecar"] == "true"
    assert "sidecar.istio.io/inject" not in pod["metadata"]["labels"]


def test_every_way_with_sidecars_is_known() -> None:
    for word in get_args(Pods.model_fields["job_sidecars"].annotation):
        planned("embedded", jobSidecars=word)


@pytest.mark.parametrize("command", ["psqlCommand", "pgDumpCommand"])
def test_peoples_own_sessions_go_by_the_block(command: str) -> None:
    words = shlex.split(planned("existing").outputs["dagster"][command])
    told = json.loads(next(word for word in words if word.startswith("--overrides=")).partition("=")[2])
    image = next(word for word in words if word.startswith("--image=")).partition("=")[2]
    spec = {**told["spec"], "containers": [{**it, "image": image} for it in told["spec"]["containers"]]}
    pod = Seen(told["metadata"], spec, ends=True, gaps=frozenset({"fsGroup"}))
    assert missing(pod) == []
    assert idle_gaps(pod) == []


@pytest.mark.parametrize(
    ("reference", "there"),
    [
        ("docker.io/library/postgres:17.11-trixie", "m.example.com/hub/library/postgres:17.11-trixie"),
        ("postgres:17", "m.example.com/hub/library/postgres:17"),
        ("docker.io/busybox", "m.example.com/hub/library/busybox"),
        ("airbyte/server:2.2.0", "m.example.com/hub/airbyte/server:2.2.0"),
        ("docker.io/dagster/dagster-celery-k8s", "m.example.com/hub/dagster/dagster-celery-k8s"),
        ("ghcr.io/cloudnative-pg/pgbouncer:1.25.2", "m.example.com/hub/cloudnative-pg/pgbouncer:1.25.2"),
        (
            "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.27.0",
            "m.example.com/hub/cloud-sql-connectors/cloud-sql-proxy:2.27.0",
        ),
        ("registry.example.com:5000/a/b:1", "m.example.com/hub/a/b:1"),
        ("localhost/a:1", "m.example.com/hub/a:1"),
        ("postgres:17@sha256:0f", "m.example.com/hub/library/postgres:17@sha256:0f"),
    ],
)
def test_a_mirror_takes_the_registrys_place(reference: str, there: str) -> None:
    assert mirrored(reference, "m.example.com/hub") == there
    assert mirrored(reference, None) == reference


def test_an_empty_block_changes_nothing() -> None:
    empty = {name: type(value)() for name, value in PODS.items() if isinstance(value, list | dict)}
    for stack, settings in STACKS.items():
        after = plan(**settings, pods={**empty, "runAsUser": "image"}, labels={})
        assert render(after) == render(plan(**settings)), stack


def test_settings_of_all_pods_say_nothing_by_themselves() -> None:
    assert Pods().as_image_user
    assert Pods().image(POSTGRES_IMAGE, POSTGRES_IMAGE) == POSTGRES_IMAGE


@pytest.mark.parametrize(
    ("server", "secrets"),
    [
        (OPERATED, ("imagePullSecrets", [{"name": "regcred"}, {"name": "other"}])),
        (CRUNCHY, ("imagePullSecretNames", ["regcred", "other"])),
    ],
    ids=["cloudnativepg", "crunchydata"],
)
def test_operators_get_it_and_their_values_win(server: Fields, secrets: tuple[str, Any]) -> None:
    own = {"values": {"tolerations": [], "affinity": {"nodeAffinity": None}}}
    values = (
        plan(**SETTINGS, **shared({**server, "operator": own})).one(RELEASE, "postgresql-operator").inputs["values"]
    )
    assert values["tolerations"] == []
    name, there = secrets
    assert values[name] == there
    assert "podAntiAffinity" in values["affinity"]


@pytest.mark.parametrize(("app", "part"), [("airbyte", "server"), ("dagster", "dagsterDaemon")])
def test_apps_get_it_and_their_values_win(app: str, part: str) -> None:
    own = {"values": {part: {"tolerations": [], "nodeSelector": {"example.com/pool": "mine"}}}}
    values = plan(**SETTINGS, **{app: own}).one(RELEASE, app).inputs["values"]
    assert values[part]["tolerations"] == []
    assert values[part]["nodeSelector"] == {"example.com/pool": "mine"}
    assert "podAntiAffinity" in values[part]["affinity"]


def test_pods_of_syncs_are_given_what_airbyte_can_hand_on() -> None:
    pods: Fields = {
        "annotations": {"example.com/ports": "5432,8080", "example.com/scrape": "yes"},
        "tolerations": [{"operator": "Exists"}, {"key": "spot", "operator": "Exists"}],
    }
    kube = plan(pods=pods).one(RELEASE, "airbyte").inputs["values"]["global"]["jobs"]["kube"]
    assert kube["annotations"] == {"example.com/scrape": "yes"}
    assert [(it["key"], it["operator"], it["effect"]) for it in kube["tolerations"]] == [
        ("spot", "Exists", effect) for effect in ("NoSchedule", "PreferNoSchedule", "NoExecute")
    ]


def test_without_ids_airbytes_chart_leaves_out_its_own() -> None:
    server = plan(pods={"runAsUser": "none"}).one(RELEASE, "airbyte").inputs["values"]["server"]
    assert server["containerSecurityContext"] == {"runAsUser": None, "runAsGroup": None}
    assert server["podSecurityContext"] == {"fsGroup": None}
