"""Values of Airbyte's chart, 1.x and 2.x, for its object storage."""

from typing import Any

import pulumi

from components.apps.airbyte.storage import GcsStorage, MinioStorage, ObjectStorage, S3CompatibleStorage, S3Storage
from components.forms.object_storage import S3Credentials
from components.helm.values import merge_values

_GCS_FOLDER = "/secrets/gcs-log-creds"


def storage_values(major: int, storage: ObjectStorage, minio_secret: str) -> dict[str, Any]:
    """Values that say where objects go. They name Secrets and carry none.

    Args:
        major: major version of the chart, 1 or 2.
        storage: where objects go; only S3 and GCS with version 1.
        minio_secret: Secret with the generated credentials of the chart's MinIO.
    """
    values: dict[str, Any] = {
        "global": {"storage": _storage(major, storage, minio_secret)},
        "minio": {"enabled": isinstance(storage, MinioStorage)},
    }
    match storage:
        case MinioStorage():
            values["minio"]["storage"] = {"volumeClaimValue": storage.storage_size}
        case S3Storage() if storage.workload_identity:
            values["serviceAccount"] = {"annotations": storage.workload_identity.annotations}
        case GcsStorage() if major == 2:
            values = merge_values(values, _gcs_in_job_pods(storage))
        case _:
            pass
    return values


def _storage(major: int, storage: ObjectStorage, minio_secret: str) -> dict[str, Any]:
    name_key = "storageSecretName" if major == 1 else "secretName"
    match storage:
        case MinioStorage():
            return {"type": "minio", name_key: minio_secret}
        case S3Storage():
            credentials = {name_key: storage.credentials.secret_name} if storage.credentials else {}
            return {"type": "s3", "bucket": _buckets(storage.bucket), **credentials, "s3": _s3(storage)}
        case S3CompatibleStorage():
            # Of Airbyte's S3 clients only that for MinIO has an endpoint (StorageClient.kt, 1.0 to 2.2).
            return {
                "type": "minio",
                "bucket": _buckets(storage.bucket),
                name_key: storage.credentials.secret_name,
                "minio": {"endpoint": storage.endpoint, **_key_names(storage.credentials)},
            }
        case GcsStorage():
            return {
                "type": "gcs",
                "bucket": _buckets(storage.bucket),
                name_key: storage.credentials.secret_name,
                "gcs": {"projectId": storage.project, **_gcs_file(major, storage)},
            }


def _s3(storage: S3Storage) -> dict[str, str]:
    if storage.credentials is None:
        return {"region": storage.region, "authenticationType": "instanceProfile"}
    return {"region": storage.region, "authenticationType": "credentials", **_key_names(storage.credentials)}


def _key_names(key: S3Credentials) -> dict[str, str]:
    return {"accessKeyIdSecretKey": key.access_key_id_key, "secretAccessKeySecretKey": key.secret_access_key_key}


def _gcs_file(major: int, storage: GcsStorage) -> dict[str, str]:
    """Path of the key file, the same in pods of the chart and of jobs."""
    path = f"{_GCS_FOLDER}/{storage.credentials.json_key}"
    if major == 1:
        # The chart mounts all keys of the Secret, each as a file with its name.
        return {"credentialsPath": path}
    return {"credentialsJsonSecretKey": storage.credentials.json_key, "credentialsJsonPath": path}


def _gcs_in_job_pods(storage: GcsStorage) -> dict[str, Any]:
    """The mount path of the Secret in job pods of chart 2.x, whose default differs from that of its own pods."""
    mounted = {"secretName": storage.credentials.secret_name, "secretMountPath": _GCS_FOLDER}
    return {"global": {"workloads": {"containerOrchestrator": mounted}}}


def _buckets(name: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
    return dict.fromkeys(("log", "auditLogging", "state", "workloadOutput", "activityPayload"), name)
