"""The part of a PostgresCluster that says where pgBackRest keeps backups, when it makes them and for how long."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Schedules:
    """When backups are made, as five fields of cron; None for never.

    Attributes:
        full: everything.
        differential: what is new since the last full backup.
        incremental: what is new since the last backup of any kind.
    """

    full: str = "0 1 * * 0"
    differential: str | None = "0 1 * * 1-6"
    incremental: str | None = None


@dataclass(frozen=True)
class Retention:
    """How long backups are kept.

    Attributes:
        full: how many full backups, or days.
        full_type: which of the two `full` counts: `count` or `time`.
        differential: how many differential backups; None for as long as their full one.
    """

    full: int = 14
    full_type: Literal["count", "time"] = "time"
    differential: int | None = None


@dataclass(frozen=True)
class VolumePlace:
    """A volume in the cluster: its size, and its storage class if it is not the cluster's default one."""

    storage_size: str
    storage_class: str | None = None


@dataclass(frozen=True)
class S3Place:
    """A bucket on S3 or a server that speaks it.

    Attributes:
        bucket: the bucket.
        endpoint: host of the service.
        region: region of the bucket.
        path: path in the bucket.
        secret_name: Secret with an `s3.conf` in pgBackRest's form, which holds the access key.
        uri_style: where the bucket stands in an address, `host` or `path`.
    """

    bucket: str
    endpoint: str
    region: str
    path: str
    secret_name: str
    uri_style: Literal["host", "path"] = "host"


@dataclass(frozen=True)
class GcsPlace:
    """A bucket on Google Cloud Storage.

    Attributes:
        bucket: the bucket.
        path: path in the bucket.
        secret_name: Secret with the service account's key and a `gcs.conf` in pgBackRest's form.
    """

    bucket: str
    path: str
    secret_name: str


@dataclass(frozen=True)
class Repository:
    """One of up to four repositories.

    Attributes:
        name: `repo1` to `repo4`; backups are found again by it.
        place: where it is.
        schedules: when backups are made.
        retention: how long they are kept.
    """

    name: str
    place: VolumePlace | S3Place | GcsPlace
    schedules: Schedules = field(default_factory=Schedules)
    retention: Retention = field(default_factory=Retention)


def backups(repositories: Sequence[Repository]) -> dict[str, Any]:
    """`spec.backups` of a PostgresCluster.

    Args:
        repositories: one or more; new replicas are made from the first.
    """
    secrets = [it.place.secret_name for it in repositories if not isinstance(it.place, VolumePlace)]
    pgbackrest: dict[str, Any] = {
        "global": {key: value for it in repositories for key, value in _options(it).items()},
        "repos": [_repository(it) for it in repositories],
    }
    if secrets:
        pgbackrest["configuration"] = [{"secret": {"name": name}} for name in secrets]
    return {"pgbackrest": pgbackrest}


def claim(storage_size: str, storage_class: str | None) -> dict[str, Any]:
    """A claim of one volume that one node writes at a time."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage_size}}}
    return spec if storage_class is None else {**spec, "storageClassName": storage_class}


def _options(repository: Repository) -> dict[str, str]:
    place, retention = repository.place, repository.retention
    options = {"retention-full": str(retention.full), "retention-full-type": retention.full_type}
    if retention.differential is not None:
        options["retention-diff"] = str(retention.differential)
    if not isinstance(place, VolumePlace):
        options["path"] = place.path
    if isinstance(place, S3Place):
        options["s3-uri-style"] = place.uri_style
    return {f"{repository.name}-{name}": value for name, value in options.items()}


def _repository(repository: Repository) -> dict[str, Any]:
    times = repository.schedules
    schedules = {"full": times.full, "differential": times.differential, "incremental": times.incremental}
    return {
        "name": repository.name,
        "schedules": {kind: when for kind, when in schedules.items() if when is not None},
        **_place(repository.place),
    }


def _place(place: VolumePlace | S3Place | GcsPlace) -> dict[str, Any]:
    match place:
        case VolumePlace():
            return {"volume": {"volumeClaimSpec": claim(place.storage_size, place.storage_class)}}
        case S3Place():
            return {"s3": {"bucket": place.bucket, "endpoint": place.endpoint, "region": place.region}}
        case GcsPlace():
            return {"gcs": {"bucket": place.bucket}}
