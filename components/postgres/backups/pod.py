"""The pod of a backup: its stages are init containers and one container, which share a scratch volume."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import (
    EnvVarArgs,
    PodTemplateSpecArgs,
    SecretVolumeSourceArgs,
    VolumeArgs,
    VolumeMountArgs,
)

from components.forms.computed import text
from components.postgres.any_user import NAMING, PASSWD_MOUNT
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
from components.postgres.script_pod import from_secret, literal, script_container, script_pod
from components.postgres.server import ServerConnection

SECRETS = "/secrets"
BACKUP_KEY = "key"
"""Key of the passphrase in the Secret `<name>`."""

_LOCK_ATTEMPTS = 20
_PROGRESS_SECONDS = 30
_WAIT_SECONDS = 300
_SERVER_MEMORY_MIB = 128
"""Cache of the throw-away server, as PostgreSQL's own default of `shared_buffers`."""


def backups_name(database_secret: str) -> str:
    """Name of the CronJob that makes an app's sets, and of everything that belongs to it."""
    return f"{database_secret}-backup"


@dataclass(frozen=True)
class BackupOf:
    """An app as its backups see it.

    Attributes:
        app: its key in the stack file.
        namespace: its namespace.
        server: its server, past a pooler.
        username: its role.
        databases: the databases of its role, the main one first.
        database_secret: the Secret of its database.
        secret_names: its other Secrets; they need not exist.
        own_secrets: those of them that the app itself creates, once, and that belong to its rows.
        release: name of its Helm release.
        stack: project and stack, separated by `/`.
        deployment: id of the deployment in the marks on its databases; empty where there are none.
        chart: its chart and version.
        program: version of the program.
    """

    app: str
    namespace: str
    server: ServerConnection
    username: str
    databases: Sequence[str]
    database_secret: str
    secret_names: Sequence[str]
    own_secrets: Sequence[str]
    release: str
    stack: str
    deployment: pulumi.Input[str]
    chart: str
    program: str

    @property
    def name(self) -> str:
        """Name of its CronJob and everything that belongs to it."""
        return backups_name(self.database_secret)

    @property
    def folder(self) -> str:
        """Folder of its sets, below that of all sets."""
        return f"{self.stack.replace('/', '-')}/{self.app}"


def backup_pod(
    of: BackupOf,
    settings: BackupSets,
    *,
    skip_empty: bool,
    any_user: bool,
    labels: dict[str, str],
    annotations: dict[str, str],
    account: str | None,
) -> PodTemplateSpecArgs:
    """Template of the pod.

    Args:
        of: the app.
        settings: how its sets are made.
        skip_empty: whether no set is made of databases that are all empty.
        any_user: whether it runs as a user that its images do not know, as OpenShift assigns them.
        labels: labels of the pod.
        annotations: its annotations.
        account: its service account; None for the namespace's own.
    """
    place = [literal("SCRATCH", SCRATCH), literal("SECRETS", SECRETS), literal("SERVER", f"{SCRATCH}/server")]
    key = from_secret("BACKUP_KEY", of.name, BACKUP_KEY)
    # The proof knows them, too: it compares the manifest with them.
    common = [*place, key, EnvVarArgs(name="JOBS", value=str(settings.jobs)), *_described(of, settings)]
    names = [of.database_secret, *of.secret_names]
    secrets = [
        VolumeMountArgs(name=f"secret-{number}", mount_path=f"{SECRETS}/{name}", read_only=True)
        for number, name in enumerate(names)
    ]
    image = of.server.client_image
    stages = [
        script_container(
            name="dump",
            script=["stage.sh", "dump"],
            image=image,
            environment=[*common, *_dump(of, skip_empty=skip_empty), literal("COMPRESSION", settings.compression)],
            resources=POSTGRES,
            mounts=[SCRATCH_MOUNT, *secrets],
        ),
        script_container(
            name="prove",
            script=["stage.sh", "prove"],
            image=image,
            environment=[
                *common,
                literal("PRIVATE", PRIVATE),
                EnvVarArgs(name="MEMORY", value=str(_SERVER_MEMORY_MIB)),
            ],
            resources=POSTGRES,
            mounts=[
                SCRATCH_MOUNT,
                PRIVATE_MOUNT,
                *([PASSWD_MOUNT] if any_user else []),
            ],
        ),
    ]
    if any_user:
        stages.insert(0, script_container(name="any-user", script=NAMING, image=image, environment=[], resources=TOOL))
    if settings.encryption is not None:
        recipients = literal("RECIPIENTS", "\n".join(settings.encryption.recipients))
        stages.append(
            script_container(
                name="encrypt",
                script=["stage.sh", "encrypt"],
                image=settings.encryption.image,
                environment=[*place, recipients],
                resources=TOOL,
                mounts=[SCRATCH_MOUNT, *secrets],
            )
        )
    return script_pod(
        name="store",
        script=["stage.sh", "store"],
        image=settings.image,
        environment=[
            *place,
            *settings.storage.environment,
            EnvVarArgs(name="STORE", value=text(settings.storage.root, f"/{of.folder}")),
            EnvVarArgs(name="RETENTION_DAYS", value=str(settings.retention.days)),
            EnvVarArgs(name="RETENTION_COUNT", value=str(settings.retention.count)),
            EnvVarArgs(name="DEADLINE_SECONDS", value=str(settings.deadline_seconds)),
            EnvVarArgs(name="OUTCOME", value="/dev/termination-log"),
        ],
        files_name=of.name,
        labels=labels,
        annotations=annotations,
        resources=TOOL,
        mounts=[SCRATCH_MOUNT, *store_mounts(settings)],
        stages=stages,
        service_account=account,
        volumes=[
            scratch_volume(settings.scratch),
            private_volume(),
            *(
                VolumeArgs(
                    name=f"secret-{number}",
                    # Not every Secret exists with every chart and server.
                    secret=SecretVolumeSourceArgs(secret_name=name, default_mode=0o440, optional=True),
                )
                for number, name in enumerate(names)
            ),
            *store_volumes(of.name, settings),
        ],
    )


def _described(of: BackupOf, settings: BackupSets) -> list[EnvVarArgs]:
    """What the manifest of a set says about its app."""
    return [
        from_secret("PGUSER", of.database_secret, "username"),
        literal("APP_NAME", of.app),
        literal("APP_DATABASES", "\n".join(of.databases)),
        literal("MOMENT", settings.moment),
        literal("STACK", of.stack),
        EnvVarArgs(name="DEPLOYMENT", value=of.deployment),
        literal("CHART", of.chart),
        literal("PROGRAM", of.program),
    ]


def _dump(of: BackupOf, *, skip_empty: bool) -> list[EnvVarArgs]:
    return [
        *server_environment(of.server),
        from_secret("PGPASSWORD", of.database_secret, "password"),
        literal("DATABASE_SECRET", f"{of.namespace}/{of.database_secret}"),
        EnvVarArgs(name="EMPTY", value="skip" if skip_empty else "dump"),
        EnvVarArgs(name="LOCK_ATTEMPTS", value=str(_LOCK_ATTEMPTS)),
        EnvVarArgs(name="WAIT_SECONDS", value=str(_WAIT_SECONDS)),
        EnvVarArgs(name="GRACE_SECONDS", value="0"),
        EnvVarArgs(name="PROGRESS_SECONDS", value=str(_PROGRESS_SECONDS)),
    ]
