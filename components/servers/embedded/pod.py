"""The pod of an embedded server: a step that prepares the volume, then the server itself."""

from collections.abc import Mapping

from pulumi_kubernetes.core.v1 import (
    ConfigMapVolumeSourceArgs,
    ContainerArgs,
    ContainerPortArgs,
    EmptyDirVolumeSourceArgs,
    EnvVarArgs,
    ExecActionArgs,
    KeyToPathArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    PersistentVolumeClaimVolumeSourceArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    SecretVolumeSourceArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.postgres.any_user import NAMING, PASSWD_MOUNT
from components.postgres.credentials import PORT
from components.postgres.security import container_security, pod_security
from components.servers.embedded.settings import EmbeddedSettings

SERVER_CONTAINER = "postgresql"
ROTATION = "lakehouse/admin-password-rotation"

STOP_TIMEOUT_SECONDS = 120
"""How long a fast shutdown may take to write out what is in memory."""

VOLUME = "/var/lib/postgresql"
# Not `data`: the image declares a volume there, which would hide the claim.
PGDATA = f"{VOLUME}/pgdata"
CONFIG = "/etc/postgresql"
ADMIN = "/run/secrets/admin"


def pod_template(
    server_name: str,
    settings: EmbeddedSettings,
    *,
    image: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    any_user: bool,
) -> PodTemplateSpecArgs:
    """Template of the StatefulSet's one pod.

    Args:
        server_name: name of the server, which begins the names of its claim, ConfigMap and Secret.
        settings: its size.
        image: image of PostgreSQL.
        labels: labels of the pod.
        annotations: its annotations.
        any_user: whether it runs as a user that the image does not know.
    """
    resources = ResourceRequirementsArgs(requests=settings.resources["requests"], limits=settings.resources["limits"])
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(
            labels=dict(labels),
            annotations={"kubectl.kubernetes.io/default-container": SERVER_CONTAINER, **annotations},
        ),
        spec=PodSpecArgs(
            automount_service_account_token=False,
            enable_service_links=False,
            security_context=pod_security(),
            termination_grace_period_seconds=STOP_TIMEOUT_SECONDS + 15,
            node_selector=dict(settings.node_selector) or None,
            init_containers=[
                *([_any_user(image, resources)] if any_user else []),
                _prepare(image, resources, any_user=any_user),
            ],
            containers=[_server(image, resources)],
            volumes=[
                VolumeArgs(
                    name="data",
                    persistent_volume_claim=PersistentVolumeClaimVolumeSourceArgs(claim_name=f"data-{server_name}-0"),
                ),
                VolumeArgs(
                    name="config",
                    config_map=ConfigMapVolumeSourceArgs(name=f"{server_name}-config", default_mode=0o555),
                ),
                VolumeArgs(
                    name="admin",
                    secret=SecretVolumeSourceArgs(
                        secret_name=f"{server_name}-admin",
                        items=[KeyToPathArgs(key="password", path="password")],
                        default_mode=0o440,
                    ),
                ),
                VolumeArgs(name="run", empty_dir=EmptyDirVolumeSourceArgs(medium="Memory", size_limit="16Mi")),
                VolumeArgs(name="tmp", empty_dir=EmptyDirVolumeSourceArgs(size_limit="256Mi")),
                # Parallel queries share memory here; the runtime's default is 64Mi. It counts towards the limit.
                VolumeArgs(name="shm", empty_dir=EmptyDirVolumeSourceArgs(medium="Memory")),
            ],
        ),
    )


def _prepare(image: str, resources: ResourceRequirementsArgs, *, any_user: bool) -> ContainerArgs:
    return ContainerArgs(
        name="prepare",
        image=image,
        command=["sh", f"{CONFIG}/prepare.sh"],
        env=[
            EnvVarArgs(name="PGDATA", value=PGDATA),
            EnvVarArgs(name="ADMIN_PASSWORD_FILE", value=f"{ADMIN}/password"),
        ],
        resources=resources,
        security_context=container_security(),
        termination_message_policy="FallbackToLogsOnError",
        volume_mounts=[
            *_mounts(),
            VolumeMountArgs(name="admin", mount_path=ADMIN, read_only=True),
            *([PASSWD_MOUNT] if any_user else []),
        ],
    )


def _any_user(image: str, resources: ResourceRequirementsArgs) -> ContainerArgs:
    script, file = NAMING
    return ContainerArgs(
        name="any-user",
        image=image,
        command=["sh", f"{CONFIG}/{script}", file],
        resources=resources,
        security_context=container_security(),
        termination_message_policy="FallbackToLogsOnError",
        volume_mounts=[
            VolumeMountArgs(name="config", mount_path=CONFIG, read_only=True),
            VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108 - the container's own
        ],
    )


def _server(image: str, resources: ResourceRequirementsArgs) -> ContainerArgs:
    return ContainerArgs(
        name=SERVER_CONTAINER,
        image=image,
        command=["postgres"],
        args=["-D", PGDATA, "-c", f"config_file={CONFIG}/postgresql.conf"],
        env=[
            EnvVarArgs(name="PGDATA", value=PGDATA),
            EnvVarArgs(name="STOP_TIMEOUT_SECONDS", value=str(STOP_TIMEOUT_SECONDS)),
        ],
        ports=[ContainerPortArgs(name="postgresql", container_port=PORT)],
        resources=resources,
        security_context=container_security(),
        termination_message_policy="FallbackToLogsOnError",
        lifecycle=LifecycleArgs(pre_stop=LifecycleHandlerArgs(exec_=_script("stop.sh"))),
        # A server in recovery is alive: it is given all the time that it needs, and no traffic.
        startup_probe=ProbeArgs(
            exec_=_script("probe.sh", "alive"), period_seconds=2, timeout_seconds=5, failure_threshold=60
        ),
        readiness_probe=ProbeArgs(
            exec_=_script("probe.sh", "ready"), period_seconds=5, timeout_seconds=5, failure_threshold=3
        ),
        liveness_probe=ProbeArgs(
            exec_=_script("probe.sh", "alive"), period_seconds=10, timeout_seconds=10, failure_threshold=6
        ),
        volume_mounts=_mounts(),
    )


def _script(name: str, *arguments: str) -> ExecActionArgs:
    return ExecActionArgs(command=["sh", f"{CONFIG}/{name}", *arguments])


def _mounts() -> list[VolumeMountArgs]:
    return [
        VolumeMountArgs(name="data", mount_path=VOLUME),
        VolumeMountArgs(name="config", mount_path=CONFIG, read_only=True),
        VolumeMountArgs(name="run", mount_path="/var/run/postgresql"),
        VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108 - the container's own
        VolumeMountArgs(name="shm", mount_path="/dev/shm"),  # noqa: S108 - the container's own
    ]
