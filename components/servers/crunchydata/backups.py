"""Where pgBackRest stores a PostgresCluster's backups and WAL, when it takes them and for how long it retains them."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from components.forms.base import KeyPath, Model, Placeholder, Refusal
from components.forms.cron import Cron
from components.forms.names import Form, ObjectName
from components.forms.object_storage import Bucket, SecretName
from components.forms.quantity import VolumeSize
from components.postgres.backup_settings import BackupSettings, BucketPath

_REGION = Form(r"[a-z0-9]+(-[a-z0-9]+)*", None, "the region's name, such as eu-central-1")
_ENDPOINT = Form(
    r"https://[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?",
    None,
    "the address of an S3 service, such as https://s3.eu-central-1.amazonaws.com, without port or path",
)
_Count = Annotated[int, Field(ge=1, le=9_999_999)]


class Repository(BackupSettings):
    """What all repositories have in common."""

    renamed = {
        "schedules": ("schedule", "differentialSchedule", "incrementalSchedule"),
        "retention": ("retentionDays", "retentionFullBackups", "retentionDifferentialBackups"),
    }
    name: ClassVar[str]
    """Name of the repository. Each kind has its own: pgBackRest finds backups by it when another comes or goes."""

    schedule: Cron = "0 1 * * 0"
    differential_schedule: Cron | None = "0 1 * * 1-6"
    """When differential backups are taken, of what has changed since the last full backup; `null` for none."""
    incremental_schedule: Cron | None = None
    """When incremental backups are taken, of what has changed since the last backup of any type."""
    retention_days: Annotated[int, Field(ge=1, le=36_500)] = 14
    retention_full_backups: _Count | None = None
    """Number of full backups that are retained, in place of `retentionDays`."""
    retention_differential_backups: _Count | None = None
    """Number of differential backups that are retained; absent, as long as their full backup."""

    def refusals(self) -> Iterator[Refusal]:
        """Days and a number of full backups."""
        if self.retention_full_backups is not None and "retention_days" in self.model_fields_set:
            reads = (("retentionDays",), ("retentionFullBackups",))
            allowed = "not both `retentionDays` and `retentionFullBackups`"
            yield Refusal(("retentionFullBackups",), self.retention_full_backups, allowed, reads)

    @property
    @abstractmethod
    def place(self) -> dict[str, Any]:
        """The part of the repository in the PostgresCluster that says where it is."""

    def options(self, folder: str) -> dict[str, str]:
        """Options of pgBackRest, without the repository's name in front.

        Args:
            folder: folder of the server's repositories in a bucket.
        """
        days, count = self.retention_days, self.retention_full_backups
        options = {
            "retention-full": str(days if count is None else count),
            "retention-full-type": "time" if count is None else "count",
        }
        if self.retention_differential_backups is not None:
            options["retention-diff"] = str(self.retention_differential_backups)
        return options

    @property
    def schedules(self) -> dict[str, str]:
        """When each type of backup is taken."""
        every = {
            "full": self.schedule,
            "differential": self.differential_schedule,
            "incremental": self.incremental_schedule,
        }
        return {kind: schedule for kind, schedule in every.items() if schedule is not None}


class VolumeRepository(Repository):
    """A volume in the cluster: pgBackRest's `repo1`. Fast, and lost with the cluster."""

    name = "repo1"

    storage_size: VolumeSize
    """Size of the volume, for all backups that are retained and the WAL since the oldest of them."""
    storage_class: ObjectName | None = None
    """Storage class of the volume; absent, the cluster's default one."""

    @property
    def place(self) -> dict[str, Any]:
        """The volume's claim."""
        return {"volume": {"volumeClaimSpec": claim(self.storage_size, self.storage_class)}}


class RepositoryCredentials(Model):
    """An existing Secret in `postgresql.namespace` with files of pgBackRest's configuration."""

    secret_name: SecretName
    """Name of the Secret. For S3 it has a key `s3.conf` with the lines `[global]`, `repo2-s3-key=…` and
    `repo2-s3-key-secret=…`; for GCS it has the service account's key as `gcs-key.json`, and a key `gcs.conf` with the
    lines `[global]` and `repo3-gcs-key=/etc/pgbackrest/conf.d/gcs-key.json`."""


class BucketRepository(Repository):
    """A bucket of an object storage."""

    renamed = {**Repository.renamed, "secretName": "credentials.secretName"}

    bucket: Bucket
    """Existing bucket."""
    path: BucketPath | None = None
    """Folder in the bucket, such as `backups/prod`; absent, `pgbackrest/<namespace>/<name>/<repository>`."""
    credentials: RepositoryCredentials
    """How pgBackRest accesses the bucket."""

    def options(self, folder: str) -> dict[str, str]:
        """Also the path in the bucket."""
        return {**super().options(folder), "path": f"/{self.path}" if self.path else f"{folder}/{self.name}"}


class S3Repository(BucketRepository):
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

    def options(self, folder: str) -> dict[str, str]:
        """Also the style of URLs."""
        return {**super().options(folder), "s3-uri-style": self.uri_style}


class GcsRepository(BucketRepository):
    """A bucket on Google Cloud Storage: pgBackRest's `repo3`."""

    name = "repo3"

    @property
    def place(self) -> dict[str, Any]:
        """The bucket."""
        return {"gcs": {"bucket": self.bucket}}


class CrunchyDataBackups(Model):
    """The repositories, each with all of the WAL; a new replica is restored from the first of them."""

    volume: VolumeRepository | None = None
    """A volume in the cluster."""
    s3: S3Repository | None = None
    """A bucket on AWS S3 or an S3-compatible service."""
    gcs: GcsRepository | None = None
    """A bucket on Google Cloud Storage."""

    @property
    def repositories(self) -> Sequence[VolumeRepository | S3Repository | GcsRepository]:
        """Those that are given, by name."""
        return [repository for repository in (self.volume, self.s3, self.gcs) if repository is not None]

    def refusals(self) -> Iterator[Refusal]:
        """No repository at all."""
        if not self.repositories:
            reads: tuple[KeyPath, ...] = (("volume",), ("s3",), ("gcs",))
            yield Refusal(("volume",), Placeholder.NOTHING, "one or more of `volume`, `s3` and `gcs`", reads)


def backups_spec(backups: CrunchyDataBackups, folder: str) -> dict[str, Any]:
    """`spec.backups` of a PostgresCluster.

    Args:
        backups: the repositories.
        folder: folder of the server's repositories in a bucket where no path is given, with a slash in front.
    """
    every = backups.repositories
    pgbackrest: dict[str, Any] = {
        "global": {f"{each.name}-{name}": value for each in every for name, value in each.options(folder).items()},
        "repos": [{"name": each.name, "schedules": each.schedules, **each.place} for each in every],
    }
    if secrets := [each.credentials.secret_name for each in every if isinstance(each, BucketRepository)]:
        pgbackrest["configuration"] = [{"secret": {"name": name}} for name in secrets]
    return {"pgbackrest": pgbackrest}


def claim(storage_size: str, storage_class: str | None) -> dict[str, Any]:
    """A claim of one volume that one node writes at a time."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage_size}}}
    return spec if storage_class is None else {**spec, "storageClassName": storage_class}
