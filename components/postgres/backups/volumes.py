"""The volumes that pods of backups and restores share: a scratch volume, one in memory, and the claim with the sets."""

from pulumi_kubernetes.core.v1 import (
    EmptyDirVolumeSourceArgs,
    EphemeralVolumeSourceArgs,
    PersistentVolumeClaimSpecArgs,
    PersistentVolumeClaimTemplateArgs,
    PersistentVolumeClaimVolumeSourceArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeResourceRequirementsArgs,
)

from components.postgres.backups.settings import BackupSets, Scratch
from components.postgres.backups.storage import CLAIM_FOLDER, ClaimSets
from components.postgres.script_pod import PodResources

SCRATCH = "/scratch"
"""Mount path of the scratch volume."""
SCRATCH_MOUNT = VolumeMountArgs(name="scratch", mount_path=SCRATCH)
PRIVATE = "/private"
"""Mount path of the volume in memory, for an archive with Secrets."""
PRIVATE_MOUNT = VolumeMountArgs(name="private", mount_path=PRIVATE)

# pg_dump, pg_restore and psql hold a whole row in memory, each of the parallel ones.
POSTGRES = PodResources(cpu="250m", cpu_limit="4", memory="512Mi", memory_limit="2Gi", files="64Mi")
TOOL = PodResources(cpu="100m", cpu_limit="2", memory="128Mi", memory_limit="1Gi", files="64Mi")


def scratch_volume(scratch: Scratch) -> VolumeArgs:
    """A volume that is created with the pod and deleted with it."""
    spec = PersistentVolumeClaimSpecArgs(
        access_modes=["ReadWriteOnce"],
        storage_class_name=scratch.storage_class,
        resources=VolumeResourceRequirementsArgs(requests={"storage": scratch.storage_size}),
    )
    template = PersistentVolumeClaimTemplateArgs(spec=spec)
    return VolumeArgs(name="scratch", ephemeral=EphemeralVolumeSourceArgs(volume_claim_template=template))


def private_volume() -> VolumeArgs:
    """A volume whose files are in memory only. They count towards the memory limit of whoever writes them."""
    return VolumeArgs(name="private", empty_dir=EmptyDirVolumeSourceArgs(medium="Memory", size_limit="16Mi"))


def claim_name(name: str) -> str:
    """Name of the claim with the sets of the backups of this name."""
    return f"{name}-sets"


def store_volumes(name: str, settings: BackupSets) -> list[VolumeArgs]:
    """The claim with the sets of the backups of this name, if they are on one."""
    if not isinstance(settings.storage, ClaimSets):
        return []
    source = PersistentVolumeClaimVolumeSourceArgs(claim_name=claim_name(name))
    return [VolumeArgs(name="store", persistent_volume_claim=source)]


def store_mounts(settings: BackupSets) -> list[VolumeMountArgs]:
    """The mount of `store_volumes` in the container with rclone."""
    if not isinstance(settings.storage, ClaimSets):
        return []
    return [VolumeMountArgs(name="store", mount_path=CLAIM_FOLDER)]
