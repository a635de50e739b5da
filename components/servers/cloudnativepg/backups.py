"""Backups of a CloudNativePG cluster: where they go, and when.

By the operator's own `barmanObjectStore`, deprecated since 1.26 in favour of the Barman Cloud plugin, and on purpose:
the operator is pinned to a version that has it, while the plugin is a second operator and needs cert-manager beside it.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class S3Access:
    """How S3 is entered.

    Attributes:
        role_arn: IAM role that the instances assume, or
        secret_name: Secret with an access key, and
        access_key_id_key: key of its id and
        secret_access_key_key: of the secret access key there.
        endpoint_url: address of a storage other than AWS's.
    """

    role_arn: str | None = None
    secret_name: str | None = None
    access_key_id_key: str = "AWS_ACCESS_KEY_ID"
    secret_access_key_key: str = "AWS_SECRET_ACCESS_KEY"
    endpoint_url: str | None = None


@dataclass(frozen=True)
class GcsAccess:
    """How Google Cloud Storage is entered.

    Attributes:
        service_account: Google service account that the instances act as, or
        secret_name: Secret with a service account's JSON key, and
        json_key: key of the document there.
    """

    service_account: str | None = None
    secret_name: str | None = None
    json_key: str = "gcp.json"


@dataclass(frozen=True)
class BackupArgs:
    """What backups need to know.

    Attributes:
        destination: `s3://bucket/path` or `gs://bucket/path`.
        access: how the storage is entered.
        schedule: cron with seconds first.
        immediate: whether the first one is made at once.
        retention: how far back a point in time can be restored, such as `30d`.
        compression: of base backups and WAL, such as `gzip`; None for none.
    """

    destination: str
    access: S3Access | GcsAccess
    schedule: str = "0 0 2 * * *"
    immediate: bool = True
    retention: str = "30d"
    compression: str | None = "gzip"


def backup_spec(args: BackupArgs) -> dict[str, Any]:
    """`spec.backup` of the Cluster: continuous archiving of WAL begins with it."""
    compressed = {"compression": args.compression} if args.compression else {}
    return {
        "retentionPolicy": args.retention,
        "target": "prefer-standby",
        "barmanObjectStore": {
            "destinationPath": args.destination,
            **_credentials(args.access),
            # Two at a time: one slow upload does not hold up the next.
            "wal": {**compressed, "maxParallel": 2},
            # A backup begins with a checkpoint. Spread, as usual, it takes 13 minutes (0.9 of checkpoint_timeout);
            # at once it takes seconds, and is a standby's where there is one.
            "data": {**compressed, "immediateCheckpoint": True},
        },
    }


def scheduled_backup_spec(args: BackupArgs, *, cluster: str) -> dict[str, Any]:
    """The spec of a `ScheduledBackup`."""
    return {
        "cluster": {"name": cluster},
        "schedule": args.schedule,
        "immediate": args.immediate,
        "backupOwnerReference": "self",
        "method": "barmanObjectStore",
    }


def service_account_annotations(args: BackupArgs) -> dict[str, str]:
    """What the instances' service account must carry where they act as somebody in the cloud."""
    match args.access:
        case S3Access(role_arn=str(role)):
            return {"eks.amazonaws.com/role-arn": role}
        case GcsAccess(service_account=str(account)):
            return {"iam.gke.io/gcp-service-account": account}
        case _:
            return {}


def _credentials(access: S3Access | GcsAccess) -> dict[str, Any]:
    match access:
        case S3Access(role_arn=str()):
            return {"s3Credentials": {"inheritFromIAMRole": True}}
        case S3Access():
            keys = {"accessKeyId": access.access_key_id_key, "secretAccessKey": access.secret_access_key_key}
            references = {name: {"name": access.secret_name, "key": key} for name, key in keys.items()}
            return {
                "s3Credentials": references,
                **({"endpointURL": access.endpoint_url} if access.endpoint_url else {}),
            }
        case GcsAccess(service_account=str()):
            return {"googleCredentials": {"gkeEnvironment": True}}
        case GcsAccess():
            reference = {"name": access.secret_name, "key": access.json_key}
            return {"googleCredentials": {"applicationCredentials": reference}}
