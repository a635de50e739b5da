"""Access to buckets: keys in Secrets, and identities of pods."""

from collections.abc import Iterator
from typing import Annotated, Any

import pulumi
from pydantic import BaseModel

from components.forms.base import KeyPath, Model, Placeholder, Refusal
from components.forms.computed import OrOutput, TextInput
from components.forms.names import BucketName, Form, ObjectName, SecretKey

_ROLE_ARN = Form(
    r"arn:aws[-a-z]*:iam::[0-9]{12}:role/[-+=,.@\w/]+",
    None,
    "the ARN of an IAM role, such as arn:aws:iam::123456789012:role/airbyte",
)

_SERVICE_ACCOUNT = Form(
    r"[a-z][-a-z0-9]{4,28}[a-z0-9]@[a-z][-a-z0-9]{4,28}[a-z0-9]\.iam\.gserviceaccount\.com",
    None,
    "a Google service account, such as backups@my-project.iam.gserviceaccount.com",
)

AwsRegion = Annotated[str, Form(r"[a-z]{2}(-[a-z]+)+-[0-9]", None, "an AWS region, such as eu-central-1")]
"""An AWS region."""

S3Endpoint = Annotated[
    str,
    Form(
        r"https?://[^\s/?#@]+/?",
        None,
        "the address of an S3 server without bucket and path, such as https://s3.example.com or http://minio.storage:9000",
    ),
]
"""Address of an S3-compatible server."""

Bucket = Annotated[TextInput, OrOutput(BucketName)]
"""Name of a bucket."""

SecretName = Annotated[TextInput, OrOutput(ObjectName)]
"""Name of an existing Secret."""

GCS_FILE = "gcp.json"
"""Name of a service account's key file in the pods of Airbyte's chart 2.x."""


class S3Credentials(Model):
    """An access key in an existing Secret, in the namespace of the pods that use it."""

    secret_name: SecretName
    """Name of the Secret."""
    access_key_id_key: SecretKey = "AWS_ACCESS_KEY_ID"
    """Key of the access key's ID in the Secret."""
    secret_access_key_key: SecretKey = "AWS_SECRET_ACCESS_KEY"
    """Key of the secret access key in the Secret."""


class S3WorkloadIdentity(Model):
    """An IAM role for the pods' service account (EKS)."""

    role_arn: Annotated[TextInput, OrOutput(Annotated[str, _ROLE_ARN])]
    """ARN of the role, such as `arn:aws:iam::123456789012:role/airbyte`."""

    @property
    def annotations(self) -> dict[str, pulumi.Input[str]]:
        """Annotations of the service account."""
        return {"eks.amazonaws.com/role-arn": self.role_arn}


class GcsWorkloadIdentity(Model):
    """A Google service account that the pods' Kubernetes service account impersonates (GKE)."""

    service_account: Annotated[TextInput, OrOutput(Annotated[str, _SERVICE_ACCOUNT])]
    """Its e-mail address, such as `backups@my-project.iam.gserviceaccount.com`."""

    @property
    def annotations(self) -> dict[str, pulumi.Input[str]]:
        """Annotations of the Kubernetes service account."""
        return {"iam.gke.io/gcp-service-account": self.service_account}


class GcsCredentials(Model):
    """A service account's JSON key in an existing Secret, in the namespace of the pods that use it."""

    secret_name: SecretName
    """Name of the Secret."""
    json_key: SecretKey = GCS_FILE
    """Key of the JSON document in the Secret. Airbyte with a chart 2.x needs `gcp.json`."""


_READS: tuple[KeyPath, ...] = (("credentials",), ("workloadIdentity",))


def access_refusals(credentials: BaseModel | None, workload_identity: BaseModel | None) -> Iterator[Refusal]:
    """Neither of two ways to access a bucket, or both."""
    if credentials is None and workload_identity is None:
        yield Refusal(("credentials",), Placeholder.NOTHING, "either `credentials` or `workloadIdentity`", _READS)
    if credentials is not None and workload_identity is not None:
        given: dict[str, Any] = workload_identity.model_dump(by_alias=True)
        yield Refusal(("workloadIdentity",), given, "not both `credentials` and `workloadIdentity`", _READS)
