"""A CloudNativePG `Pooler`: PgBouncer in front of the primary."""

from typing import Any, ClassVar

from components.postgres.pooler.pgbouncer import PgBouncerImage
from components.postgres.pooler.pins import PGBOUNCER_IMAGE
from components.postgres.pooler.settings import PoolerSettings
from components.postgres.term import Term

OPERATOR = Term("the operator (2 databases x 3)", 6)
"""Connections of the instance manager (`SetMaxOpenConns` of its pool, operator 1.28)."""

POOLER_LABEL = "cnpg.io/poolerName"
"""Label of a pooler's pods, whose value is its name."""


class CloudNativePGPooler(PoolerSettings):
    """PgBouncer, as the operator's `Pooler` runs it."""

    renamed = {"maxClientConn": "maxClientConnections"}

    # The operator's default `authQuery` is run in the database postgres.
    lookup_databases: ClassVar[int] = 1

    image: PgBouncerImage = PGBOUNCER_IMAGE
    """Image of PgBouncer for CloudNativePG, by exact tag."""


def service_names(name: str, namespace: str) -> list[str]:
    """DNS names of the pooler's Service; its certificate is the server's, which must include them."""
    return [name, f"{name}.{namespace}", f"{name}.{namespace}.svc", f"{name}.{namespace}.svc.cluster.local"]


def pooler_spec(pooler: CloudNativePGPooler, *, name: str, cluster: str, pool_size: int) -> dict[str, Any]:
    """The spec of a `Pooler` of that name in front of a Cluster's primary.

    Args:
        pooler: its settings.
        name: its name.
        cluster: name of the `Cluster`.
        pool_size: server connections that each pod opens to one database.
    """
    return {
        "cluster": {"name": cluster},
        "type": "rw",
        "instances": pooler.instances,
        "pgbouncer": {
            "poolMode": pooler.mode,
            "parameters": {
                **pooler.parameters(pool_size),
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
    term = {"labelSelector": {"matchLabels": {POOLER_LABEL: name}}, "topologyKey": "kubernetes.io/hostname"}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
