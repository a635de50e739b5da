"""Where Airbyte keeps logs, state and payloads: the chart's MinIO, S3, another server that speaks S3, or GCS."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Found, Model, Refusal
from components.forms.names import BucketName, Form, ObjectName, SecretKey
from components.forms.quantity import VolumeSize

_REGION = Form(r"[a-z]{2}(-[a-z]+)+-[0-9]", None, "an AWS region, such as eu-central-1")
_ROLE_ARN = Form(
    r"arn:aws[-a-z]*:iam::[0-9]{12}:role/[-+=,.@\w/]+",
    None,
    "the ARN of an IAM role, such as arn:aws:iam::123456789012:role/airbyte",
)
_ENDPOINT = Form(
    r"https?://[^\s/?#@]+/?",
    None,
    "the address of an S3 server without bucket and path, such as https://s3.example.com or http://minio.storage:9000",
)
_PROJECT = Form(
    r"[a-z][-a-z0-9]{4,28}[a-z0-9]", None, "a Google Cloud project id: 6 to 30 lower-case letters, digits and '-'"
)


GCS_FILE = "gcp.json"
"""Name of the key file in the pods of a chart 2.x (its templates)."""


class MinioStorage(Model):
    """The MinIO that Airbyte's chart brings, with generated credentials."""

    kind: Literal["minio"] = "minio"
    """`minio`: inside the cluster."""
    storage_size: VolumeSize = "10Gi"
    """Size of MinIO's volume."""


class S3Credentials(Model):
    """An access key in a Secret of Airbyte's namespace that you make."""

    secret_name: ObjectName
    """Name of the Secret."""
    access_key_id_key: SecretKey = "AWS_ACCESS_KEY_ID"
    """Key of the access key's id."""
    secret_access_key_key: SecretKey = "AWS_SECRET_ACCESS_KEY"
    """Key of the secret access key."""


class S3WorkloadIdentity(Model):
    """IAM role for Airbyte's service account (EKS)."""

    role_arn: Annotated[str, _ROLE_ARN]
    """ARN of the role."""


class S3Storage(Model):
    """A bucket on AWS S3."""

    kind: Literal["s3"]
    """`s3`: AWS S3. Other servers that speak S3 are of kind `s3-compatible`."""
    region: Annotated[str, _REGION]
    """AWS region of the bucket."""
    bucket: BucketName
    """Bucket for logs, state and payloads."""
    credentials: S3Credentials | None = None
    """An access key, or"""
    workload_identity: S3WorkloadIdentity | None = None
    """a role that the pods assume."""

    def refusals(self) -> Iterator[Refusal]:
        """No way in, or two."""
        reads = (("credentials",), ("workloadIdentity",))
        if self.credentials is None and self.workload_identity is None:
            yield Refusal(("credentials",), Found.NOTHING, "either `credentials` or `workloadIdentity`", reads)
        if self.credentials is not None and self.workload_identity is not None:
            allowed = "not both `credentials` and `workloadIdentity`"
            yield Refusal(("workloadIdentity",), {"roleArn": self.workload_identity.role_arn}, allowed, reads)


class S3CompatibleStorage(Model):
    """A bucket on a server that speaks S3: a MinIO of your own, Ceph, Cloudflare R2, Garage and others."""

    kind: Literal["s3-compatible"]
    """`s3-compatible`: a server that speaks S3. With a chart 2.x."""
    endpoint: Annotated[str, _ENDPOINT]
    """Address of the server. Airbyte puts the bucket into the path and signs its requests for region `us-east-1`; the
    server must take both. A certificate must be of a CA that Java knows."""
    bucket: BucketName
    """Bucket for logs, state and payloads. It must exist, unless the access key may create it."""
    credentials: S3Credentials
    """An access key."""


class GcsCredentials(Model):
    """A service account's JSON key in a Secret of Airbyte's namespace that you make."""

    secret_name: ObjectName
    """Name of the Secret."""
    json_key: SecretKey = GCS_FILE
    """Key of the JSON document. With a chart 2.x it must be `gcp.json`."""


class GcsStorage(Model):
    """A bucket on Google Cloud Storage."""

    kind: Literal["gcs"]
    """`gcs`: Google Cloud Storage."""
    project: Annotated[str, _PROJECT]
    """Google Cloud project of the bucket."""
    bucket: BucketName
    """Bucket for logs, state and payloads."""
    credentials: GcsCredentials
    """A JSON key. Airbyte reads a key file; it cannot use GKE's workload identity for its own storage."""


ObjectStorage = Annotated[MinioStorage | S3Storage | S3CompatibleStorage | GcsStorage, Field(discriminator="kind")]
