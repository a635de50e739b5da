"""PgBouncer in front of a PostgresCluster, as CrunchyData's operator runs it."""

from typing import Any

from components.forms.quantity import Cpu, MemorySize
from components.postgres.credentials import PORT
from components.postgres.pooler.settings import PoolerSettings, PoolSize
from components.postgres.sizing import ContainerSize

RESERVED_CONNECTIONS = 20
"""Connections for the operator, replicas, pgBackRest and Jobs, beside the pooler's."""

LOOKUP_DATABASES = 1
"""Databases in which PgBouncer looks passwords up: `postgres`."""


class CrunchyDataPooler(PoolerSettings, ContainerSize):
    """PgBouncer. Both apps connect to it; Jobs that create roles and databases connect to the server."""

    renamed = {"replicas": "instances", "poolMode": "mode"}

    default_pool_size: PoolSize = 16
    max_db_connections: PoolSize = 16
    memory: MemorySize = "256Mi"
    cpu: Cpu = "100m"
    cpu_limit: Cpu = "1"
    """CPU limit of each pod; its one process uses no more than one."""


def pooler_spec(pooler: CrunchyDataPooler) -> dict[str, Any]:
    """`spec.proxy.pgBouncer` of a PostgresCluster."""
    options = {
        # The operator creates the function that looks passwords up in the databases that exist when PgBouncer is
        # switched on, and not in those that are created later; and its role may not connect to the apps' databases,
        # which are closed to PUBLIC. So passwords are looked up in the one database that always exists and is open.
        "auth_dbname": "postgres",
        "pool_mode": pooler.mode,
        **pooler.parameters,
    }
    return {
        "replicas": pooler.instances,
        "port": PORT,
        "config": {"global": options},
        "resources": pooler.resources,
    }
