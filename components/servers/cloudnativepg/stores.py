"""Object storage of a CloudNativePG cluster's backups: where it is, and how instances access it."""

from collections.abc import Iterator
from typing import Annotated, Any, TypeVar

import pulumi

from components.forms.base import KeyPath, Model, Placeholder, Refusal
from components.forms.computed import text
from components.forms.names import Form
from components.forms.object_storage import (
    Bucket,
    GcsCredentials,
    GcsWorkloadIdentity,
    S3Credentials,
    S3WorkloadIdentity,
    access_refusals,
)
from components.postgres.backup_settings import BucketPath

_S3 = TypeVar("_S3", bound=Model)
_Gcs = TypeVar("_Gcs", bound=Model)

_ENDPOINT = Form(
    r"https?://[^\s/?#]+",
    None,
    "the address of an S3-compatible server, such as https://minio.example.com, without a path",
)

ServerName = Annotated[
    str,
    Form(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?", 253, "lower-case letters, digits, '-' and '.', such as postgresql-2"),
]
"""Folder of one server in a bucket, by default the name of its `Cluster`."""


class BucketStore(Model):
    """A bucket of any object storage."""

    bucket: Bucket
    """Existing bucket."""
    path: BucketPath | None = None
    """Folder in the bucket, such as `backups/prod`; a folder for each server, its `serverName`, is added below it."""


class S3Store(BucketStore):
    """A bucket on AWS S3, or on an S3-compatible server."""

    renamed = {"endpointUrl": "endpoint"}

    endpoint: Annotated[str, _ENDPOINT] | None = None
    """Address of an S3-compatible server, such as `https://minio.example.com`; absent, AWS."""
    credentials: S3Credentials | None = None
    """An access key; absent with `workloadIdentity`."""
    workload_identity: S3WorkloadIdentity | None = None
    """The IAM role of the instances' service account (EKS); absent with `credentials`."""

    def refusals(self) -> Iterator[Refusal]:
        """Neither `credentials` nor `workloadIdentity`, or both; an IAM role outside of AWS."""
        yield from access_refusals(self.credentials, self.workload_identity)
        if self.workload_identity is not None and self.credentials is None and self.endpoint is not None:
            allowed = "`credentials` with `endpoint`: only AWS itself knows IAM roles"
            found = self.workload_identity.model_dump(by_alias=True)
            yield Refusal(("workloadIdentity",), found, allowed, (("credentials",), ("endpoint",)))

    @property
    def store(self) -> dict[str, Any]:
        """Address and credentials, as `barmanObjectStore` has them."""
        address = {"destinationPath": text("s3://", self.bucket, f"/{self.path or ''}")}
        if self.endpoint is not None:
            address["endpointURL"] = self.endpoint
        if self.credentials is None:
            return {**address, "s3Credentials": {"inheritFromIAMRole": True}}
        secret, keys = self.credentials.secret_name, self.credentials
        return {
            **address,
            "s3Credentials": {
                "accessKeyId": {"name": secret, "key": keys.access_key_id_key},
                "secretAccessKey": {"name": secret, "key": keys.secret_access_key_key},
            },
        }

    @property
    def service_account_annotations(self) -> dict[str, pulumi.Input[str]]:
        """Annotations of the instances' service account."""
        return self.workload_identity.annotations if self.workload_identity else {}


class GcsStore(BucketStore):
    """A bucket on Google Cloud Storage."""

    credentials: GcsCredentials | None = None
    """A service account's JSON key; absent with `workloadIdentity`."""
    workload_identity: GcsWorkloadIdentity | None = None
    """The Google service account of the instances' service account (GKE); absent with `credentials`."""

    def refusals(self) -> Iterator[Refusal]:
        """Neither `credentials` nor `workloadIdentity`, or both."""
        yield from access_refusals(self.credentials, self.workload_identity)

    @property
    def store(self) -> dict[str, Any]:
        """Address and credentials, as `barmanObjectStore` has them."""
        address = {"destinationPath": text("gs://", self.bucket, f"/{self.path or ''}")}
        if self.credentials is None:
            return {**address, "googleCredentials": {"gkeEnvironment": True}}
        key = {"name": self.credentials.secret_name, "key": self.credentials.json_key}
        return {**address, "googleCredentials": {"applicationCredentials": key}}

    @property
    def service_account_annotations(self) -> dict[str, pulumi.Input[str]]:
        """Annotations of the instances' service account."""
        return self.workload_identity.annotations if self.workload_identity else {}


def one_store_refusals(s3: Model | None, gcs: Model | None, reads: tuple[KeyPath, ...]) -> Iterator[Refusal]:
    """Neither of two stores, or both; `reads` are further settings that decide."""
    if s3 is None and gcs is None:
        yield Refusal(("s3",), Placeholder.NOTHING, "either `s3` or `gcs`", reads)
    if s3 is not None and gcs is not None:
        found = gcs.model_dump(by_alias=True, exclude_unset=True)
        yield Refusal(("gcs",), found, "not both `s3` and `gcs`", reads)


def one_store(s3: _S3 | None, gcs: _Gcs | None) -> _S3 | _Gcs:
    """The one of two stores that is given.

    Raises:
        ValueError: none is, which the models refuse.
    """
    found = s3 or gcs
    if found is None:
        raise ValueError("neither `s3` nor `gcs`")
    return found
