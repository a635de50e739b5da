"""The pod of a restore: fetch a set, decrypt it, and restore it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_kubernetes.core.v1 import (
    EmptyDirVolumeSourceArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    ObjectFieldSelectorArgs,
    PodTemplateSpecArgs,
    SecretVolumeSourceArgs,
    VolumeArgs,
    VolumeMountArgs,
)

from components.forms.computed import text
from components.forms.images import KUBECTL_IMAGE
from components.postgres.backups.pod import BACKUP_KEY, BackupOf
from components.postgres.backups.settings import BackupSets
from components.postgres.backups.volumes import (
    POSTGRES,
    PRIVATE,
    PRIVATE_MOUNT,
    SCRATCH,
    SCRATCH_MOUNT,
    TOOL,
    private_volume,
    scratch_volume,
    store_mounts,
    store_volumes,
)
from components.postgres.bootstrap_job import server_environment
from components.postgres.restore.access import TOKEN_MOUNT, token_volume
from components.postgres.restore.settings import NEWEST
from components.postgres.script_pod import from_secret, literal, script_container, script_pod
from components.postgres.server import AdminSecret

CONTAINER = "restore"
IDENTITY_KEY = "identity"
"""Key of the private keys of age in the Secret that `identity_secret` names."""

_TOOLS = "/tools"
_IDENTITY = "/identity"
_WAIT_SECONDS = 300
_PROGRESS_SECONDS = 10
_GRACE_SECONDS = 5


@dataclass(frozen=True)
class Wanted:
    """What is restored where.

    Attributes:
        into: `live`, into the databases of a running app; `beside`, into new ones; `new`, into empty ones, once.
        set: `newest`, or the name of a set.
        at: with `newest`: the newest set that was begun at this time or before; empty for any. Form: as names of sets.
        foreign: whether it is a set of another stack, whose role and databases may have other names.
    """

    into: str
    set: str = NEWEST
    at: str = ""
    foreign: bool = False


def identity_secret(of: BackupOf) -> str:
    """Name of the Secret with private keys of age, which exists only while an encrypted set is restored."""
    return f"{of.database_secret}-identity"


def restore_pod(
    of: BackupOf,
    settings: BackupSets,
    wanted: Wanted,
    *,
    admin: AdminSecret,
    files_name: str,
    labels: dict[str, str],
    annotations: dict[str, str] | None = None,
    account: str,
) -> PodTemplateSpecArgs:
    """Template of the pod.

    Args:
        of: the app whose databases are restored, with the stack that made the set.
        settings: how its sets are made.
        wanted: what is restored where.
        admin: Secret of the server's admin.
        files_name: ConfigMap with the scripts and the CA certificates.
        labels: labels of the pod.
        annotations: its annotations.
        account: its service account.
    """
    tools = VolumeMountArgs(name="tools", mount_path=_TOOLS)
    scratch = literal("SCRATCH", SCRATCH)
    choice = [literal("WANTED", wanted.set), literal("AT", wanted.at), literal("INTO", wanted.into)]
    stages = [
        script_container(
            name="fetch",
            script="fetch.sh",
            image=settings.image,
            environment=[
                scratch,
                *choice,
                *settings.storage.environment,
                EnvVarArgs(name="STORE", value=text(settings.storage.root, f"/{of.folder}")),
            ],
            resources=TOOL,
            mounts=[SCRATCH_MOUNT, *store_mounts(settings)],
        ),
        script_container(
            name="tools",
            script="tools.sh",
            image=KUBECTL_IMAGE,
            environment=[literal("TOOLS", _TOOLS)],
            resources=TOOL,
            mounts=[tools],
        ),
    ]
    volumes = [
        scratch_volume(settings.scratch),
        *store_volumes(of.name, settings),
        token_volume(),
        private_volume(),
        VolumeArgs(name="tools", empty_dir=EmptyDirVolumeSourceArgs(size_limit="256Mi")),
    ]
    if settings.encryption is not None:
        identity = VolumeMountArgs(name="identity", mount_path=_IDENTITY, read_only=True)
        stages.append(
            script_container(
                name="decrypt",
                script="decrypt.sh",
                image=settings.encryption.image,
                environment=[
                    scratch,
                    literal("PRIVATE", PRIVATE),
                    literal("IDENTITY", f"{_IDENTITY}/{IDENTITY_KEY}"),
                    literal("IDENTITY_SECRET", f"{of.namespace}/{identity_secret(of)}"),
                ],
                resources=TOOL,
                mounts=[SCRATCH_MOUNT, PRIVATE_MOUNT, identity],
            )
        )
        source = SecretVolumeSourceArgs(secret_name=identity_secret(of), default_mode=0o440, optional=True)
        volumes.append(VolumeArgs(name="identity", secret=source))
    return script_pod(
        name=CONTAINER,
        script="restore.sh",
        image=of.server.client_image,
        environment=[scratch, *choice, *_restore(of, settings, admin, foreign=wanted.foreign)],
        files_name=files_name,
        labels=labels,
        annotations=annotations,
        resources=POSTGRES,
        grace_seconds=_GRACE_SECONDS,
        mounts=[SCRATCH_MOUNT, PRIVATE_MOUNT, tools, TOKEN_MOUNT],
        stages=stages,
        volumes=volumes,
        service_account=account,
    )


def _restore(of: BackupOf, settings: BackupSets, admin: AdminSecret, *, foreign: bool) -> Sequence[EnvVarArgs]:
    # The same in all pods of one Job, and different in other Jobs.
    run = EnvVarSourceArgs(
        field_ref=ObjectFieldSelectorArgs(field_path="metadata.labels['batch.kubernetes.io/controller-uid']")
    )
    return [
        *server_environment(of.server),
        literal("PGDATABASE", of.server.admin_database),
        literal("ADMIN_NAMESPACE", of.server.namespace),
        EnvVarArgs(name="ADMIN_SECRET", value=admin.name),
        literal("ADMIN_USERNAME_KEY", admin.username_key),
        literal("ADMIN_PASSWORD_KEY", admin.password_key),
        literal("APP_NAME", of.app),
        literal("APP_USERNAME", of.username),
        literal("APP_DATABASES", "\n".join(of.databases)),
        literal("APP_SECRETS", "\n".join(of.own_secrets)),
        literal("SET_STACK", of.stack),
        literal("FOREIGN", "yes" if foreign else "no"),
        literal("CHART", of.chart),
        literal("NAMESPACE", of.namespace),
        literal("RELEASE", of.release),
        EnvVarArgs(name="RUN", value_from=run),
        from_secret("BACKUP_KEY", of.name, BACKUP_KEY),
        literal("PRIVATE", PRIVATE),
        literal("TOOLS", _TOOLS),
        EnvVarArgs(name="JOBS", value=str(settings.jobs)),
        EnvVarArgs(name="WAIT_SECONDS", value=str(_WAIT_SECONDS)),
        EnvVarArgs(name="GRACE_SECONDS", value="0"),
        EnvVarArgs(name="PROGRESS_SECONDS", value=str(_PROGRESS_SECONDS)),
        EnvVarArgs(name="OUTCOME", value="/dev/termination-log"),
    ]
