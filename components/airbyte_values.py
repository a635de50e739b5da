"""Values of Airbyte's chart, 1.x and 2.x: what it must be told about its database and object storage."""

from collections.abc import Mapping
from typing import Any

from components.endpoint import Endpoint, TlsMode
from components.helm import CREDENTIALS_ROTATION, DATABASE_HOST, DATABASE_PORT, DATABASE_TLS
from components.object_storage import S3, Gcs, Minio, ObjectStorage

SECRET_ALIASES: Mapping[str, str] = {
    "DATABASE_USER": "username",
    "DATABASE_PASSWORD": "password",
    # Pods of chart 2.x do not start without a replica's credentials; ours is the primary itself.
    "CONFIG_DATABASE_REPLICA_USER": "username",
    "CONFIG_DATABASE_REPLICA_PASSWORD": "password",
}
"""Keys that the chart insists on, each with the key of the database Secret that it repeats."""

_COMPONENTS = {
    1: (
        "server",
        "worker",
        "cron",
        "temporal",
        "workload-launcher",
        "workload-api-server",
        "airbyte-bootloader",
        "connector-builder-server",
    ),
    2: (
        "server",
        "worker",
        "cron",
        "temporal",
        "workloadLauncher",
        "workloadApiServer",
        "manifestServer",
        "airbyteBootloader",
    ),
}
"""Value keys of the chart's components that hold credentials, by major version of the chart."""

_GCS_FOLDER = "/secrets/gcs-log-creds"


def airbyte_values(
    *, major: int, endpoint: Endpoint, storage: ObjectStorage, storage_secret: str, rotation: str
) -> dict[str, Any]:
    """Values for a chart of major version 1 or 2. They name Secrets and carry none.

    Args:
        major: major version of the chart.
        endpoint: Airbyte's database.
        storage: where objects go; MinIO only with version 2.
        storage_secret: Secret with MinIO's generated credentials.
        rotation: changes with any of the credentials; the pods carry it and restart with it.
    """
    annotated = {
        "podAnnotations": {
            CREDENTIALS_ROTATION: rotation,
            # The pods read them from a ConfigMap, at their start alone.
            DATABASE_HOST: endpoint.host,
            DATABASE_PORT: str(endpoint.port),
            DATABASE_TLS: endpoint.tls.value,
        }
    }
    values: dict[str, Any] = {
        "postgresql": {"enabled": False},
        "global": {
            "database": _database(major, endpoint),
            "storage": _storage(major, storage, storage_secret),
        },
        "minio": {"enabled": isinstance(storage, Minio)},
        **dict.fromkeys(_COMPONENTS[major], annotated),
        # The bootstrap Job makes Temporal's databases; its own attempt would need a role that may create more of them.
        "temporal": {**annotated, "env_vars": {"SKIP_DB_CREATE": "true"}},
    }
    if isinstance(storage, Minio):
        values["minio"]["storage"] = {"volumeClaimValue": storage.storage_size}
    if isinstance(storage, S3) and storage.role_arn:
        values["serviceAccount"] = {"annotations": {"eks.amazonaws.com/role-arn": storage.role_arn}}
    return values


def _database(major: int, endpoint: Endpoint) -> dict[str, Any]:
    return {
        # All that the chart makes of the type is whether Temporal uses TLS.
        "type": "internal" if endpoint.tls is TlsMode.DISABLE else "external",
        "secretName": endpoint.secret_name,
        "host": endpoint.host,
        "port": endpoint.port,
        ("database" if major == 1 else "name"): endpoint.database,
        "userSecretKey": "DATABASE_USER",
        "passwordSecretKey": "DATABASE_PASSWORD",
    }


def _storage(major: int, storage: ObjectStorage, minio_secret: str) -> dict[str, Any]:
    name_key = "storageSecretName" if major == 1 else "secretName"
    match storage:
        case Minio():
            return {"type": "minio", name_key: minio_secret}
        case S3():
            credentials = {name_key: storage.key.secret_name} if storage.key else {}
            return {"type": "s3", "bucket": _buckets(storage.bucket), **credentials, "s3": _s3(storage)}
        case Gcs():
            return {
                "type": "gcs",
                "bucket": _buckets(storage.bucket),
                name_key: storage.secret_name,
                "gcs": {"projectId": storage.project, **_gcs_key(major, storage)},
            }


def _s3(storage: S3) -> dict[str, str]:
    if storage.key is None:
        return {"region": storage.region, "authenticationType": "instanceProfile"}
    return {
        "region": storage.region,
        "authenticationType": "credentials",
        "accessKeyIdSecretKey": storage.key.id_key,
        "secretAccessKeySecretKey": storage.key.secret_key,
    }


def _gcs_key(major: int, storage: Gcs) -> dict[str, str]:
    if major == 1:
        return {"credentialsJson": f"{_GCS_FOLDER}/{storage.json_key}"}
    return {"credentialsJsonSecretKey": storage.json_key, "credentialsJsonPath": f"{_GCS_FOLDER}/gcp.json"}


def _buckets(name: str) -> dict[str, str]:
    return dict.fromkeys(("log", "auditLogging", "state", "workloadOutput", "activityPayload"), name)
