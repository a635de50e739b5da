"""What a restored Dagster knows: the newest run that has ended, asked for through the webserver's GraphQL API."""

from pathlib import Path

from components.apps.app import AppSettings
from ops.clients.cluster import Cluster
from ops.clients.failure import Failure
from ops.clients.http import ask, ask_until

_HERE = Path(__file__).parent
_PORT = 80
_SECONDS = 120


def answer(cluster: Cluster, app: AppSettings, namespace: str) -> str:
    """Ask; returns what was found.

    Raises:
        Failure: the webserver does not know the run, or not as it ended.
    """
    database = app.database
    sql = (_HERE / "newest_run.sql").read_text()
    pod = f"{app.server_name}-0"
    rows = cluster.query(pod, namespace, username=database.username, database=database.name, sql=sql)
    with cluster.port(f"{app.release_name}-dagster-webserver", namespace, _PORT) as address:
        version = ask_until(f"{address}/server_info", seconds=_SECONDS)["dagster_version"]
        if not rows:
            return f"Dagster {version} works; the set has no run that has ended"
        run, status = rows[0].split("|")
        body = {"query": (_HERE / "run.graphql").read_text(), "variables": {"run": run}}
        found = ask(f"{address}/graphql", body)["data"]["runOrError"]
    if found.get("status") != status:
        raise Failure(f"Dagster was asked for run {run}, which ended as {status}, and said {found}")
    return f"Dagster {version} knows run {run[:8]}: {status}"
