"""A new CloudNativePG cluster from the backups of another, to their end or to a point in time."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.forms.base import KeyPath, Model, Refusal
from components.forms.computed import known
from components.forms.moment import Moment, for_recovery
from components.servers.cloudnativepg.backups import GcsBackups, S3Backups
from components.servers.cloudnativepg.stores import GcsStore, S3Store, ServerName, one_store, one_store_refusals

SOURCE = "old"
"""Name of the old server in the `Cluster`."""


class CloudNativePGRestore(Model):
    """The backups that a new server is created from."""

    s3: S3Store | None = None
    """AWS S3, or an S3-compatible server; absent with `gcs`."""
    gcs: GcsStore | None = None
    """Google Cloud Storage; absent with `s3`."""
    server_name: ServerName
    """Folder of the old server below `path`: the name of its `Cluster`, or its own `serverName`."""
    at: Moment | None = None
    """Point in time that the server is restored to, such as `"2026-11-25T08:00:00Z"`; absent, the newest there is."""

    def refusals(self) -> Iterator[Refusal]:
        """Neither `s3` nor `gcs`, or both."""
        yield from one_store_refusals(self.s3, self.gcs, (("s3",), ("gcs",)))

    @property
    def store(self) -> S3Store | GcsStore:
        """The one that is given."""
        return one_store(self.s3, self.gcs)

    def rules(self, name: str, backups: S3Backups | GcsBackups | None) -> Iterator[Refusal]:
        """Backups that the new server would write into the old one's folder, and two identities for its pods.

        Args:
            name: name of the new `Cluster`.
            backups: where the new server stores its own.
        """
        if backups is None:
            return
        reads: tuple[KeyPath, ...] = (("name",), ("backups",), ("restoreFrom",))
        kind = "s3" if self.s3 is not None else "gcs"
        if _place(self.store) == _place(backups) and self.server_name == (backups.server_name or name):
            allowed = (
                f"another folder than the old server's, {self.server_name}, such as {self.server_name}-2: the operator"
                " refuses a folder that is not empty"
            )
            yield Refusal(("backups", kind, "serverName"), backups.server_name or name, allowed, reads)
        theirs, ours = self.store.service_account_annotations, backups.service_account_annotations
        if theirs and ours and theirs != ours:
            allowed = "the same identity as that of `backups`: the server's pods have one"
            yield Refusal(("restoreFrom", kind, "workloadIdentity"), known(next(iter(theirs.values()))), allowed, reads)


def bootstrap_spec(restore: CloudNativePGRestore, owner: Mapping[str, Any]) -> dict[str, Any]:
    """`spec.bootstrap` and `spec.externalClusters` of a Cluster that is restored.

    Args:
        restore: from what.
        owner: `database`, `owner` and `secret` as for a new server; otherwise the operator creates a database `app`.
    """
    target = {} if restore.at is None else {"recoveryTarget": {"targetTime": for_recovery(restore.at)}}
    store = {"serverName": restore.server_name, **restore.store.store, "wal": {"maxParallel": 8}}
    return {
        "bootstrap": {"recovery": {"source": SOURCE, **target, **owner}},
        "externalClusters": [{"name": SOURCE, "barmanObjectStore": store}],
    }


def restored_from(spec: Mapping[str, Any]) -> list[str]:
    """What a Cluster with this spec was restored from, in words; empty if it was created empty."""
    recovery = spec.get("bootstrap", {}).get("recovery")
    if recovery is None:
        return []
    (old,) = (each for each in spec.get("externalClusters", []) if each["name"] == recovery.get("source"))
    store = old["barmanObjectStore"]
    at = recovery.get("recoveryTarget", {}).get("targetTime")
    return [f"{store['destinationPath'].rstrip('/')}/{store['serverName']}", *([f"at {at}"] if at else [])]


def _place(store: S3Store | GcsStore) -> tuple[object, ...]:
    endpoint = store.endpoint if isinstance(store, S3Store) else None
    return isinstance(store, S3Store), endpoint, store.bucket, store.path or ""
