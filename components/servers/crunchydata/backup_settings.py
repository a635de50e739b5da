"""Where pgBackRest keeps a PostgresCluster's backups and WAL, when it makes them and for how long it keeps them."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Found, Model, Refusal
from components.forms.cron import Cron
from components.forms.names import BucketName, Form, HostName, ObjectName
from components.forms.quantity import VolumeSize

_REGION = Form(r"[a-z0-9]+(-[a-z0-9]+)*", None, "the region's name, such as eu-central-1")

RepositoryPath = Annotated[
    str,
    Form(r"(/[-._a-zA-Z0-9]+)+", None, "an absolute path without a '/' at its end, such as /pgbackrest/production"),
]
"""Path of a repository in its bucket."""


class Schedules(Model):
    """When backups are made."""

    full: Cron = "0 1 * * 0"
    """Everything. Older backups expire only as full ones are made."""
    differential: Cron | None = "0 1 * * 1-6"
    """What is new since the last full backup; `null` for none."""
    incremental: Cron | None = None
    """What is new since the last backup of any kind."""


class Retention(Model):
    """How long backups are kept, with the WAL that they need."""

    full: Annotated[int, Field(ge=1, le=9_999_999)] = 14
    """Full backups (`count`), or days (`time`): the window of point-in-time recovery."""
    full_type: Literal["time", "count"] = "time"
    """What `full` counts: days (`time`) or full backups (`count`)."""
    differential: Annotated[int, Field(ge=1, le=9_999_999)] | None = None
    """Differential backups that are kept; absent, as long as their full backup."""


class Repository(Model):
    """What all repositories have in common."""

    schedules: Schedules = Schedules()
    """When backups are made."""
    retention: Retention = Retention()
    """How long they are kept."""


class VolumeRepository(Repository):
    """A volume in the cluster: pgBackRest's `repo1`. Quick, and lost with the cluster."""

    storage_size: VolumeSize
    """Size of the volume: every full backup in the retention, and the WAL since."""
    storage_class: ObjectName | None = None
    """Storage class of the volume; the cluster's default one if absent."""


class S3Repository(Repository):
    """A bucket on S3, or on a server that speaks it: pgBackRest's `repo2`."""

    bucket: BucketName
    """The bucket."""
    endpoint: HostName
    """Host of the service, such as s3.eu-central-1.amazonaws.com."""
    region: Annotated[str, _REGION]
    """Region of the bucket."""
    uri_style: Literal["host", "path"] = "host"
    """Where the bucket stands in an address; MinIO and most others than AWS want `path`."""
    path: RepositoryPath | None = None
    """Path in the bucket; absent, `/pgbackrest/<namespace>/<name>/repo2`."""
    secret_name: ObjectName
    """Secret in `postgresql.namespace` that you make, with a file `s3.conf`: `[global]`, `repo2-s3-key=…` and
    `repo2-s3-key-secret=…`, each on a line."""


class GcsRepository(Repository):
    """A bucket on Google Cloud Storage: pgBackRest's `repo3`."""

    bucket: BucketName
    """The bucket."""
    path: RepositoryPath | None = None
    """Path in the bucket; absent, `/pgbackrest/<namespace>/<name>/repo3`."""
    secret_name: ObjectName
    """Secret in `postgresql.namespace` that you make, with the service account's key as `gcs-key.json` and a file
    `gcs.conf`: `[global]` and `repo3-gcs-key=/etc/pgbackrest/conf.d/gcs-key.json`, each on a line."""


class Backups(Model):
    """The repositories, each with all of the WAL; a new replica is made from the first of them."""

    volume: VolumeRepository | None = None
    """A volume in the cluster."""
    s3: S3Repository | None = None
    """A bucket on S3."""
    gcs: GcsRepository | None = None
    """A bucket on Google Cloud Storage."""

    def refusals(self) -> Iterator[Refusal]:
        """No repository at all."""
        if self.volume is None and self.s3 is None and self.gcs is None:
            reads = (("volume",), ("s3",), ("gcs",))
            yield Refusal(("volume",), Found.NOTHING, "one or more of `volume`, `s3` and `gcs`", reads)
