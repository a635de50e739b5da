"""Airbyte's object storage: the chart's MinIO, S3, an S3-compatible server, or GCS."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.names import Form
from components.forms.object_storage import (
    AwsRegion,
    Bucket,
    GcsCredentials,
    S3Credentials,
    S3Endpoint,
    S3WorkloadIdentity,
    access_refusals,
)
from components.forms.quantity import VolumeSize

_PROJECT = Form(
    r"[a-z][-a-z0-9]{4,28}[a-z0-9]", None, "a Google Cloud project id: 6 to 30 lower-case letters, digits and '-'"
)


class MinioStorage(Model):
    """The MinIO of Airbyte's chart, with generated credentials."""

    kind: Literal["minio"] = "minio"
    """`minio`: inside the cluster."""
    storage_size: VolumeSize = "10Gi"
    """Size of MinIO's volume."""


class S3Storage(Model):
    """A bucket on AWS S3."""

    kind: Literal["s3"] = "s3"
    """`s3`: AWS S3. For other S3-compatible servers use kind `s3-compatible`."""
    region: AwsRegion
    """AWS region of the bucket."""
    bucket: Bucket
    """Bucket for logs, state and payloads."""
    credentials: S3Credentials | None = None
    """An access key; absent with `workloadIdentity`."""
    workload_identity: S3WorkloadIdentity | None = None
    """The IAM role of Airbyte's service account; absent with `credentials`."""

    def refusals(self) -> Iterator[Refusal]:
        """Neither `credentials` nor `workloadIdentity`, or both."""
        yield from access_refusals(self.credentials, self.workload_identity)


class S3CompatibleStorage(Model):
    """A bucket on an S3-compatible server: your own MinIO, Ceph, Cloudflare R2, Garage and others."""

    kind: Literal["s3-compatible"] = "s3-compatible"
    """`s3-compatible`: an S3-compatible server; needs a chart 2.x."""
    endpoint: S3Endpoint
    """Address of the server, such as `https://s3.example.com`. Airbyte puts the bucket into the path and signs its
    requests for region `us-east-1`; the server must accept both. Its certificate must be of a CA that Java trusts."""
    bucket: Bucket
    """Bucket for logs, state and payloads. It must exist, unless the access key may create it."""
    credentials: S3Credentials
    """An access key of the server."""


class GcsStorage(Model):
    """A bucket on Google Cloud Storage."""

    kind: Literal["gcs"] = "gcs"
    """`gcs`: Google Cloud Storage."""
    project: Annotated[str, _PROJECT]
    """Google Cloud project of the bucket."""
    bucket: Bucket
    """Bucket for logs, state and payloads."""
    credentials: GcsCredentials
    """A service account's JSON key. Airbyte reads a key file; it cannot use GKE's workload identity for its storage."""


ObjectStorage = Annotated[MinioStorage | S3Storage | S3CompatibleStorage | GcsStorage, Field(discriminator="kind")]
