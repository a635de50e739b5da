"""Values of Airbyte's chart, 1.x and 2.x: where it keeps logs, state and payloads."""

from typing import Any

from components.apps.airbyte.object_storage import S3, AccessKey, Gcs, Minio, ObjectStorage, S3Compatible
from components.helm.release import merge_values

_GCS_FOLDER = "/secrets/gcs-log-creds"


def storage_values(major: int, storage: ObjectStorage, minio_secret: str) -> dict[str, Any]:
    """Values that say where objects go. They name Secrets and carry none.

    Args:
        major: major version of the chart, 1 or 2.
        storage: where objects go; only `S3` and `Gcs` with version 1.
        minio_secret: Secret with the generated credentials of the chart's MinIO.
    """
    values: dict[str, Any] = {
        "global": {"storage": _storage(major, storage, minio_secret)},
        "minio": {"enabled": isinstance(storage, Minio)},
    }
    match storage:
        case Minio():
            values["minio"]["storage"] = {"volumeClaimValue": storage.storage_size}
        case S3() if storage.role_arn:
            values["serviceAccount"] = {"annotations": {"eks.amazonaws.com/role-arn": storage.role_arn}}
        case Gcs() if major == 2:
            values = merge_values(values, _gcs_in_job_pods(storage))
        case _:
            pass
    return values


def _storage(major: int, storage: ObjectStorage, minio_secret: str) -> dict[str, Any]:
    name_key = "storageSecretName" if major == 1 else "secretName"
    match storage:
        case Minio():
            return {"type": "minio", name_key: minio_secret}
        case S3():
            credentials = {name_key: storage.key.secret_name} if storage.key else {}
            return {"type": "s3", "bucket": _buckets(storage.bucket), **credentials, "s3": _s3(storage)}
        case S3Compatible():
            # Of the apps' S3 clients only that for MinIO takes an endpoint (StorageClient.kt, 1.0 to 2.2).
            return {
                "type": "minio",
                "bucket": _buckets(storage.bucket),
                name_key: storage.key.secret_name,
                "minio": {"endpoint": storage.endpoint, **_key_names(storage.key)},
            }
        case Gcs():
            return {
                "type": "gcs",
                "bucket": _buckets(storage.bucket),
                name_key: storage.secret_name,
                "gcs": {"projectId": storage.project, **_gcs_file(major, storage)},
            }


def _s3(storage: S3) -> dict[str, str]:
    if storage.key is None:
        return {"region": storage.region, "authenticationType": "instanceProfile"}
    return {"region": storage.region, "authenticationType": "credentials", **_key_names(storage.key)}


def _key_names(key: AccessKey) -> dict[str, str]:
    return {"accessKeyIdSecretKey": key.id_key, "secretAccessKeySecretKey": key.secret_key}


def _gcs_file(major: int, storage: Gcs) -> dict[str, str]:
    """Path of the key file, which pods of the chart and those of jobs are told alike."""
    path = f"{_GCS_FOLDER}/{storage.json_key}"
    if major == 1:
        # The Secret is mounted whole in every pod, so a file has the name of its key.
        return {"credentialsPath": path}
    return {"credentialsJsonSecretKey": storage.json_key, "credentialsJsonPath": path}


def _gcs_in_job_pods(storage: Gcs) -> dict[str, Any]:
    """The folder in which chart 2.x mounts the Secret in job pods, where else it has another than in its own pods."""
    mounted = {"secretName": storage.secret_name, "secretMountPath": _GCS_FOLDER}
    return {"global": {"workloads": {"containerOrchestrator": mounted}}}


def _buckets(name: str) -> dict[str, str]:
    return dict.fromkeys(("log", "auditLogging", "state", "workloadOutput", "activityPayload"), name)
