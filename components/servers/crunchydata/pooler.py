"""PgBouncer in front of a PostgresCluster, as CrunchyData's operator runs it."""

from typing import Any, ClassVar

from components.forms.quantity import Cpu, MemorySize
from components.postgres.credentials import PORT
from components.postgres.pooler.settings import PoolerSettings
from components.postgres.sizing import ContainerSize
from components.postgres.term import Term

OPERATOR = Term("the operator, Patroni and pgBackRest", 10)
"""An allowance: they connect as superusers for single statements. Replication is not counted (`max_wal_senders`)."""


class CrunchyDataPooler(PoolerSettings, ContainerSize):
    """PgBouncer. Both apps connect to it; Jobs that create roles and databases connect to the server."""

    renamed = {"replicas": "instances", "poolMode": "mode"}

    # See `auth_dbname` below.
    lookup_databases: ClassVar[int] = 1

    memory: MemorySize = "256Mi"
    cpu: Cpu = "100m"
    cpu_limit: Cpu = "1"
    """CPU limit of each pod; its one process uses no more than one."""


def pooler_spec(pooler: CrunchyDataPooler, pool_size: int) -> dict[str, Any]:
    """`spec.proxy.pgBouncer` of a PostgresCluster, with the server connections that a pod opens to one database."""
    options = {
        # The operator creates the function that looks passwords up in the databases that exist when PgBouncer is
        # switched on, and not in those that are created later; and its role may not connect to the apps' databases,
        # which are closed to PUBLIC. So passwords are looked up in the one database that always exists and is open.
        "auth_dbname": "postgres",
        "pool_mode": pooler.mode,
        **pooler.parameters(pool_size),
    }
    return {
        "replicas": pooler.instances,
        "port": PORT,
        "config": {"global": options},
        "resources": pooler.resources,
    }
