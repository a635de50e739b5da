"""Where pgBackRest stores a PostgresCluster's backups and WAL, when it takes them and for how long it retains them."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.forms.base import KeyPath, Model, Placeholder, Refusal
from components.forms.cron import Cron
from components.forms.names import ObjectName
from components.forms.quantity import VolumeSize
from components.postgres.backup_settings import BackupSettings
from components.servers.crunchydata.buckets import BucketPlace, GcsPlace, S3Place

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


class BucketRepository(BucketPlace, Repository):
    """A bucket of an object storage."""

    renamed = {**Repository.renamed, **BucketPlace.renamed}

    def options(self, folder: str) -> dict[str, str]:
        """Also where it is."""
        return {**super().options(folder), **self.place_options(folder)}


class S3Repository(S3Place, BucketRepository):
    """A bucket on AWS S3 or an S3-compatible service: pgBackRest's `repo2`."""


class GcsRepository(GcsPlace, BucketRepository):
    """A bucket on Google Cloud Storage: pgBackRest's `repo3`."""


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


def last_backups_command(cluster: str, namespace: str) -> str:
    """A command that shows, for each repository and type of backup, when the last one was completed."""
    each = '{.repo} {.type} {.completionTime} failed: {.failed}{"\\n"}'
    path = f"{{range .status.pgbackrest.scheduledBackups[*]}}{each}{{end}}"
    resource = "postgresclusters.postgres-operator.crunchydata.com"
    return f"kubectl get {resource} {cluster} -n {namespace} -o jsonpath='{path}'"
