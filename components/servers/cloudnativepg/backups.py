"""Backups of a CloudNativePG cluster: base backups by a schedule, and all WAL in between, to object storage.

By the operator's own `barmanObjectStore`, deprecated since 1.26 in favour of the Barman Cloud plugin, and on purpose:
the operator is pinned to a version that has it, while the plugin is a second operator and needs cert-manager beside it.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from components.forms.base import KeyPath, Model, Refusal
from components.forms.cron import Cron
from components.postgres.backup_settings import BackupSettings
from components.servers.cloudnativepg.stores import GcsStore, S3Store, ServerName, one_store, one_store_refusals


class BucketBackups(BackupSettings):
    """What is the same for every object storage."""

    renamed = {"retention": "retentionDays"}

    server_name: ServerName | None = None
    """Folder of this server's backups and WAL below `path`; absent, the name of the `Cluster`. It must be empty when
    the server is created: a restored server needs another one than the server that the backups are of."""
    schedule: Cron = "0 2 * * *"
    retention_days: Annotated[int, Field(ge=1, le=36_500)] = 30
    immediate: bool = True
    """Whether the first backup is taken at once: WAL can be replayed only onto a base backup."""
    compression: Literal["none", "gzip", "bzip2", "snappy"] = "gzip"
    """How base backups and WAL are compressed."""


class S3Backups(BucketBackups, S3Store):
    """Backups to AWS S3, or to an S3-compatible server."""

    renamed = {**BucketBackups.renamed, **S3Store.renamed}


class GcsBackups(BucketBackups, GcsStore):
    """Backups to Google Cloud Storage."""


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
        yield from one_store_refusals(self.s3, self.gcs, reads)

    @property
    def storage(self) -> S3Backups | GcsBackups:
        """The one that is given."""
        return one_store(self.s3, self.gcs)


def backup_spec(storage: S3Backups | GcsBackups) -> dict[str, Any]:
    """`spec.backup` of the Cluster: continuous archiving of WAL begins with it."""
    compressed = {} if storage.compression == "none" else {"compression": storage.compression}
    return {
        "retentionPolicy": f"{storage.retention_days}d",
        "target": "prefer-standby",
        "barmanObjectStore": {
            **storage.store,
            **({} if storage.server_name is None else {"serverName": storage.server_name}),
            # Without `maxParallel`: it also prefetches for standbys, and a file that does not exist yet then ends the
            # pg_rewind of a primary that comes back (cloudnative-pg, pull request 11204).
            "wal": compressed,
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


def last_backup_command(cluster: str, namespace: str) -> str:
    """A command that shows when the last backup was completed, and the oldest point in time that can be restored."""
    columns = "LAST:.status.lastSuccessfulBackup,FAILED:.status.lastFailedBackup,SINCE:.status.firstRecoverabilityPoint"
    return f"kubectl get clusters.postgresql.cnpg.io {cluster} -n {namespace} -o custom-columns={columns}"
