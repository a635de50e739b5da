"""The stack `operator`: both apps on a server that the CloudNativePG operator runs, and its backups."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.sandbox import postgres_cluster
from tests.sandbox.deployments import STACK_FILES, App
from tests.sandbox.owned import OwnedStack
from tests.sandbox.postgres_cluster import AIRBYTE, CLUSTER, DAGSTER, PostgresCluster
from tests.support.cluster import get, kubectl, objects, secret_values, until

APPS = (AIRBYTE, DAGSTER)
STORE_KEYS = {"credentials": {"secretName": "backups-key"}}


class OperatorStack(OwnedStack):
    """A stack whose instances are stopped after their clients, and while operator and object storage still run."""

    def remove(self) -> None:
        # PgBouncer and PostgreSQL wait for clients to go; PostgreSQL also for MinIO, which stays, to take its WAL.
        for app in APPS:
            kubectl("delete", "deployments", "--all", "--namespace", app.namespace)
        CLUSTER.remove()
        super().remove()


@contextmanager
def operator_stack(folder: Path) -> Generator[OwnedStack]:
    """The stack with its operator, not deployed yet; at the end both are taken away.

    Args:
        folder: an empty folder for its files.
    """
    chart = postgres_cluster.add_operator()
    source = STACK_FILES / "operator.yaml"
    try:
        with OperatorStack(source, folder, [*(app.namespace for app in APPS), *postgres_cluster.NAMESPACES]) as owned:
            owned.stack.set("postgresql.server.operator.chart", {"path": chart})
            yield owned
    finally:
        postgres_cluster.remove_operator()


def endpoint(app: App, folder: Path) -> dict[str, str]:
    """How a client connects with what the app's Secret holds, in libpq's parameters; the password is left out."""
    secret = secret_values(app.secret, app.namespace)
    ca = folder / f"{app.key}-ca.crt"
    ca.write_text(secret["ca.crt"])
    service, namespace, _ = secret["host"].split(".", 2)
    # The host has no DNS of the cluster; the name is still what the certificate is checked against.
    place = {"host": secret["host"], "hostaddr": get("service", service, namespace)["spec"]["clusterIP"]}
    who = {"port": secret["port"], "dbname": secret["database"], "user": secret["username"]}
    return {**place, **who, "sslmode": "verify-full", "sslrootcert": str(ca)}


def query(parameters: dict[str, str], password: str, sql: str) -> str:
    """The value that a query of a client outside of pods returns, or what the server said instead."""
    words = " ".join(f"{name}={value}" for name, value in parameters.items())
    done = postgres_cluster.client(words, password, sql)
    return done.stdout.strip() or done.stderr.strip()


def object_storage() -> dict[str, Any]:
    """A bucket of the MinIO that Airbyte's chart brings, with the key that Airbyte has, as settings of backups."""
    key = secret_values("airbyte-object-storage", AIRBYTE.namespace)
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "backups-key"}, "stringData": key}
    kubectl("apply", "--namespace", CLUSTER.namespace, "--filename=-", input=json.dumps(manifest))
    address = f"http://airbyte-minio-svc.{AIRBYTE.namespace}.svc.cluster.local:9000"
    return {"bucket": "postgresql", "path": "sandbox", "endpoint": address, **STORE_KEYS}


def wait_backed_up(cluster: PostgresCluster) -> None:
    """Wait until a base backup of the server is in the bucket.

    Raises:
        AssertionError: it is not, or one failed; with what Barman printed.
    """

    def backed_up() -> tuple[bool, object]:
        # A backup of a standby ends with the WAL segment that the primary is at; without writes that takes 5 minutes.
        cluster.rows("SELECT pg_switch_wal()")
        every = objects(f"backups.{postgres_cluster.GROUP}", cluster.namespace)
        found = [each for each in every if each["spec"]["cluster"]["name"] == cluster.name]
        seen = [
            (backup["status"].get("phase"), backup["status"].get("error")) for backup in found if "status" in backup
        ]
        # A schedule does not try again before its next time.
        assert "failed" not in {phase for phase, _ in seen}, f"{seen}\n{_barman(cluster)}"
        return ("completed", None) in seen, seen

    until("a backup", backed_up, 400, 10)


def _barman(cluster: PostgresCluster) -> str:
    """The last lines that the instances printed about backups."""
    where = ("--namespace", cluster.namespace, "--selector", cluster.instances, "--container=postgres")
    lines = kubectl("logs", *where, "--tail=2000", "--prefix").splitlines()
    return "\n".join([line for line in lines if "barman" in line or "backup" in line][-60:])
