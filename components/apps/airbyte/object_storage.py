"""Where Airbyte keeps its objects, as its component sees it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Minio:
    """The chart's own MinIO; the component generates its credentials."""

    storage_size: str = "10Gi"


@dataclass(frozen=True)
class AccessKey:
    """An S3 access key in a Secret, and the names of its two parts there."""

    secret_name: str
    id_key: str = "AWS_ACCESS_KEY_ID"
    secret_key: str = "AWS_SECRET_ACCESS_KEY"


@dataclass(frozen=True)
class S3:
    """An S3 bucket, opened by an access key or by the IAM role that the pods assume."""

    region: str
    bucket: str
    key: AccessKey | None = None
    role_arn: str | None = None


@dataclass(frozen=True)
class S3Compatible:
    """A bucket on a server that speaks S3, addressed by path, opened by an access key."""

    endpoint: str
    bucket: str
    key: AccessKey


@dataclass(frozen=True)
class Gcs:
    """A GCS bucket, opened by a service account's JSON key in a Secret.

    With a chart 2.x the key must be `gcp.json`: its pods find the file under that name, while those of jobs, which have
    the whole Secret, find it under the key's.
    """

    project: str
    bucket: str
    secret_name: str
    json_key: str = "gcp.json"


ObjectStorage = Minio | S3 | S3Compatible | Gcs
