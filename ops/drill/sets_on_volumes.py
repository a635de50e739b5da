"""Sets on a volume, which a pod in another namespace cannot mount: the set that a drill needs is copied."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.postgres.backups.settings import BackupSets
from components.postgres.backups.storage import CLAIM_FOLDER, ClaimSets
from components.postgres.backups.volumes import claim_name
from components.postgres.restore.settings import NEWEST
from components.postgres.security import POSTGRES_UID
from ops.clients.cluster import Cluster
from ops.clients.failure import Failure

_POD = "lakehouse-drill-sets"
_SECONDS = 300
_LIST = Path(__file__).with_name("list_sets.sh")


@dataclass(frozen=True)
class Volume:
    """The volume with the sets of one app.

    Attributes:
        backups: name of the backups.
        namespace: its namespace.
        folder: folder of the sets, as rclone names it: `store:/store/…`.
    """

    backups: str
    namespace: str
    folder: str

    @property
    def path(self) -> str:
        """Path of the folder in a pod."""
        return self.folder.partition(":")[2]


def copy_set(cluster: Cluster, volume: Volume, settings: BackupSets, wanted: str, *, target: str) -> None:
    """Copy one set to a new volume of the same name in another namespace.

    Args:
        cluster: the cluster.
        volume: the volume.
        settings: how its sets are made.
        wanted: `newest` or the name of a set.
        target: the other namespace.

    Raises:
        Failure: there is no such set, or it cannot be copied.
    """
    storage = settings.storage
    if not isinstance(storage, ClaimSets):
        return
    cluster.create(_claim(volume, storage, target))
    with _pod(cluster, volume, settings, volume.namespace) as reader, _pod(cluster, volume, settings, target) as writer:
        needed = "PROVEN" if wanted == NEWEST else "SHA256SUMS"
        found = cluster.run(*reader, "sh", "-s", "--", volume.path, needed, given=_LIST.read_text()).split()
        if not found or wanted not in (NEWEST, *found):
            raise Failure(f"{volume.namespace}: there is no set {wanted} on its volume; the newest are {found[-5:]}")
        name = found[-1] if wanted == NEWEST else wanted
        _stream(
            cluster.kubectl.argv(*reader, "tar", "-C", volume.path, "-c", name),
            cluster.kubectl.argv(*writer, "sh", "-c", 'mkdir -p "$0" && tar -C "$0" -x', volume.path),
        )


def _claim(volume: Volume, storage: ClaimSets, namespace: str) -> dict[str, Any]:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": storage.storage_size}},
        **({"storageClassName": storage.storage_class} if storage.storage_class else {}),
    }
    metadata = {"name": claim_name(volume.backups), "namespace": namespace}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


@contextmanager
def _pod(cluster: Cluster, volume: Volume, settings: BackupSets, namespace: str) -> Iterator[list[str]]:
    """A pod with the volume; the beginning of a command in it. It ends by itself if nobody deletes it."""
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": _POD, "namespace": namespace},
            "spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": False,
                "activeDeadlineSeconds": settings.deadline_seconds,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": POSTGRES_UID,
                    "runAsGroup": POSTGRES_UID,
                    "fsGroup": POSTGRES_UID,
                    "fsGroupChangePolicy": "OnRootMismatch",
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [
                    {
                        "name": _POD,
                        "image": settings.image,
                        "command": ["sh", "-c", "trap exit TERM; sleep 86400 & wait"],
                        "securityContext": {
                            "allowPrivilegeEscalation": False,
                            "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"]},
                        },
                        "resources": {
                            "requests": {"cpu": "50m", "memory": "32Mi"},
                            "limits": {"cpu": "1", "memory": "128Mi"},
                        },
                        "volumeMounts": [{"name": "sets", "mountPath": CLAIM_FOLDER}],
                    }
                ],
                "volumes": [{"name": "sets", "persistentVolumeClaim": {"claimName": claim_name(volume.backups)}}],
            },
        }
    )
    try:
        cluster.run("wait", "pod", _POD, "--namespace", namespace, "--for=condition=Ready", f"--timeout={_SECONDS}s")
        yield ["exec", "--stdin", "--namespace", namespace, _POD, "--"]
    finally:
        cluster.run("delete", "pod", _POD, "--namespace", namespace, "--ignore-not-found", "--wait")


def _stream(source: list[str], target: list[str]) -> None:
    """Connect the output of one command to the input of another."""
    begun = time.monotonic()
    with subprocess.Popen(source, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
        written = subprocess.run(target, stdin=reader.stdout, capture_output=True, text=True, check=False)
    if reader.returncode or written.returncode:
        raise Failure(f"the set was not copied after {time.monotonic() - begun:.0f} s: {written.stderr.strip()}")
