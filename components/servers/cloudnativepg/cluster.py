"""Spec of a CloudNativePG `Cluster` (postgresql.cnpg.io/v1, operator 1.28)."""

from typing import Any

from components.servers.cloudnativepg.backups import backup_spec
from components.servers.cloudnativepg.parameters import parameters
from components.servers.cloudnativepg.pooler import service_names
from components.servers.cloudnativepg.restore import bootstrap_spec
from components.servers.cloudnativepg.settings import CloudNativePGSettings


def cluster_spec(server: CloudNativePGSettings, namespace: str) -> dict[str, Any]:
    """The spec of a server in a namespace."""
    postgresql: dict[str, Any] = {
        "parameters": parameters(server, server.wal_storage_size, server.parameters),
        # After the operator's own lines and before its last one, which would accept connections in clear text.
        "pg_hba": ["hostssl all all all scram-sha-256", "hostnossl all all all reject"],
    }
    if server.synchronous.enabled:
        postgresql["synchronous"] = server.synchronous.model_dump(by_alias=True, exclude={"enabled"})
    spec: dict[str, Any] = {
        "imageName": server.image,
        "instances": server.instances,
        "enableSuperuserAccess": True,
        "superuserSecret": {"name": server.admin_secret_name},
        **_bootstrap(server),
        "postgresql": postgresql,
        "storage": _volume(server.storage_size, server.storage_class),
        "walStorage": _volume(server.wal_storage_size, server.wal_storage_class),
        "resources": server.resources,
        "affinity": {
            "enablePodAntiAffinity": True,
            "podAntiAffinityType": server.anti_affinity,
            "topologyKey": server.topology_key,
            **({"nodeSelector": server.node_selector} if server.node_selector else {}),
        },
        "enablePDB": server.pod_disruption_budget,
        # A minor upgrade or a restart reaches the primary last, by a switchover to a standby that has it done already.
        "primaryUpdateStrategy": "unsupervised",
        "primaryUpdateMethod": "switchover",
        # A smart shutdown refuses new connections for as long as old ones last, 180 s by default, and only then does
        # another instance take over. Dagster opens a connection for every query.
        "smartShutdownTimeout": 0,
        # A primary whose process died starts again in place, and serves once this probe has passed. At the operator's
        # 10 s, writes stopped for 7 s in the sandbox; now for 3 s. How long a start may take in all stays the same:
        # the operator derives the number of failures from `startDelay`.
        "probes": {"startup": {"periodSeconds": 1}},
        # Time for that start. Without it the operator may promote a standby while the old primary comes back; the other
        # standby, which follows the old one for a moment, then has WAL that the new one has not, and never follows it.
        "failoverDelay": 2,
    }
    if server.pooler is not None:
        spec["certificates"] = {"serverAltDNSNames": service_names(server.pooler_name, namespace)}
    if server.backups is not None:
        spec["backup"] = backup_spec(server.backups.storage)
    if annotations := _identity(server):
        spec["serviceAccountTemplate"] = {"metadata": {"annotations": annotations}}
    return spec


def _bootstrap(server: CloudNativePGSettings) -> dict[str, Any]:
    # The operator insists on a database and its owner; these exist in every cluster, so it creates none.
    owner = {"database": "postgres", "owner": "postgres", "secret": {"name": server.admin_secret_name}}
    if server.restore_from is not None:
        return bootstrap_spec(server.restore_from, owner)
    encoding = {"encoding": "UTF8", "localeCollate": "C.UTF-8", "localeCType": "C.UTF-8"}
    return {"bootstrap": {"initdb": {**owner, "dataChecksums": True, **encoding}}}


def _identity(server: CloudNativePGSettings) -> dict[str, Any]:
    """Annotations of the instances' service account, for the storage that they write to and that they read from."""
    written = server.backups.storage.service_account_annotations if server.backups else {}
    read = server.restore_from.store.service_account_annotations if server.restore_from else {}
    return {**read, **written}


def _volume(size: str, storage_class: str | None) -> dict[str, Any]:
    return {"size": size, **({"storageClass": storage_class} if storage_class else {})}
