"""Spec of a CloudNativePG `Cluster` (postgresql.cnpg.io/v1, operator 1.28)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.forms.quantity import to_bytes, to_millicpu
from components.postgres import tuning
from components.servers.cloudnativepg.backups import BackupArgs, backup_spec, service_account_annotations


@dataclass(frozen=True)
class ClusterSize:
    """How many instances there are and what each takes.

    Attributes:
        instances: one primary and the standbys.
        storage_size: size of the data volume, such as `20Gi`.
        storage_class: its storage class, the cluster's default if None.
        wal_storage_size: size of the volume for WAL.
        wal_storage_class: its storage class, the cluster's default if None.
        memory: memory request and limit.
        cpu: CPU request.
        cpu_limit: CPU limit.
        max_connections: connections that the server accepts.
    """

    instances: int = 3
    storage_size: str = "20Gi"
    storage_class: str | None = None
    wal_storage_size: str = "8Gi"
    wal_storage_class: str | None = None
    memory: str = "2Gi"
    cpu: str = "500m"
    cpu_limit: str = "2"
    max_connections: int = 200


@dataclass(frozen=True)
class Synchronous:
    """Standbys that a commit waits for.

    Attributes:
        method: `any` or `first`.
        number: how many.
        data_durability: `required` or `preferred`: whether writes wait when there are not so many.
        failover_quorum: whether only a standby that is sure to have every acknowledged commit is promoted.
    """

    method: str = "any"
    number: int = 1
    data_durability: str = "required"
    failover_quorum: bool = True


def cluster_spec(
    *,
    image: str,
    size: ClusterSize,
    synchronous: Synchronous | None,
    parameters: Mapping[str, tuning.ParameterValue],
    node_selector: Mapping[str, str],
    anti_affinity: str,
    topology_key: str,
    pod_disruption_budget: bool,
    admin_secret: str,
    further_names: Sequence[str],
    backups: BackupArgs | None,
) -> dict[str, Any]:
    """The spec.

    Args:
        image: image of PostgreSQL.
        size: instances and what each takes.
        synchronous: standbys that a commit waits for; None for none.
        parameters: PostgreSQL settings on top of the derived ones.
        node_selector: labels of the nodes that instances may run on.
        anti_affinity: `required` or `preferred`.
        topology_key: label that tells apart what instances must not share.
        pod_disruption_budget: whether a drained node waits for another instance.
        admin_secret: Secret with the admin's name and password.
        further_names: DNS names that the server's certificate carries beside those of the Cluster's Services.
        backups: where backups go; None for none.
    """
    postgresql: dict[str, Any] = {
        "parameters": {name: _text(value) for name, value in _parameters(size, parameters).items()},
        # After the operator's own lines and before its last one, which would let plain-text connections in.
        "pg_hba": ["hostssl all all all scram-sha-256", "hostnossl all all all reject"],
    }
    if synchronous is not None:
        postgresql["synchronous"] = {
            "method": synchronous.method,
            "number": synchronous.number,
            "dataDurability": synchronous.data_durability,
            "failoverQuorum": synchronous.failover_quorum,
        }
    spec: dict[str, Any] = {
        "imageName": image,
        "instances": size.instances,
        "enableSuperuserAccess": True,
        "superuserSecret": {"name": admin_secret},
        "bootstrap": {"initdb": _initdb(admin_secret)},
        "postgresql": postgresql,
        "storage": _volume(size.storage_size, size.storage_class),
        "walStorage": _volume(size.wal_storage_size, size.wal_storage_class),
        "resources": {
            "requests": {"cpu": size.cpu, "memory": size.memory},
            "limits": {"cpu": size.cpu_limit, "memory": size.memory},
        },
        "affinity": {
            "enablePodAntiAffinity": True,
            "podAntiAffinityType": anti_affinity,
            "topologyKey": topology_key,
            **({"nodeSelector": dict(node_selector)} if node_selector else {}),
        },
        "enablePDB": pod_disruption_budget,
        # A minor upgrade or a restart moves the primary last, to a standby that has it done already.
        "primaryUpdateStrategy": "unsupervised",
        "primaryUpdateMethod": "switchover",
        # A smart shutdown refuses new connections for as long as old ones last, 180 s by default, and only then does
        # another instance take over. Dagster opens a connection for every query.
        "smartShutdownTimeout": 0,
    }
    if further_names:
        spec["certificates"] = {"serverAltDNSNames": list(further_names)}
    if backups is not None:
        spec["backup"] = backup_spec(backups)
        if annotations := service_account_annotations(backups):
            spec["serviceAccountTemplate"] = {"metadata": {"annotations": annotations}}
    return spec


def _initdb(admin_secret: str) -> dict[str, Any]:
    return {
        # The operator insists on a database and its owner; these are there anyway, so it makes nothing of its own.
        "database": "postgres",
        "owner": "postgres",
        "secret": {"name": admin_secret},
        "dataChecksums": True,
        "encoding": "UTF8",
        "localeCollate": "C.UTF-8",
        "localeCType": "C.UTF-8",
    }


def _volume(size: str, storage_class: str | None) -> dict[str, Any]:
    return {"size": size, **({"storageClass": storage_class} if storage_class else {})}


def _parameters(size: ClusterSize, parameters: Mapping[str, tuning.ParameterValue]) -> dict[str, tuning.ParameterValue]:
    return {
        **tuning.derive(
            memory=to_bytes(size.memory),
            connections=size.max_connections,
            cpu_limit=to_millicpu(size.cpu_limit),
        ),
        "password_encryption": "scram-sha-256",
        # A node may have huge pages that the pod may not use; the server would die of a bus error.
        "huge_pages": "off",
        "log_lock_waits": True,
        "log_timezone": "UTC",
        "timezone": "UTC",
        # A standby that stays away must not fill the primary's WAL volume; it is made anew instead.
        "max_slot_wal_keep_size": f"{to_bytes(size.wal_storage_size) // 2 // 2**20}MB",
        **parameters,
    }


def _text(value: tuning.ParameterValue) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
