"""Buckets in which pgBackRest stores a PostgresCluster's backups and WAL: where they are, and how it accesses them."""

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal

from components.forms.base import Model
from components.forms.names import Form
from components.forms.object_storage import Bucket, SecretName
from components.postgres.backup_settings import BucketPath

_REGION = Form(r"[a-z0-9]+(-[a-z0-9]+)*", None, "the region's name, such as eu-central-1")
_ENDPOINT = Form(
    r"https://[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?",
    None,
    "the address of an S3 service, such as https://s3.eu-central-1.amazonaws.com, without port or path",
)


class RepositoryCredentials(Model):
    """An existing Secret in `postgresql.namespace` with files of pgBackRest's configuration."""

    secret_name: SecretName
    """Name of the Secret. For S3 it has a key `s3.conf` with the lines `[global]`, `repo2-s3-key=…` and
    `repo2-s3-key-secret=…`; for GCS it has the service account's key as `gcs-key.json`, and a key `gcs.conf` with the
    lines `[global]` and `repo3-gcs-key=/etc/pgbackrest/conf.d/gcs-key.json`."""


class BucketPlace(Model):
    """A repository in a bucket of any object storage."""

    renamed = {"secretName": "credentials.secretName"}
    name: ClassVar[str]
    """Name of the repository. Each kind has its own: pgBackRest finds backups by it when another comes or goes."""

    bucket: Bucket
    """Existing bucket."""
    path: BucketPath | None = None
    """Folder in the bucket, such as `backups/prod`; absent, `pgbackrest/<namespace>/<name>/<repository>`."""
    credentials: RepositoryCredentials
    """How pgBackRest accesses the bucket."""

    @property
    @abstractmethod
    def place(self) -> dict[str, Any]:
        """The bucket, in the terms of a PostgresCluster's repositories."""

    def folder(self, default: str) -> str:
        """Folder in the bucket; `default` is that of a server's repositories where no path is given."""
        return f"/{self.path}" if self.path else f"{default}/{self.name}"

    def place_options(self, default: str) -> dict[str, str]:
        """Options of pgBackRest that say where, without the repository's name in front; `default` as for `folder`."""
        return {"path": self.folder(default)}


class S3Place(BucketPlace):
    """A bucket on AWS S3 or an S3-compatible service: pgBackRest's `repo2`."""

    name = "repo2"

    endpoint: Annotated[str, _ENDPOINT]
    """Address of the service, such as `https://s3.eu-central-1.amazonaws.com`."""
    region: Annotated[str, _REGION]
    """Region of the bucket."""
    uri_style: Literal["host", "path"] = "host"
    """Where the bucket's name is in a URL: `host` for AWS, `path` for MinIO and most other services."""

    @property
    def place(self) -> dict[str, Any]:
        """The bucket."""
        host = self.endpoint.removeprefix("https://")
        return {"s3": {"bucket": self.bucket, "endpoint": host, "region": self.region}}

    def place_options(self, default: str) -> dict[str, str]:
        """Also the style of URLs."""
        return {**super().place_options(default), "s3-uri-style": self.uri_style}


class GcsPlace(BucketPlace):
    """A bucket on Google Cloud Storage: pgBackRest's `repo3`."""

    name = "repo3"

    @property
    def place(self) -> dict[str, Any]:
        """The bucket."""
        return {"gcs": {"bucket": self.bucket}}
