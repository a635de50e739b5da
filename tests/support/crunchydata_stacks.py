"""Stack files with a PostgresCluster, over the whole range of its settings."""

import copy
import random
import re
from typing import Any

from components.postgres.pooler.budget import PGBOUNCERS_POOL_SIZE
from components.servers.crunchydata import cluster
from components.servers.crunchydata.settings import CrunchyDataSettings
from components.servers.standalone import StandalonePostgreSQL
from stack.check import check

Settings = dict[str, Any]

VOLUME: Settings = {"volume": {"storageSize": "100Gi"}}
S3: Settings = {
    "s3": {
        "bucket": "backups",
        "endpoint": "https://s3.example.com",
        "region": "eu-central-1",
        "credentials": {"secretName": "s3"},
    }
}
GCS: Settings = {"gcs": {"bucket": "backups", "credentials": {"secretName": "gcs"}}}
EVERYWHERE: Settings = {
    "volume": {"storageSize": "1Ti", "storageClass": "slow", "incrementalSchedule": "*/15 * * * *"},
    "s3": {**S3["s3"], "uriStyle": "path", "path": "prod/pg", "retentionFullBackups": 4},
    "gcs": {
        **GCS["gcs"],
        "path": "prod/pg",
        "schedule": "30 2 1,15 jan-dec *",
        "differentialSchedule": None,
        "retentionDays": 90,
        "retentionDifferentialBackups": 7,
    },
}

# Values of each setting that affect the custom resources of the operator.
RANGE: dict[str, list[Any]] = {
    "name": ["postgresql", "a", "a2345678901234567890123456789012345-z"],
    "postgresVersion": [15, 16, 17],
    "image": ["crunchy-postgres:ubi9-17.7-2547@sha256:" + 64 * "a"],
    "instances": [1, 2, 9],
    "synchronous": [False],
    "storageSize": ["16Gi", "1Ti"],
    "walStorageSize": ["16Gi", "1Ti"],
    "storageClass": ["fast"],
    "memory": ["4000Mi", "64Gi"],
    "cpu": ["10m", 2, "0.5"],
    "cpuLimit": [2, "256"],
    "maxConnections": [320, 400],
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
    "pooler": [
        {},
        {"instances": 1, "mode": "session", "maxPreparedStatements": 0, "defaultPoolSize": 1, "maxDbConnections": 1},
        {"maxClientConnections": 100_000, "queryWaitTimeoutSeconds": 1, "memory": "1Gi", "cpu": 1, "cpuLimit": 2},
    ],
    "deletionProtection": [True],
    "restoreFrom": [
        {"s3": {**S3["s3"], "path": "old/pg", "uriStyle": "path"}, "at": "2026-11-25T09:00:00.5+01:00"},
        {"gcs": {**GCS["gcs"], "path": "old/pg"}},
        {"cluster": {"name": "old", "repository": "volume"}},
        {"cluster": {"name": "old", "namespace": "elsewhere", "repository": "gcs"}, "at": "2026-11-25T08:00:00Z"},
    ],
    "operator": [
        {"install": False},
        {"namespace": "pgo", "createNamespace": False, "chart": {"oci": "oci://registry.example.com/charts/pgo"}},
    ],
}

LARGE: Settings = {"memory": "8Gi", "storageSize": "64Ti", "cpuLimit": "4", "maxConnections": 400}
"""Sizes that are valid with every value of the other settings."""

OLD: list[Settings] = [
    {"postgresVersion": version, "image": f"registry.example.com:5000/crunchy-postgres:ubi8-{version}.20-2437"}
    for version in (13, 14)
]


def standalone(**server: Any) -> Settings:
    """A stack file's settings with this server, which has a volume for backups by default."""
    return {"postgresql": {"mode": "standalone", "server": {"kind": "crunchydata", "backups": VOLUME, **server}}}


def servers() -> list[Settings]:
    """Each value of each setting by itself, and mixtures of them, always the same."""
    single = [{name: value} for name, values in RANGE.items() for value in values]
    dice = random.Random(4)  # noqa: S311 - no secret
    mixtures: list[Settings] = []
    for _ in range(40):
        chosen = {name: dice.choice([*values, None]) for name, values in RANGE.items()}
        mixtures.append({name: copy.deepcopy(value) for name, value in chosen.items() if value is not None} | LARGE)
    return [*OLD, *[LARGE | settings for settings in single], *mixtures]


def postgres_cluster(server: Settings, *, namespace: str = "postgresql") -> dict[str, Any]:
    """The object that the component creates for a stack file with this server."""
    settings = settings_of(server)
    return {
        "apiVersion": cluster.API_VERSION,
        "kind": cluster.KIND,
        "metadata": {
            "name": settings.name,
            "namespace": namespace,
            "annotations": {"pulumi.com/waitFor": cluster.ready_when(settings)},
        },
        "spec": cluster.cluster_spec(settings, namespace, PGBOUNCERS_POOL_SIZE),
    }


def settings_of(server: Settings) -> CrunchyDataSettings:
    """The settings of a stack file with this server, checked as every stack file is."""
    stack = standalone(**server)
    if (image := server.get("image")) is not None:
        # Mixtures take the version and the image by chance.
        fitting = re.sub(r"-[0-9]+\.", f"-{server.get('postgresVersion', 17)}.", image)
        stack["postgresql"]["server"]["image"] = fitting
    settings = check(stack).postgresql
    assert isinstance(settings, StandalonePostgreSQL)
    assert isinstance(settings.server, CrunchyDataSettings)
    return settings.server
