"""Spec of a CloudNativePG `Pooler`: PgBouncer in front of the primary."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PoolerArgs:
    """What PgBouncer needs to know.

    Attributes:
        image: image of PgBouncer for CloudNativePG.
        instances: poolers beside each other.
        mode: `session` or `transaction`.
        max_client_conn: connections that each takes from apps.
        default_pool_size: server connections that each keeps for a database and role.
        max_db_connections: server connections that each may open to a database.
        max_prepared_statements: prepared statements that each server connection keeps.
        query_wait_timeout_seconds: how long a query waits for a server connection.
    """

    image: str
    instances: int = 2
    mode: str = "transaction"
    max_client_conn: int = 1000
    default_pool_size: int = 15
    max_db_connections: int = 20
    max_prepared_statements: int = 200
    query_wait_timeout_seconds: int = 60


def service_names(name: str, namespace: str) -> list[str]:
    """DNS names of the pooler's Service; its certificate is the server's, which must carry them."""
    return [name, f"{name}.{namespace}", f"{name}.{namespace}.svc", f"{name}.{namespace}.svc.cluster.local"]


def pooler_spec(args: PoolerArgs, *, name: str, cluster: str) -> dict[str, Any]:
    """The spec of a pooler of that name in front of a Cluster's primary."""
    return {
        "cluster": {"name": cluster},
        "type": "rw",
        "instances": args.instances,
        "pgbouncer": {
            "poolMode": args.mode,
            "parameters": {
                "max_client_conn": str(args.max_client_conn),
                "default_pool_size": str(args.default_pool_size),
                "max_db_connections": str(args.max_db_connections),
                "max_prepared_statements": str(args.max_prepared_statements),
                "query_wait_timeout": str(args.query_wait_timeout_seconds),
                # Apps in plain text are turned away; the server's name is checked, too.
                "client_tls_sslmode": "require",
                "server_tls_sslmode": "verify-full",
            },
        },
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "pgbouncer",
                        "image": args.image,
                        "resources": {
                            "requests": {"cpu": "100m", "memory": "64Mi"},
                            "limits": {"cpu": "1", "memory": "256Mi"},
                        },
                    }
                ],
                "affinity": {"podAntiAffinity": _apart(name)},
            }
        },
    }


def _apart(name: str) -> dict[str, Any]:
    """On different nodes where that is possible: a pooler keeps nothing, so two on a node are better than one."""
    term = {"labelSelector": {"matchLabels": {"cnpg.io/poolerName": name}}, "topologyKey": "kubernetes.io/hostname"}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
