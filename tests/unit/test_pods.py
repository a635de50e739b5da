"""Every pod that the program makes is hardened; the server's starts, tells its state and stops as a database must."""

from typing import Any

import pytest

from components.forms.quantity import to_bytes
from components.servers.embedded.pod import STOP_TIMEOUT_SECONDS
from tests.support.kinds import CONFIG_MAP, JOB, SECRET, STATEFUL_SET
from tests.support.recording import Recorded
from tests.support.stacks import plan

PODS = [f"{app}-{what}" for app in ("airbyte", "dagster") for what in ("postgresql-server", "database-bootstrap")]
CONTAINERS = [
    f"{app}-{what}"
    for app in ("airbyte", "dagster")
    for what in ("postgresql-server/prepare", "postgresql-server/postgresql", "database-bootstrap/bootstrap")
]


def _pods() -> dict[str, dict[str, Any]]:
    return {r.name: r.pod["spec"] for r in (*plan().of_type(STATEFUL_SET), *plan().of_type(JOB))}


def _containers() -> dict[str, dict[str, Any]]:
    return {
        f"{name}/{container['name']}": container
        for name, pod in _pods().items()
        for container in (*pod.get("initContainers", []), *pod["containers"])
    }


@pytest.fixture(params=PODS)
def pod(request: pytest.FixtureRequest) -> dict[str, Any]:
    return _pods()[request.param]


@pytest.fixture(params=CONTAINERS)
def container(request: pytest.FixtureRequest) -> dict[str, Any]:
    return _containers()[request.param]


@pytest.fixture
def server() -> Recorded:
    return plan().one(STATEFUL_SET, "dagster-postgresql-server")


@pytest.fixture
def postgresql() -> dict[str, Any]:
    return _containers()["dagster-postgresql-server/postgresql"]


@pytest.fixture
def prepare() -> dict[str, Any]:
    return _containers()["dagster-postgresql-server/prepare"]


def test_these_are_all_pods() -> None:
    assert sorted(_pods()) == sorted(PODS)
    assert sorted(_containers()) == sorted(CONTAINERS)


def test_pod_runs_as_nobody_special(pod: dict[str, Any]) -> None:
    security = pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] == security["runAsGroup"] == security["fsGroup"] == 999
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "serviceAccountName"} & pod.keys()
    assert not [volume for volume in pod["volumes"] if "hostPath" in volume]


def test_container_may_do_nothing_special(container: dict[str, Any]) -> None:
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def test_container_has_requests_and_limits(container: dict[str, Any]) -> None:
    for kind in ("requests", "limits"):
        assert container["resources"][kind].keys() == {"cpu", "memory"}


def test_last_log_lines_of_a_failed_container_reach_pulumi(container: dict[str, Any]) -> None:
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_every_mount_has_its_volume_and_every_volume_its_mount(pod: dict[str, Any]) -> None:
    containers = [*pod.get("initContainers", []), *pod["containers"]]
    mounts = {mount["name"] for container in containers for mount in container["volumeMounts"]}
    assert mounts == {volume["name"] for volume in pod["volumes"]}


def test_every_secret_and_file_that_a_pod_reads_is_made(pod: dict[str, Any]) -> None:
    secrets = {r.inputs["metadata"]["name"] for r in plan().of_type(SECRET)}
    files = {r.inputs["metadata"]["name"]: r.inputs["data"] for r in plan().of_type(CONFIG_MAP)}
    variables = [variable for c in pod["containers"] for variable in c.get("env", []) if "valueFrom" in variable]
    assert {variable["valueFrom"]["secretKeyRef"]["name"] for variable in variables} <= secrets
    assert {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume} <= secrets
    for volume in pod["volumes"]:
        if "configMap" in volume:
            assert volume["configMap"]["name"] in files


def test_every_script_that_a_container_runs_is_mounted(container: dict[str, Any]) -> None:
    probes = [container[name]["exec"]["command"] for name in container if name.endswith("Probe")]
    hooks = [hook["exec"]["command"] for hook in container.get("lifecycle", {}).values()]
    scripts = [command[1] for command in (container["command"], *probes, *hooks) if command[0] == "sh"]
    files = {name for r in plan().of_type(CONFIG_MAP) for name in r.inputs["data"]}
    folders = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert scripts or container["command"] == ["postgres"]
    for script in scripts:
        folder, _, name = script.rpartition("/")
        assert folder in folders
        assert name in files


