"""Stack files with a PostgresCluster, over the whole range of its settings."""

import copy
import random
import re
from typing import Any

from components.servers.crunchydata import cluster
from components.servers.crunchydata.from_settings import crunchydata_server
from components.servers.crunchydata.settings import CrunchyDataServer
from components.servers.standalone import StandalonePostgreSQL
from stack.check import check

Settings = dict[str, Any]

VOLUME: Settings = {"volume": {"storageSize": "100Gi"}}
S3: Settings = {"s3": {"bucket": "backups", "endpoint": "s3.example.com", "region": "eu-central-1", "secretName": "s3"}}
GCS: Settings = {"gcs": {"bucket": "backups", "secretName": "gcs"}}
EVERYWHERE: Settings = {
    "volume": {"storageSize": "1Ti", "storageClass": "slow", "schedules": {"incremental": "*/15 * * * *"}},
    "s3": {**S3["s3"], "uriStyle": "path", "path": "/prod/pg", "retention": {"full": 4, "fullType": "count"}},
    "gcs": {
        **GCS["gcs"],
        "path": "/prod/pg",
        "schedules": {"full": "30 2 1,15 jan-dec *", "differential": None},
        "retention": {"full": 90, "fullType": "time", "differential": 7},
    },
}

# Values of each setting that make a difference to what is asked of the operator.
RANGE: dict[str, list[Any]] = {
    "name": ["postgresql", "a", "a2345678901234567890123456789012345-z"],
    "postgresVersion": [15, 16, 17],
    "image": ["crunchy-postgres:ubi9-17.7-2547@sha256:" + 64 * "a"],
    "replicas": [1, 2, 9],
    "synchronous": [False],
    "storageSize": ["16Gi", "1Ti"],
    "walStorageSize": ["16Gi", "1Ti"],
    "storageClass": ["fast"],
    "memory": ["4000Mi", "64Gi"],
    "cpu": ["10m", 2, "0.5"],
    "cpuLimit": [2, "256"],
    "maxConnections": [20, 400],
    "parameters": [
        {"log_min_duration_statement": 500, "jit": False, "work_mem": "8MB", "cursor_tuple_fraction": 0.5},
        {"auto_explain.log_min_duration": -1, "shared_preload_libraries": "pg_stat_statements"},
    ],
    "nodeSelector": [{"disk": "ssd", "pool": "databases"}],
    "nodeSpread": ["preferred"],
    "zoneSpread": ["required", "none"],
    "adminUsername": ["owner"],
    "users": [{"reports": ["reports"], "analyst": ["reports", "archive"]}],
    "backups": [VOLUME, S3, GCS, {**VOLUME, **S3}, EVERYWHERE],
    "pgBouncer": [
        {},
        {"replicas": 1, "poolMode": "session", "maxPreparedStatements": 0, "defaultPoolSize": 1, "maxDbConnections": 1},
        {"maxClientConnections": 100_000, "queryWaitTimeoutSeconds": 1, "memory": "1Gi", "cpu": 1, "cpuLimit": 2},
    ],
    "deletionProtection": [True],
    "operator": [
        {"install": False},
        {"namespace": "pgo", "createNamespace": False, "chart": {"oci": "oci://registry.example.com/charts/pgo"}},
    ],
}

ROOMY: Settings = {"memory": "8Gi", "storageSize": "64Ti", "cpuLimit": "4", "maxConnections": 400}
"""Sizes with which every value of another setting goes."""

OLD: list[Settings] = [
    {"postgresVersion": version, "image": f"registry.example.com:5000/crunchy-postgres:ubi8-{version}.20-2437"}
    for version in (13, 14)
]


def standalone(**server: Any) -> Settings:
    """A stack file's settings with this server, which has a volume for backups if nothing else is said."""
    return {"postgresql": {"mode": "standalone", "server": {"kind": "crunchydata", "backups": VOLUME, **server}}}


def servers() -> list[Settings]:
    """Each value of each setting by itself, and mixtures of them, always the same."""
    single = [{name: value} for name, values in RANGE.items() for value in values]
    dice = random.Random(4)  # noqa: S311 - no secret
    mixtures: list[Settings] = []
    for _ in range(40):
        chosen = {name: dice.choice([*values, None]) for name, values in RANGE.items()}
        mixtures.append({name: copy.deepcopy(value) for name, value in chosen.items() if value is not None} | ROOMY)
    return [*OLD, *[ROOMY | it for it in single], *mixtures]


def postgres_cluster(server: Settings, *, namespace: str = "postgresql") -> dict[str, Any]:
    """The object that the component makes of a stack file with this server."""
    wanted = cluster_args(server)
    return {
        "apiVersion": cluster.API_VERSION,
        "kind": cluster.KIND,
        "metadata": {
            "name": wanted.name,
            "namespace": namespace,
            "annotations": {"pulumi.com/waitFor": cluster.ready_when(wanted)},
        },
        "spec": cluster.spec(wanted),
    }


def cluster_args(server: Settings) -> cluster.ClusterArgs:
    """What the component is told by a stack file with this server, checked as every stack file is."""
    stack = standalone(**server)
    if (image := server.get("image")) is not None:
        # Mixtures take the version and the image by chance.
        fitting = re.sub(r"-[0-9]+\.", f"-{server.get('postgresVersion', 17)}.", image)
        stack["postgresql"]["server"]["image"] = fitting
    settings = check(stack).postgresql
    assert isinstance(settings, StandalonePostgreSQL)
    assert isinstance(settings.server, CrunchyDataServer)
    return crunchydata_server(settings, settings.server).cluster
