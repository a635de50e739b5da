"""A new PostgresCluster from the backups of another, to their end or to a point in time."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from components.forms.base import KeyPath, Model, Refusal
from components.forms.moment import Moment, for_recovery
from components.forms.names import Namespace, ObjectName
from components.servers.crunchydata.backups import CrunchyDataBackups, VolumeRepository
from components.servers.crunchydata.buckets import GcsPlace, S3Place
from components.servers.restoring import one_of_refusals

STANZA = "db"
"""What the operator calls a server's backups in a repository."""

_REPOSITORIES = {"volume": VolumeRepository.name, "s3": S3Place.name, "gcs": GcsPlace.name}


class OldCluster(Model):
    """A PostgresCluster that still exists in this Kubernetes cluster."""

    name: ObjectName
    """Its name."""
    namespace: Namespace | None = None
    """Its namespace; absent, `postgresql.namespace`."""
    repository: Literal["volume", "s3", "gcs"]
    """Which of its repositories is read."""


class CrunchyDataRestore(Model):
    """The backups that a new server is created from: in a bucket, or of a server that still exists."""

    s3: S3Place | None = None
    """A repository in a bucket on AWS S3 or an S3-compatible service."""
    gcs: GcsPlace | None = None
    """A repository in a bucket on Google Cloud Storage."""
    cluster: OldCluster | None = None
    """A PostgresCluster that still exists in this Kubernetes cluster, with its repositories."""
    at: Moment | None = None
    """Point in time that the server is restored to, such as `"2026-11-25T08:00:00Z"`; absent, the newest there is."""

    def refusals(self) -> Iterator[Refusal]:
        """None of `s3`, `gcs` and `cluster`, or several."""
        yield from one_of_refusals({"s3": self.s3, "gcs": self.gcs, "cluster": self.cluster})

    def rules(self, server: KeyPath, *, name: str, namespace: str, backups: CrunchyDataBackups) -> Iterator[Refusal]:
        """A server that is restored from itself, or that would write into the old one's repository.

        Args:
            server: path of the server's settings.
            name: name of the new PostgresCluster.
            namespace: its namespace.
            backups: its own repositories.
        """
        reads: tuple[KeyPath, ...] = ((*server, "name"), (*server, "backups"), (*server, "restoreFrom"))
        old = self.cluster
        if old is not None and (old.name, old.namespace or namespace) == (name, namespace):
            path = (*server, "restoreFrom", "cluster", "name")
            yield Refusal(path, old.name, "another server than the new one, which is `name`", reads)
        default = default_folder(namespace, name)
        pairs = {"s3": (self.s3, backups.s3), "gcs": (self.gcs, backups.gcs)}
        for key, (read, written) in pairs.items():
            if read is None or written is None or read.place != written.place:
                continue
            if read.folder(default) == written.folder(default):
                allowed = f"another folder than that of `restoreFrom.{key}`: the old server's backups stay as they are"
                yield Refusal((*server, "backups", key, "path"), written.folder(default).lstrip("/"), allowed, reads)


def default_folder(namespace: str, name: str) -> str:
    """Folder of a server's repositories in a bucket where no path is given."""
    return f"/pgbackrest/{namespace}/{name}"


def data_source(restore: CrunchyDataRestore, default: str) -> dict[str, Any]:
    """`spec.dataSource` of a PostgresCluster; `default` is the folder in a bucket where no path is given."""
    options = {"options": _options(restore.at)} if restore.at is not None else {}
    old = restore.cluster
    if old is not None:
        namespace = {"clusterNamespace": old.namespace} if old.namespace is not None else {}
        repository = _REPOSITORIES[old.repository]
        return {"postgresCluster": {"clusterName": old.name, **namespace, "repoName": repository, **options}}
    place = restore.s3 or restore.gcs
    if place is None:
        raise ValueError("none of `s3`, `gcs` and `cluster`")
    return {
        "pgbackrest": {
            "stanza": STANZA,
            "repo": {"name": place.name, **place.place},
            "global": {f"{place.name}-{key}": value for key, value in place.place_options(default).items()},
            "configuration": [{"secret": {"name": place.credentials.secret_name}}],
            **options,
        }
    }


def restored_from(spec: Mapping[str, Any]) -> list[str]:
    """What a PostgresCluster with this spec was restored from, in words; empty if it was created empty."""
    source: Mapping[str, Any] = spec.get("dataSource") or {}
    cluster, backrest = source.get("postgresCluster"), source.get("pgbackrest")
    if cluster:
        where = "/".join(filter(None, (cluster.get("clusterNamespace"), cluster["clusterName"])))
        return [f"{cluster['repoName']} of {where}", *cluster.get("options", [])]
    if backrest:
        repository = backrest["repo"]
        bucket = (repository.get("s3") or repository.get("gcs"))["bucket"]
        folder = backrest["global"][f"{repository['name']}-path"]
        return [f"{bucket}{folder}", *backrest.get("options", [])]
    return []


def _options(at: str) -> list[str]:
    # The operator passes them through a shell, and lets the server be promoted at the target.
    return ["--type=time", f'--target="{for_recovery(at)}"']
