"""A PostgresCluster of CrunchyData's operator (PGO), as its CRD of version 6.0.3 has it, and when it is ready."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from components.forms.quantity import to_bytes, to_millicpu
from components.postgres import tuning
from components.postgres.credentials import PORT
from components.servers.crunchydata.backups import Repository, backups, claim

# Every operator since 5.0 serves it, and 6.0 still stores it; its `v1` differs by stricter rules alone.
API_VERSION = "postgres-operator.crunchydata.com/v1beta1"
KIND = "PostgresCluster"
INSTANCES = "instance1"
"""Name of the one set of instances."""

_LABELS = "postgres-operator.crunchydata.com"
# Older servers have no LZ4 for WAL.
_FIRST_WITH_LZ4 = 15


@dataclass(frozen=True)
class PgBouncerArgs:
    """PgBouncer in front of the server.

    Attributes:
        replicas: pods, each with pools of its own.
        pool_mode: when a server connection is free for another client.
        default_pool_size: server connections of one role to one database, in each pod.
        max_db_connections: server connections to one database, in each pod.
        max_client_connections: clients that each pod accepts.
        query_wait_timeout_seconds: how long a client waits for a server connection; never for ever.
        max_prepared_statements: prepared statements that a server connection keeps.
        memory: memory request and limit of each pod.
        cpu: CPU request.
        cpu_limit: CPU limit.
    """

    replicas: int = 2
    pool_mode: Literal["transaction", "session"] = "transaction"
    default_pool_size: int = 16
    max_db_connections: int = 16
    max_client_connections: int = 1000
    query_wait_timeout_seconds: int = 60
    max_prepared_statements: int = 200
    memory: str = "256Mi"
    cpu: str = "100m"
    cpu_limit: str = "1"


@dataclass(frozen=True)
class ClusterArgs:
    """What a PostgresCluster needs to know.

    Attributes:
        name: its name.
        repositories: where backups go; one or more.
        admin: role that makes roles and databases.
        postgres_version: major version.
        image: image of PostgreSQL, the operator's own of that version if None.
        replicas: instances.
        synchronous: whether a commit waits for another instance.
        storage_size: size of each instance's data volume.
        wal_storage_size: size of a volume for the WAL alone, if there is one.
        storage_class: storage class of these, the cluster's default one if None.
        memory: memory request and limit of each instance.
        cpu: CPU request.
        cpu_limit: CPU limit.
        max_connections: connections that the server accepts.
        parameters: PostgreSQL settings on top of the derived ones.
        node_selector: labels of the nodes that instances may run on.
        node_spread: whether instances must or should be on different nodes.
        zone_spread: whether they must, should or need not be in different zones.
        users: further roles, each with its databases.
        pgbouncer: PgBouncer, if there is one.
    """

    name: str
    repositories: Sequence[Repository]
    admin: str = "lakehouse-admin"
    postgres_version: int = 17
    image: str | None = None
    replicas: int = 3
    synchronous: bool = True
    storage_size: str = "50Gi"
    wal_storage_size: str | None = None
    storage_class: str | None = None
    memory: str = "4Gi"
    cpu: str = "1"
    cpu_limit: str = "4"
    max_connections: int = 200
    parameters: Mapping[str, tuning.ParameterValue] = field(default_factory=dict[str, tuning.ParameterValue])
    node_selector: Mapping[str, str] = field(default_factory=dict[str, str])
    node_spread: Literal["required", "preferred"] = "required"
    zone_spread: Literal["required", "preferred", "none"] = "preferred"
    users: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    pgbouncer: PgBouncerArgs | None = None


def spec(args: ClusterArgs) -> dict[str, Any]:
    """`spec` of the PostgresCluster."""
    made: dict[str, Any] = {
        "postgresVersion": args.postgres_version,
        "port": PORT,
        "users": _users(args),
        "config": {"parameters": _parameters(args)},
        "patroni": {"dynamicConfiguration": {"synchronous_mode": args.synchronous and args.replicas > 1}},
        "instances": [_instances(args)],
        "backups": backups(args.repositories),
    }
    if args.image is not None:
        made["image"] = args.image
    if args.pgbouncer is not None:
        made["proxy"] = {"pgBouncer": _pgbouncer(args.pgbouncer)}
    return made


def ready_when(args: ClusterArgs) -> str:
    """Value of `pulumi.com/waitFor`: all instances are ready and the roles are there, and so is PgBouncer.

    The operator has no condition that says so; these are the fields of its status that do.
    """
    expressions = [
        f"jsonpath={{.status.instances[?(@.name=='{INSTANCES}')].readyReplicas}}={args.replicas}",
        "jsonpath={.status.usersRevision}",
    ]
    if args.pgbouncer is not None:
        expressions += [
            f"jsonpath={{.status.proxy.pgBouncer.readyReplicas}}={args.pgbouncer.replicas}",
            "jsonpath={.status.proxy.pgBouncer.postgresRevision}",
        ]
    return json.dumps(expressions)


def _users(args: ClusterArgs) -> list[dict[str, Any]]:
    # The operator's default is any printable ASCII; nothing has to quote letters and digits.
    password = {"type": "AlphaNumeric"}
    admin = {"name": args.admin, "options": "CREATEDB CREATEROLE", "password": password}
    others = [
        {"name": name, "databases": list(databases), "password": password} for name, databases in args.users.items()
    ]
    return [admin, *others]


def _parameters(args: ClusterArgs) -> dict[str, int | str]:
    parameters: dict[str, tuning.ParameterValue] = tuning.derive(
        memory=to_bytes(args.memory), connections=args.max_connections, cpu_limit=to_millicpu(args.cpu_limit)
    )
    if args.postgres_version < _FIRST_WITH_LZ4:
        parameters["wal_compression"] = "on"
    parameters |= {
        "password_encryption": "scram-sha-256",
        "log_lock_waits": True,
        "log_timezone": "UTC",
        "timezone": "UTC",
        **args.parameters,
    }
    return {name: _int_or_text(value) for name, value in parameters.items()}


def _int_or_text(value: tuning.ParameterValue) -> int | str:
    # The schema knows no booleans and no fractions here.
    match value:
        case bool():
            return "on" if value else "off"
        case float():
            return str(value)
        case _:
            return value


def _instances(args: ClusterArgs) -> dict[str, Any]:
    labels = {f"{_LABELS}/cluster": args.name, f"{_LABELS}/instance-set": INSTANCES}
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    affinity: dict[str, Any] = {
        "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
        if args.node_spread == "required"
        else {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
    }
    if args.node_selector:
        wanted = [{"key": key, "operator": "In", "values": [value]} for key, value in args.node_selector.items()]
        terms = {"nodeSelectorTerms": [{"matchExpressions": wanted}]}
        affinity["nodeAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
    instances: dict[str, Any] = {
        "name": INSTANCES,
        "replicas": args.replicas,
        "dataVolumeClaimSpec": claim(args.storage_size, args.storage_class),
        "resources": _resources(args.memory, args.cpu, args.cpu_limit),
        "affinity": affinity,
    }
    if args.wal_storage_size is not None:
        instances["walVolumeClaimSpec"] = claim(args.wal_storage_size, args.storage_class)
    if args.zone_spread != "none":
        instances["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "DoNotSchedule" if args.zone_spread == "required" else "ScheduleAnyway",
                "labelSelector": {"matchLabels": labels},
            }
        ]
    return instances


def _pgbouncer(args: PgBouncerArgs) -> dict[str, Any]:
    options: dict[str, int | str] = {
        # The operator puts the function that looks passwords up into each database that is there when PgBouncer is
        # switched on, and not into those that come later; and its role may not connect to the apps' databases, which
        # are closed to PUBLIC. So passwords are looked up in the one database that is always there and open.
        "auth_dbname": "postgres",
        "pool_mode": args.pool_mode,
        "default_pool_size": args.default_pool_size,
        "max_db_connections": args.max_db_connections,
        "max_client_conn": args.max_client_connections,
        "query_wait_timeout": args.query_wait_timeout_seconds,
        "max_prepared_statements": args.max_prepared_statements,
    }
    return {
        "replicas": args.replicas,
        "port": PORT,
        "config": {"global": {name: str(value) for name, value in options.items()}},
        "resources": _resources(args.memory, args.cpu, args.cpu_limit),
    }


def _resources(memory: str, cpu: str, cpu_limit: str) -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu_limit, "memory": memory}}
