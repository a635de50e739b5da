"""Backups of a CloudNativePG cluster: base backups by a schedule, and all WAL in between, to object storage."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator

from components.apps.airbyte.storage import S3WorkloadIdentity
from components.forms.base import Found, Model, Refusal
from components.forms.cron import six_fields
from components.forms.names import BucketName, Form, ObjectName, SecretKey

_RETENTION = Form(r"[1-9][0-9]*[dwm]", None, "a number of days, weeks or months, such as 30d, 4w or 6m")
_PATH = Form(
    r"([-\w.=]+(/[-\w.=]+)*)?",
    None,
    "folders inside the bucket, such as backups/prod, without a slash at either end",
)
_ENDPOINT = Form(
    r"https?://[^\s/?#]+",
    None,
    "the address of an S3-compatible storage, such as https://minio.example.com, without a path",
)
_SERVICE_ACCOUNT = Form(
    r"[a-z][-a-z0-9]{4,28}[a-z0-9]@[a-z][-a-z0-9]{4,28}[a-z0-9]\.iam\.gserviceaccount\.com",
    None,
    "a Google service account, such as backups@my-project.iam.gserviceaccount.com",
)


class BackupSchedule(Model):
    """When backups are made and how long they are kept; the same for every storage."""

    path: Annotated[str, _PATH] = ""
    """Folder inside the bucket; the cluster's name is added below it."""
    schedule: Annotated[str, AfterValidator(six_fields)] = "0 0 2 * * *"
    """When base backups are made: six fields, seconds first (`0 0 2 * * *` is two o'clock UTC)."""
    immediate: bool = True
    """Whether the first one is made at once: until there is one, WAL alone restores nothing."""
    retention: Annotated[str, _RETENTION] = "30d"
    """How far back a point in time can be restored: a number of days, weeks or months (`d`, `w`, `m`)."""
    compression: Literal["none", "gzip", "bzip2", "snappy"] = "gzip"
    """How backups and WAL are compressed."""


class S3BackupCredentials(Model):
    """An access key in a Secret of `postgresql.namespace` that you make."""

    secret_name: ObjectName
    """Name of the Secret."""
    access_key_id_key: SecretKey = "AWS_ACCESS_KEY_ID"
    """Key of the access key's id."""
    secret_access_key_key: SecretKey = "AWS_SECRET_ACCESS_KEY"
    """Key of the secret access key."""


class S3Backups(BackupSchedule):
    """Backups to S3, or to a storage that speaks its protocol."""

    kind: Literal["s3"]
    """`s3`: AWS S3 or a compatible storage."""
    bucket: BucketName
    """Bucket, which must be there."""
    endpoint_url: Annotated[str, _ENDPOINT] | None = None
    """Address of a storage other than AWS's."""
    credentials: S3BackupCredentials | None = None
    """An access key, or"""
    workload_identity: S3WorkloadIdentity | None = None
    """a role that the instances assume (EKS)."""

    @property
    def destination(self) -> str:
        """Where Barman Cloud writes to."""
        return f"s3://{self.bucket}/{self.path}"

    def refusals(self) -> Iterator[Refusal]:
        """No way in, or two."""
        reads = (("credentials",), ("workloadIdentity",))
        if self.credentials is None and self.workload_identity is None:
            yield Refusal(("credentials",), Found.NOTHING, "either `credentials` or `workloadIdentity`", reads)
        if self.workload_identity is not None:
            found = {"roleArn": self.workload_identity.role_arn}
            if self.credentials is not None:
                yield Refusal(("workloadIdentity",), found, "not both `credentials` and `workloadIdentity`", reads)
            elif self.endpoint_url is not None:
                allowed = "`credentials` with `endpointUrl`: only AWS itself knows IAM roles"
                yield Refusal(("workloadIdentity",), found, allowed, (*reads, ("endpointUrl",)))


class GcsBackupCredentials(Model):
    """A service account's JSON key in a Secret of `postgresql.namespace` that you make."""

    secret_name: ObjectName
    """Name of the Secret."""
    json_key: SecretKey = "gcp.json"
    """Key of the JSON document."""


class GcsWorkloadIdentity(Model):
    """Google service account for the instances' Kubernetes service account (GKE)."""

    service_account: Annotated[str, _SERVICE_ACCOUNT]
    """Its e-mail address."""


class GcsBackups(BackupSchedule):
    """Backups to Google Cloud Storage."""

    kind: Literal["gcs"]
    """`gcs`: Google Cloud Storage."""
    bucket: BucketName
    """Bucket, which must be there."""
    credentials: GcsBackupCredentials | None = None
    """A JSON key, or"""
    workload_identity: GcsWorkloadIdentity | None = None
    """a Google service account that the instances act as (GKE)."""

    @property
    def destination(self) -> str:
        """Where Barman Cloud writes to."""
        return f"gs://{self.bucket}/{self.path}"

    def refusals(self) -> Iterator[Refusal]:
        """No way in, or two."""
        reads = (("credentials",), ("workloadIdentity",))
        if self.credentials is None and self.workload_identity is None:
            yield Refusal(("credentials",), Found.NOTHING, "either `credentials` or `workloadIdentity`", reads)
        if self.credentials is not None and self.workload_identity is not None:
            found = {"serviceAccount": self.workload_identity.service_account}
            yield Refusal(("workloadIdentity",), found, "not both `credentials` and `workloadIdentity`", reads)
