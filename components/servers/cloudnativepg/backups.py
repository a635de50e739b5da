"""Backups of a CloudNativePG cluster: base backups by a schedule, and all WAL in between, to object storage.

By the operator's own `barmanObjectStore`, deprecated since 1.26 in favour of the Barman Cloud plugin, and on purpose:
the operator is pinned to a version that has it, while the plugin is a second operator and needs cert-manager beside it.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pulumi
from pydantic import Field

from components.forms.base import KeyPath, Model, Placeholder, Refusal
from components.forms.computed import OrOutput, TextInput, text
from components.forms.cron import Cron
from components.forms.names import Form
from components.forms.object_storage import (
    Bucket,
    GcsCredentials,
    S3Credentials,
    S3WorkloadIdentity,
    access_refusals,
)
from components.postgres.backup_settings import BackupSettings, BucketPath

_ENDPOINT = Form(
    r"https?://[^\s/?#]+",
    None,
    "the address of an S3-compatible server, such as https://minio.example.com, without a path",
)
_SERVICE_ACCOUNT = Form(
    r"[a-z][-a-z0-9]{4,28}[a-z0-9]@[a-z][-a-z0-9]{4,28}[a-z0-9]\.iam\.gserviceaccount\.com",
    None,
    "a Google service account, such as backups@my-project.iam.gserviceaccount.com",
)


class BucketBackups(BackupSettings):
    """What is the same for every object storage."""

    renamed = {"retention": "retentionDays"}

    bucket: Bucket
    """Existing bucket."""
    path: BucketPath | None = None
    """Folder in the bucket, such as `backups/prod`; the name of the `Cluster` is added below it."""
    schedule: Cron = "0 2 * * *"
    retention_days: Annotated[int, Field(ge=1, le=36_500)] = 30
    immediate: bool = True
    """Whether the first backup is taken at once: WAL can be replayed only onto a base backup."""
    compression: Literal["none", "gzip", "bzip2", "snappy"] = "gzip"
    """How base backups and WAL are compressed."""


class S3Backups(BucketBackups):
    """Backups to AWS S3, or to an S3-compatible server."""

    renamed = {**BucketBackups.renamed, "endpointUrl": "endpoint"}

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
        return {"eks.amazonaws.com/role-arn": self.workload_identity.role_arn} if self.workload_identity else {}


class GcsWorkloadIdentity(Model):
    """A Google service account that the pods' Kubernetes service account impersonates (GKE)."""

    service_account: Annotated[TextInput, OrOutput(Annotated[str, _SERVICE_ACCOUNT])]
    """Its e-mail address, such as `backups@my-project.iam.gserviceaccount.com`."""


class GcsBackups(BucketBackups):
    """Backups to Google Cloud Storage."""

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
        identity = self.workload_identity
        return {"iam.gke.io/gcp-service-account": identity.service_account} if identity else {}


class CloudNativePGBackups(Model):
    """The object storage of a cluster's backups. The operator knows one."""

    renamed = {
        "kind": ("s3", "gcs"),
        "endpointUrl": "s3.endpoint",
        "retention": ("s3.retentionDays", "gcs.retentionDays"),
        **{
            key: (f"s3.{key}", f"gcs.{key}")
            for key in ("bucket", "path", "credentials", "workloadIdentity", "schedule", "immediate", "compression")
        },
    }

    s3: S3Backups | None = None
    """AWS S3, or an S3-compatible server; absent with `gcs`."""
    gcs: GcsBackups | None = None
    """Google Cloud Storage; absent with `s3`."""

    def refusals(self) -> Iterator[Refusal]:
        """Neither `s3` nor `gcs`, or both."""
        # Where a key is refused that has another name now, nothing is missing as well.
        reads: tuple[KeyPath, ...] = (("s3",), ("gcs",), *((key,) for key in self.renamed))
        if self.s3 is None and self.gcs is None:
            yield Refusal(("s3",), Placeholder.NOTHING, "either `s3` or `gcs`", reads)
        if self.s3 is not None and self.gcs is not None:
            found = self.gcs.model_dump(by_alias=True, exclude_unset=True)
            yield Refusal(("gcs",), found, "not both `s3` and `gcs`", reads)

    @property
    def storage(self) -> S3Backups | GcsBackups:
        """The one that is given.

        Raises:
            ValueError: none is, which the model refuses.
        """
        found = self.s3 or self.gcs
        if found is None:
            raise ValueError("neither `s3` nor `gcs`")
        return found


def backup_spec(storage: S3Backups | GcsBackups) -> dict[str, Any]:
    """`spec.backup` of the Cluster: continuous archiving of WAL begins with it."""
    compressed = {} if storage.compression == "none" else {"compression": storage.compression}
    return {
        "retentionPolicy": f"{storage.retention_days}d",
        "target": "prefer-standby",
        "barmanObjectStore": {
            **storage.store,
            # Two at a time: one slow upload does not hold up the next.
            "wal": {**compressed, "maxParallel": 2},
            # A backup begins with a checkpoint. Spread, as usual, it takes 13 minutes (0.9 of checkpoint_timeout);
            # at once it takes seconds, and is a standby's where there is one.
            "data": {**compressed, "immediateCheckpoint": True},
        },
    }


def scheduled_backup_spec(storage: S3Backups | GcsBackups, *, cluster: str) -> dict[str, Any]:
    """The spec of a `ScheduledBackup`."""
    return {
        "cluster": {"name": cluster},
        # The operator's schedules have a field for seconds before the usual five.
        "schedule": f"0 {storage.schedule}",
        "immediate": storage.immediate,
        "backupOwnerReference": "self",
        "method": "barmanObjectStore",
    }
