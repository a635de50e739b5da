"""What a restored Airbyte knows: its workspaces, asked for through its API as the admin whose Secret was in the set."""

from pathlib import Path

from components.apps.app import AppSettings
from ops.clients.cluster import Cluster
from ops.clients.failure import Failure
from ops.clients.http import ask, ask_until

_HERE = Path(__file__).parent
_PORT = 8001
_SECONDS = 300
_CLIENT = {"client_id": "instance-admin-client-id", "client_secret": "instance-admin-client-secret"}


def answer(cluster: Cluster, app: AppSettings, namespace: str) -> str:
    """Ask; returns what was found.

    Raises:
        Failure: the server refuses the admin, or does not list the workspaces that the database has.
    """
    database = app.database
    pod = f"{app.server_name}-0"
    sql = (_HERE / "workspaces.sql").read_text()
    expected = cluster.query(pod, namespace, username=database.username, database=database.name, sql=sql)
    (own,) = app.own_secrets
    secret = cluster.secret(own, namespace)
    with cluster.port(f"{app.release_name}-airbyte-server-svc", namespace, _PORT) as address:
        api = f"{address}/api/v1"
        ask_until(f"{api}/health", seconds=_SECONDS)
        token = None
        # Without authentication there is no client.
        if all(key in secret for key in _CLIENT.values()):
            client = {name: secret[key] for name, key in _CLIENT.items()}
            token = str(ask(f"{api}/applications/token", client)["access_token"])
        listed = ask(f"{api}/workspaces/list", {}, token=token)["workspaces"]
    found = sorted(str(each["workspaceId"]) for each in listed)
    if found != sorted(expected):
        raise Failure(f"Airbyte lists the workspaces {found}, and its database has {expected}")
    return f"Airbyte works, its admin logs in, {len(found)} workspaces"