def test_memory_is_requested_as_limited(postgresql: dict[str, Any]) -> None:
    resources = postgresql["resources"]
    assert resources["requests"]["memory"] == resources["limits"]["memory"] == "1Gi"
    assert resources["requests"]["cpu"] == "250m"
    assert resources["limits"]["cpu"] == "2"


def test_claim_is_mounted_where_df_looks_for_it(postgresql: dict[str, Any]) -> None:
    mounts = {mount["mountPath"]: mount["name"] for mount in postgresql["volumeMounts"]}
    data = {variable["name"]: variable.get("value") for variable in postgresql["env"]}["PGDATA"]
    assert mounts["/var/lib/postgresql"] == "data"
    # The image declares a volume at …/data, which would hide the claim.
    assert data.startswith("/var/lib/postgresql/")
    assert not data.startswith("/var/lib/postgresql/data")


def test_password_is_a_file_and_only_where_it_is_set(postgresql: dict[str, Any], prepare: dict[str, Any]) -> None:
    assert "admin" in {mount["name"] for mount in prepare["volumeMounts"]}
    assert "admin" not in {mount["name"] for mount in postgresql["volumeMounts"]}
    assert not [v for c in (prepare, postgresql) for v in c["env"] if "valueFrom" in v]


def test_a_server_in_recovery_is_alive_but_not_ready(postgresql: dict[str, Any]) -> None:
    state = {name: postgresql[name]["exec"]["command"][-1] for name in postgresql if name.endswith("Probe")}
    assert state == {"startupProbe": "alive", "livenessProbe": "alive", "readinessProbe": "ready"}


def test_a_fast_shutdown_is_given_the_time_that_it_needs(server: Recorded, postgresql: dict[str, Any]) -> None:
    assert server.pod["spec"]["terminationGracePeriodSeconds"] > STOP_TIMEOUT_SECONDS
    variables = {variable["name"]: variable["value"] for variable in postgresql["env"]}
    assert variables["STOP_TIMEOUT_SECONDS"] == str(STOP_TIMEOUT_SECONDS)
    assert postgresql["lifecycle"]["preStop"]["exec"]["command"][1].endswith("stop.sh")


def test_job_ends_before_pulumi_gives_up_on_it() -> None:
    job = plan().one(JOB, "dagster-database-bootstrap")
    assert job.inputs["spec"]["activeDeadlineSeconds"] < int(job.options["customTimeouts"]["create"].rstrip("s"))
    assert job.pod["spec"]["restartPolicy"] == "Never"


def test_a_server_that_cannot_start_fails_within_the_time_of_the_config() -> None:
    server = plan(postgresql={"mode": "embedded", "startTimeoutSeconds": 77}).one(
        STATEFUL_SET, "dagster-postgresql-server"
    )
    assert server.options["customTimeouts"] == {"create": "77s", "update": "77s"}


def test_sizes_are_those_of_the_config() -> None:
    size = {"memory": "2Gi", "cpu": 1, "cpuLimit": "3", "nodeSelector": {"disk": "ssd"}, "storageClass": "fast"}
    pod = plan(dagster={"database": {"embedded": size}}).one(STATEFUL_SET, "dagster-postgresql-server").pod["spec"]
    (container,) = pod["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "1", "memory": "2Gi"},
        "limits": {"cpu": "3", "memory": "2Gi"},
    }
    assert pod["nodeSelector"] == {"disk": "ssd"}


def test_volumes_in_memory_fit_the_limit(server: Recorded) -> None:
    sizes = [v["emptyDir"].get("sizeLimit") for v in server.pod["spec"]["volumes"] if "emptyDir" in v]
    assert sum(to_bytes(size) for size in sizes if size) < to_bytes("1Gi")


@pytest.mark.parametrize(
    ("change", "restarts"),
    [({"memory": "2Gi"}, True), ({"parameters": {"work_mem": "8MB"}}, True), ({"storageClass": "fast"}, False)],
    ids=str,
)
def test_a_server_restarts_when_its_configuration_changes(
    change: dict[str, Any], restarts: bool, server: Recorded
) -> None:
    changed = plan(dagster={"database": {"embedded": change}}).one(STATEFUL_SET, "dagster-postgresql-server").pod
    before, after = (pod["metadata"]["annotations"]["lakehouse/config-hash"] for pod in (server.pod, changed))
    assert (before != after) is restarts
