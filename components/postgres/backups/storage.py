"""Where backup sets are stored, and rclone's environment for each kind of storage.

rclone reads a remote's options from variables `RCLONE_CONFIG_<remote>_<option>` (https://rclone.org/docs/#environment-variables),
so that it needs no file, and keys stay in Secrets.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

import pulumi
from pulumi_kubernetes.core.v1 import EnvVarArgs
from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.computed import OrOutput, TextInput, text
from components.forms.names import Form, ObjectName, SecretKey
from components.forms.object_storage import (
    AwsRegion,
    Bucket,
    GcsCredentials,
    GcsWorkloadIdentity,
    S3Credentials,
    S3Endpoint,
    S3WorkloadIdentity,
    SecretName,
    access_refusals,
)
from components.forms.quantity import VolumeSize
from components.postgres.backup_settings import BucketPath
from components.postgres.script_pod import from_secret

CLAIM_FOLDER = "/store"
"""Mount path of the claim, if the sets are stored on one."""

_ACCOUNT = Form(r"[a-z0-9]{3,24}", None, "the name of a storage account: 3 to 24 lower-case letters and digits")
_CONTAINER = Form(
    r"[a-z0-9](-?[a-z0-9]){2,62}", None, "the name of a container: 3 to 63 lower-case letters, digits and '-'"
)
_CLIENT_ID = Form(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", None, "a client id, a UUID in lower case")

Environment = list[EnvVarArgs]


def _option(name: str, value: pulumi.Input[str]) -> EnvVarArgs:
    # Kubernetes would expand `$(NAME)`; no form of a value here allows a `$`.
    return EnvVarArgs(name=f"RCLONE_CONFIG_STORE_{name}", value=value)


def _key(name: str, secret: pulumi.Input[str], key: str) -> EnvVarArgs:
    return from_secret(f"RCLONE_CONFIG_STORE_{name}", secret, key)


class _Storage(Model):
    @property
    def service_account_annotations(self) -> dict[str, pulumi.Input[str]]:
        """Annotations of the pods' service account; empty if they need none of their own."""
        return {}

    @property
    def pod_labels(self) -> dict[str, str]:
        """Labels that the pods need."""
        return {}


class ClaimSets(_Storage):
    """A volume in the app's namespace."""

    kind: Literal["claim"] = "claim"
    """`claim`: a volume in each app's namespace. It is lost with the cluster."""
    storage_size: VolumeSize
    """Size of the volume."""
    storage_class: ObjectName | None = None
    """Storage class of the volume; absent, the cluster's default."""

    @property
    def root(self) -> pulumi.Input[str]:
        """The folder of all sets, as rclone names it."""
        return f"store:{CLAIM_FOLDER}"

    @property
    def environment(self) -> Environment:
        """rclone's variables."""
        return [_option("TYPE", "local")]


class BucketStorage(_Storage):
    """What is the same for every bucket."""

    bucket: Bucket
    """Existing bucket."""
    path: BucketPath | None = None
    """Folder in the bucket, such as `backups/prod`."""

    @property
    def root(self) -> pulumi.Input[str]:
        """The folder of all sets, as rclone names it."""
        return text("store:", self.bucket, f"/{self.path}" if self.path else "")


class S3Sets(BucketStorage):
    """A bucket on AWS S3."""

    kind: Literal["s3"] = "s3"
    """`s3`: AWS S3. For other S3-compatible servers use kind `s3-compatible`."""
    region: AwsRegion
    """AWS region of the bucket."""
    credentials: S3Credentials | None = None
    """An access key, in a Secret of each app's namespace; absent with `workloadIdentity`."""
    workload_identity: S3WorkloadIdentity | None = None
    """The IAM role of the pods' service account (EKS); absent with `credentials`."""

    def refusals(self) -> Iterator[Refusal]:
        """Neither `credentials` nor `workloadIdentity`, or both."""
        yield from access_refusals(self.credentials, self.workload_identity)

    @property
    def environment(self) -> Environment:
        """rclone's variables."""
        return [
            _option("TYPE", "s3"),
            _option("PROVIDER", "AWS"),
            _option("REGION", self.region),
            # The bucket exists; the key need not be able to create one.
            _option("NO_CHECK_BUCKET", "true"),
            *(_s3_keys(self.credentials) if self.credentials else [_option("ENV_AUTH", "true")]),
        ]

    @property
    def service_account_annotations(self) -> dict[str, pulumi.Input[str]]:
        """Annotations of the pods' service account."""
        return self.workload_identity.annotations if self.workload_identity else {}


