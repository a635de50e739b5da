"""A PostgresCluster of CrunchyData's operator (PGO), as its CRD of version 6.0.3 has it, and when it is ready."""

import json
from typing import Any

from components.kubernetes.affinity import on_nodes
from components.postgres.credentials import PORT
from components.servers.crunchydata.backups import backups_spec, claim
from components.servers.crunchydata.parameters import parameters
from components.servers.crunchydata.pooler import pooler_spec
from components.servers.crunchydata.restore import data_source, default_folder
from components.servers.crunchydata.settings import CrunchyDataSettings

# Every operator since 5.0 serves it, and 6.0 still stores it; its `v1` differs by stricter rules alone.
API_VERSION = "postgres-operator.crunchydata.com/v1beta1"
KIND = "PostgresCluster"
INSTANCES = "instance1"
"""Name of the one set of instances."""

_LABELS = "postgres-operator.crunchydata.com"


def cluster_spec(server: CrunchyDataSettings, namespace: str, pool_size: int) -> dict[str, Any]:
    """`spec` of the PostgresCluster of a server in a namespace.

    Args:
        server: the server.
        namespace: its namespace.
        pool_size: server connections that each pod of its pooler opens to one database.
    """
    folder = default_folder(namespace, server.name)
    spec: dict[str, Any] = {
        "postgresVersion": server.postgres_version,
        "port": PORT,
        "users": _users(server),
        "config": {"parameters": parameters(server, server.postgres_version, server.parameters)},
        "patroni": {"dynamicConfiguration": {"synchronous_mode": server.synchronous_mode}},
        "instances": [_instances(server)],
        "backups": backups_spec(server.backups, folder),
    }
    if server.restore_from is not None:
        spec["dataSource"] = data_source(server.restore_from, folder)
    if server.image is not None:
        spec["image"] = server.image
    if server.pooler is not None:
        spec["proxy"] = {"pgBouncer": pooler_spec(server.pooler, pool_size)}
    return spec


def ready_when(server: CrunchyDataSettings) -> str:
    """Value of `pulumi.com/waitFor`: all instances are ready, the roles exist, and so does PgBouncer.

    The operator has no condition that says so; these are the fields of its status that do.
    """
    expressions = [
        f"jsonpath={{.status.instances[?(@.name=='{INSTANCES}')].readyReplicas}}={server.instances}",
        "jsonpath={.status.usersRevision}",
    ]
    if server.pooler is not None:
        expressions += [
            f"jsonpath={{.status.proxy.pgBouncer.readyReplicas}}={server.pooler.instances}",
            "jsonpath={.status.proxy.pgBouncer.postgresRevision}",
        ]
    return json.dumps(expressions)


def _users(server: CrunchyDataSettings) -> list[dict[str, Any]]:
    # The operator's default is any printable ASCII; nothing has to quote letters and digits.
    password = {"type": "AlphaNumeric"}
    admin = {"name": server.admin_username, "options": "CREATEDB CREATEROLE", "password": password}
    others = [{"name": name, "databases": databases, "password": password} for name, databases in server.users.items()]
    return [admin, *others]


def _instances(server: CrunchyDataSettings) -> dict[str, Any]:
    labels = {f"{_LABELS}/cluster": server.name, f"{_LABELS}/instance-set": INSTANCES}
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    apart = (
        {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
        if server.node_spread == "required"
        else {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
    )
    instances: dict[str, Any] = {
        "name": INSTANCES,
        "replicas": server.instances,
        "dataVolumeClaimSpec": claim(server.storage_size, server.storage_class),
        "resources": server.resources,
        "affinity": {"podAntiAffinity": apart, **on_nodes(server.node_selector)},
    }
    if server.wal_storage_size is not None:
        instances["walVolumeClaimSpec"] = claim(server.wal_storage_size, server.storage_class)
    if server.zone_spread != "none":
        instances["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "DoNotSchedule" if server.zone_spread == "required" else "ScheduleAnyway",
                "labelSelector": {"matchLabels": labels},
            }
        ]
    return instances
