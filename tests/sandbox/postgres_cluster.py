"""The server that the CloudNativePG operator runs in the stack `operator`, and the two apps on it."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import extra
from sandbox.steps import Progress
from sandbox.up import tools_of
from tests.sandbox.deployments import App
from tests.sandbox.host import first_process
from tests.support.cluster import SANDBOX, DatabasePod, get, is_ready, kubectl, objects, run, until

HEALTHY = "Cluster in healthy state"
OPERATOR_NAMESPACE = "operator-cnpg"
GROUP = "postgresql.cnpg.io"


@dataclass(frozen=True)
class PostgresCluster:
    """A `Cluster` of the operator, whichever of its instances is the primary."""

    namespace: str
    name: str

    def object(self) -> dict[str, Any]:
        """The `Cluster` as the API gives it."""
        return get(f"clusters.{GROUP}", self.name, self.namespace)

    def primary(self) -> DatabasePod:
        """The pod of the primary; its superuser needs no password there."""
        return DatabasePod(self.namespace, self.object()["status"]["currentPrimary"], "postgres", "postgres")

    @property
    def instances(self) -> str:
        """The label selector of the pods of all instances."""
        return f"cnpg.io/cluster={self.name},cnpg.io/podRole=instance"

    def pods(self) -> list[dict[str, Any]]:
        """The pods of all instances."""
        return objects("pods", self.namespace, self.instances)

    def rows(self, sql: str, database: str = "postgres") -> list[list[str]]:
        """The rows that a query returns to the superuser, on the primary."""
        return self.primary().rows(sql, database=database)

    def value(self, sql: str, database: str = "postgres") -> str:
        """The one value that a query returns to the superuser, on the primary."""
        return self.primary().value(sql, database=database)

    def wait_healthy(self, seconds: float = 180) -> None:
        """Wait until every instance runs and follows the primary."""

        def look() -> tuple[bool, Any]:
            found = self.object()
            status, instances = found["status"], found["spec"]["instances"]
            ready = [pod["metadata"]["name"] for pod in self.pods() if is_ready(pod)]
            settled = status["phase"] == HEALTHY and status["currentPrimary"] == status["targetPrimary"]
            seen = (status["phase"], status.get("phaseReason"), status["currentPrimary"], ready)
            return settled and len(ready) == instances == status.get("readyInstances"), seen

        until(f"{self.name} healthy", look, seconds, 0.5)
        followers = self.object()["spec"]["instances"] - 1
        streaming = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        until("standbys follow", lambda: ((n := self.value(streaming)) == str(followers), n), seconds, 0.5)

    def remove(self) -> None:
        """Take the `Cluster` away with its pods. A namespace that is deleted with them in it waits for half of the time
        that they may take to stop, and that is half an hour.
        """
        definitions = kubectl("get", "customresourcedefinitions", "--output=name").split()
        if f"customresourcedefinition.apiextensions.k8s.io/clusters.{GROUP}" not in definitions:
            return
        kinds = {"scheduledbackups": "background", "poolers": "background", "clusters": "foreground"}
        for kind, cascade in kinds.items():
            every = (f"{kind}.{GROUP}", "--all", "--namespace", self.namespace, "--ignore-not-found")
            kubectl("delete", *every, f"--cascade={cascade}", "--timeout=280s")

    def delete_pod(self, pod: DatabasePod) -> None:
        """Delete an instance's pod as `kubectl delete pod` does, and wait until there is another of its name."""
        uid = get("pod", pod.name, pod.namespace)["metadata"]["uid"]
        kubectl("delete", "pod", pod.name, "--namespace", pod.namespace, "--wait=false")
        until(f"another {pod.name}", lambda: (uid != (seen := _uid(pod)) and seen != "", seen), 120)

    def kill_process(self, pod: DatabasePod) -> None:
        """Kill all processes of an instance's container with SIGKILL, and wait until they were started again."""
        before = _restarts(pod)
        os.kill(first_process(pod, "manager"), signal.SIGKILL)
        until(f"{pod.name} restarted", lambda: ((seen := _restarts(pod)) > before, seen), 120)


def client(parameters: str, password: str, sql: str) -> subprocess.CompletedProcess[str]:
    """Run a query as a client outside of pods does; `parameters` are those of libpq."""
    script = Path(__file__).with_name("query.py")
    return run(sys.executable, str(script), parameters, sql, input=password)


def _uid(pod: DatabasePod) -> str:
    found = pod.object()
    return found["metadata"]["uid"] if found else ""


def _restarts(pod: DatabasePod) -> int:
    found = pod.object()
    return sum(c["restartCount"] for c in (found or {"status": {}})["status"].get("containerStatuses", []))


CLUSTER = PostgresCluster("operator-postgresql", "postgresql")


def _app(key: str) -> App:
    # Of its database, only role and database are the app's own; the pods are the cluster's.
    database = DatabasePod(f"operator-{key}", "", key, key)
    return App("operator", key, key, database, "", "1Gi", 512, f"{key}-database")


AIRBYTE, DAGSTER = _app("airbyte"), _app("dagster")
NAMESPACES = (CLUSTER.namespace, OPERATOR_NAMESPACE)


def add_operator() -> str:
    """Make the operator's tool and images, if they are not; return the folder of its chart."""
    extra.add(SANDBOX, tools_of(SANDBOX), Progress(SANDBOX.logs))
    return str(extra.cloudnativepg_chart(SANDBOX))


def remove_operator() -> None:
    """Take away what the operator's chart made outside of namespaces, but the definitions, which it keeps as well."""
    for kind in ("validatingwebhookconfiguration", "mutatingwebhookconfiguration", "clusterrolebinding", "clusterrole"):
        names = kubectl("get", kind, "--output=name").split()
        if ours := [name for name in names if name.partition("/")[2].startswith("cnpg-")]:
            kubectl("delete", *ours)