class S3CompatibleSets(BucketStorage):
    """A bucket on an S3-compatible server: your own MinIO, Ceph, Cloudflare R2, Garage and others."""

    kind: Literal["s3-compatible"] = "s3-compatible"
    """`s3-compatible`: an S3-compatible server."""
    endpoint: S3Endpoint
    """Address of the server, such as `https://s3.example.com`."""
    region: str = "us-east-1"
    """Region that requests are signed for."""
    credentials: S3Credentials
    """An access key of the server, in a Secret of each app's namespace."""

    @property
    def environment(self) -> Environment:
        """rclone's variables."""
        return [
            _option("TYPE", "s3"),
            _option("PROVIDER", "Other"),
            _option("ENDPOINT", self.endpoint),
            _option("REGION", self.region),
            _option("NO_CHECK_BUCKET", "true"),
            *_s3_keys(self.credentials),
        ]


class GcsSets(BucketStorage):
    """A bucket on Google Cloud Storage."""

    kind: Literal["gcs"] = "gcs"
    """`gcs`: Google Cloud Storage."""
    credentials: GcsCredentials | None = None
    """A service account's JSON key, in a Secret of each app's namespace; absent with `workloadIdentity`."""
    workload_identity: GcsWorkloadIdentity | None = None
    """The Google service account of the pods' service account (GKE); absent with `credentials`."""

    def refusals(self) -> Iterator[Refusal]:
        """Neither `credentials` nor `workloadIdentity`, or both."""
        yield from access_refusals(self.credentials, self.workload_identity)

    @property
    def environment(self) -> Environment:
        """rclone's variables."""
        key = self.credentials
        access = (
            _option("ENV_AUTH", "true")
            if key is None
            else _key("SERVICE_ACCOUNT_CREDENTIALS", key.secret_name, key.json_key)
        )
        # Access by the bucket's policy, as Google recommends; rclone would otherwise set an ACL on each object.
        return [_option("TYPE", "google cloud storage"), _option("BUCKET_POLICY_ONLY", "true"), access]

    @property
    def service_account_annotations(self) -> dict[str, pulumi.Input[str]]:
        """Annotations of the pods' service account."""
        return self.workload_identity.annotations if self.workload_identity else {}


class AzureCredentials(Model):
    """An account key in an existing Secret, in the namespace of the pods that use it."""

    secret_name: SecretName
    """Name of the Secret."""
    account_key_key: SecretKey = "AZURE_STORAGE_KEY"
    """Key of the account key in the Secret."""


class AzureWorkloadIdentity(Model):
    """A managed identity for the pods' service account (AKS)."""

    client_id: Annotated[TextInput, OrOutput(Annotated[str, _CLIENT_ID])]
    """Client id of the managed identity, whose federated credential names the service account."""


class AzureSets(_Storage):
    """A container on Azure Blob Storage."""

    kind: Literal["azure"] = "azure"
    """`azure`: Azure Blob Storage."""
    account: Annotated[TextInput, OrOutput(Annotated[str, _ACCOUNT])]
    """Storage account."""
    container: Annotated[TextInput, OrOutput(Annotated[str, _CONTAINER])]
    """Existing container."""
    path: BucketPath | None = None
    """Folder in the container, such as `backups/prod`."""
    credentials: AzureCredentials | None = None
    """An account key, in a Secret of each app's namespace; absent with `workloadIdentity`."""
    workload_identity: AzureWorkloadIdentity | None = None
    """The managed identity of the pods' service account (AKS); absent with `credentials`."""

    def refusals(self) -> Iterator[Refusal]:
        """Neither `credentials` nor `workloadIdentity`, or both."""
        yield from access_refusals(self.credentials, self.workload_identity)

    @property
    def root(self) -> pulumi.Input[str]:
        """The folder of all sets, as rclone names it."""
        return text("store:", self.container, f"/{self.path}" if self.path else "")

    @property
    def environment(self) -> Environment:
        """rclone's variables."""
        key = self.credentials
        access = _option("ENV_AUTH", "true") if key is None else _key("KEY", key.secret_name, key.account_key_key)
        return [_option("TYPE", "azureblob"), _option("ACCOUNT", self.account), access]

    @property
    def service_account_annotations(self) -> dict[str, pulumi.Input[str]]:
        """Annotations of the pods' service account."""
        identity = self.workload_identity
        return {"azure.workload.identity/client-id": identity.client_id} if identity else {}

    @property
    def pod_labels(self) -> dict[str, str]:
        """Labels that the pods need."""
        return {"azure.workload.identity/use": "true"} if self.workload_identity else {}


SetStorage = Annotated[ClaimSets | S3Sets | S3CompatibleSets | GcsSets | AzureSets, Field(discriminator="kind")]
"""Where backup sets are stored."""


def _s3_keys(credentials: S3Credentials) -> Environment:
    return [
        _key("ACCESS_KEY_ID", credentials.secret_name, credentials.access_key_id_key),
        _key("SECRET_ACCESS_KEY", credentials.secret_name, credentials.secret_access_key_key),
    ]
