"""Sets on a volume, which a pod in another namespace cannot mount: the set that a drill needs is copied."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic.alias_generators import to_camel

from components.kubernetes.pod_templates import with_pod_settings
from components.kubernetes.pods import Pods
from components.postgres.backups.settings import BackupSets
from components.postgres.backups.storage import CLAIM_FOLDER, ClaimSets
from components.postgres.backups.volumes import claim_name
from components.postgres.restore.settings import NEWEST
from components.postgres.security import POSTGRES_UID
from ops.clients.cluster import Cluster
from ops.clients.failure import Failure

_DATA = ("node_selector", "affinity")
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


@dataclass(frozen=True)
class FoundSet:
    """A set on a volume, and a pod that reads it.

    Attributes:
        volume: the volume.
        settings: how its sets are made.
        pods: settings of every pod.
        name: the set's name.
        reader: the beginning of a command in the pod.
    """

    volume: Volume
    settings: BackupSets
    pods: Pods
    name: str
    reader: list[str]


@contextmanager
def found_set(
    cluster: Cluster, volume: Volume, settings: BackupSets, pods: Pods, wanted: str
) -> Iterator[FoundSet | None]:
    """Find a set.

    Args:
        cluster: the cluster.
        volume: the volume with the sets.
        settings: how they are made.
        pods: settings of every pod.
        wanted: `newest` or the name of a set.

    Yields:
        The set; None if sets are not stored on volumes.

    Raises:
        Failure: there is no such set.
    """
    if not isinstance(settings.storage, ClaimSets):
        yield None
        return
    with _pod(cluster, volume, settings, pods, volume.namespace) as reader:
        needed = "PROVEN" if wanted == NEWEST else "SHA256SUMS"
        found = cluster.run(*reader, "sh", "-s", "--", volume.path, needed, given=_LIST.read_text()).split()
        if not found or wanted not in (NEWEST, *found):
            raise Failure(f"{volume.namespace}: there is no set {wanted} on its volume; the newest are {found[-5:]}")
        yield FoundSet(volume, settings, pods, found[-1] if wanted == NEWEST else wanted, reader)


def copy_set(cluster: Cluster, found: FoundSet, target: str) -> None:
    """Copy a set to a new volume of the same name in another namespace.

    Raises:
        Failure: it cannot be copied.
    """
    volume, storage = found.volume, found.settings.storage
    if not isinstance(storage, ClaimSets):
        return
    cluster.create(_claim(volume, storage, target))
    with _pod(cluster, volume, found.settings, found.pods, target) as writer:
        _stream(
            cluster.kubectl.argv(*found.reader, "tar", "-C", volume.path, "-c", found.name),
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
def _pod(cluster: Cluster, volume: Volume, settings: BackupSets, pods: Pods, namespace: str) -> Iterator[list[str]]:
    """A pod with the volume; the beginning of a command in it. It ends by itself if nobody deletes it."""
    name = f"{volume.backups}-drill"
    delete = ["delete", "pod", name, "--namespace", namespace, "--ignore-not-found", "--wait"]
    # An interrupted drill may have left one.
    cluster.run(*delete)
    cluster.create(pod(name, namespace, volume, settings, pods))
    try:
        cluster.run("wait", "pod", name, "--namespace", namespace, "--for=condition=Ready", f"--timeout={_SECONDS}s")
        yield ["exec", "--stdin", "--namespace", namespace, name, "--"]
    finally:
        cluster.run(*delete)


def pod(name: str, namespace: str, volume: Volume, settings: BackupSets, pods: Pods) -> dict[str, Any]:
    """Manifest of the pod with the volume, with the settings of every pod."""
    template = {
        "metadata": {"labels": {"app.kubernetes.io/name": "backup-drill", "app.kubernetes.io/instance": name}},
        "spec": {
            "restart_policy": "Never",
            "automount_service_account_token": False,
            "enable_service_links": False,
            "active_deadline_seconds": settings.deadline_seconds,
            "termination_grace_period_seconds": 5,
            "security_context": {
                "run_as_non_root": True,
                "run_as_user": POSTGRES_UID,
                "run_as_group": POSTGRES_UID,
                "fs_group": POSTGRES_UID,
                "fs_group_change_policy": "OnRootMismatch",
                "seccomp_profile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "sets",
                    "image": settings.image,
                    "command": ["sh", "-c", "trap exit TERM; sleep 86400 & wait"],
                    "security_context": {
                        "allow_privilege_escalation": False,
                        "read_only_root_filesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "resources": {
                        "requests": {"cpu": "50m", "memory": "32Mi"},
                        "limits": {"cpu": "1", "memory": "128Mi"},
                    },
                    "volume_mounts": [{"name": "sets", "mount_path": CLAIM_FOLDER}],
                }
            ],
            "volumes": [{"name": "sets", "persistent_volume_claim": {"claim_name": claim_name(volume.backups)}}],
        },
    }
    made = with_pod_settings(template, pods, ends=True)
    metadata = {**made["metadata"], "name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _in_camel_case(made["spec"])}


def _in_camel_case(tree: Any) -> Any:
    """As Kubernetes names its fields. Keys that are data stay as they are, and so does what is absent on purpose."""
    if isinstance(tree, Mapping):
        fields = {key: value for key, value in cast("Mapping[str, Any]", tree).items() if value is not None}
        return {to_camel(key): value if key in _DATA else _in_camel_case(value) for key, value in fields.items()}
    return [_in_camel_case(each) for each in cast("list[Any]", tree)] if isinstance(tree, list) else tree


def _stream(source: list[str], target: list[str]) -> None:
    """Connect the output of one command to the input of another."""
    begun = time.monotonic()
    with subprocess.Popen(source, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
        written = subprocess.run(target, stdin=reader.stdout, capture_output=True, text=True, check=False)
    if reader.returncode or written.returncode:
        raise Failure(f"the set was not copied after {time.monotonic() - begun:.0f} s: {written.stderr.strip()}")
