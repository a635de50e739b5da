"""A CloudNativePG `Pooler`: PgBouncer in front of the primary."""

from typing import Annotated, Any

from components.forms.images import image
from components.postgres.pooler.settings import PoolerSettings, PoolSize
from components.servers.cloudnativepg.pins import CLOUDNATIVEPG_PGBOUNCER_IMAGE

RESERVED_CONNECTIONS = 10
"""Connections for the admin, the operator and the superuser's reserve, beside the pooler's."""

_IMAGE = image(
    r"[0-9]+\.[0-9]+\.[0-9]+",
    f"an image of PgBouncer for CloudNativePG by exact tag, such as {CLOUDNATIVEPG_PGBOUNCER_IMAGE}",
)


class CloudNativePGPooler(PoolerSettings):
    """PgBouncer, as the operator's `Pooler` runs it."""

    renamed = {"maxClientConn": "maxClientConnections"}

    image: Annotated[str, _IMAGE] = CLOUDNATIVEPG_PGBOUNCER_IMAGE
    """Image of PgBouncer for CloudNativePG, by exact tag."""
    default_pool_size: PoolSize = 15
    max_db_connections: PoolSize = 20


def service_names(name: str, namespace: str) -> list[str]:
    """DNS names of the pooler's Service; its certificate is the server's, which must include them."""
    return [name, f"{name}.{namespace}", f"{name}.{namespace}.svc", f"{name}.{namespace}.svc.cluster.local"]


def pooler_spec(pooler: CloudNativePGPooler, *, name: str, cluster: str) -> dict[str, Any]:
    """The spec of a `Pooler` of that name in front of a Cluster's primary."""
    return {
        "cluster": {"name": cluster},
        "type": "rw",
        "instances": pooler.instances,
        "pgbouncer": {
            "poolMode": pooler.mode,
            "parameters": {
                **pooler.parameters,
                # Apps in clear text are turned away; the server's name is checked, too.
                "client_tls_sslmode": "require",
                "server_tls_sslmode": "verify-full",
            },
        },
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "pgbouncer",
                        "image": pooler.image,
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
    """On different nodes where that is possible: a pooler is stateless, so two on one node are better than one."""
    term = {"labelSelector": {"matchLabels": {"cnpg.io/poolerName": name}}, "topologyKey": "kubernetes.io/hostname"}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
