"""The pod of an embedded server: a step that prepares the volume, then the server itself."""

from collections.abc import Mapping
from dataclasses import dataclass

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

from components.postgres.credentials import PORT
from components.postgres.security import container_security, pod_security

SERVER_CONTAINER = "postgresql"
ROTATION = "lakehouse/admin-password-rotation"

STOP_TIMEOUT_SECONDS = 120
"""How long a fast shutdown may take to write out what is in memory."""

VOLUME = "/var/lib/postgresql"
# Not `data`: the image declares a volume there, which would hide the claim.
PGDATA = f"{VOLUME}/pgdata"
CONFIG = "/etc/postgresql"
ADMIN = "/run/secrets/admin"
PASSWD = "passwd"
"""Name of a list of users in `/tmp`, where the pod's user is one that the image does not know."""


@dataclass(frozen=True)
class PodArgs:
    """What differs from one embedded server's pod to the next; see `EmbeddedServerArgs`."""

    image: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    memory: str
    cpu: str
    cpu_limit: str
    node_selector: Mapping[str, str]
    claim_name: str
    config_name: str
    admin_secret_name: str
    any_user: bool = False


def pod_template(args: PodArgs) -> PodTemplateSpecArgs:
    """Template of the StatefulSet's one pod."""
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(
            labels=dict(args.labels),
            annotations={"kubectl.kubernetes.io/default-container": SERVER_CONTAINER, **args.annotations},
        ),
        spec=PodSpecArgs(
            automount_service_account_token=False,
            enable_service_links=False,
            security_context=pod_security(),
            termination_grace_period_seconds=STOP_TIMEOUT_SECONDS + 15,
            node_selector=dict(args.node_selector) or None,
            init_containers=[*([_any_user(args)] if args.any_user else []), _prepare(args)],
            containers=[_server(args)],
            volumes=[
                VolumeArgs(
                    name="data",
                    persistent_volume_claim=PersistentVolumeClaimVolumeSourceArgs(claim_name=args.claim_name),
                ),
                VolumeArgs(
                    name="config", config_map=ConfigMapVolumeSourceArgs(name=args.config_name, default_mode=0o555)
                ),
                VolumeArgs(
                    name="admin",
                    secret=SecretVolumeSourceArgs(
                        secret_name=args.admin_secret_name,
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


def _prepare(args: PodArgs) -> ContainerArgs:
    return ContainerArgs(
        name="prepare",
        image=args.image,
        command=["sh", f"{CONFIG}/prepare.sh"],
        env=[
            EnvVarArgs(name="PGDATA", value=PGDATA),
            EnvVarArgs(name="ADMIN_PASSWORD_FILE", value=f"{ADMIN}/password"),
        ],
        resources=_resources(args),
        security_context=container_security(),
        termination_message_policy="FallbackToLogsOnError",
        volume_mounts=[
            *_mounts(),
            VolumeMountArgs(name="admin", mount_path=ADMIN, read_only=True),
            *([VolumeMountArgs(name="tmp", mount_path="/etc/passwd", sub_path=PASSWD)] if args.any_user else []),
        ],
    )


def _any_user(args: PodArgs) -> ContainerArgs:
    """Gives the pod's user a name, which `initdb` asks for."""
    return ContainerArgs(
        name="any-user",
        image=args.image,
        command=["sh", f"{CONFIG}/any_user.sh", f"/tmp/{PASSWD}"],  # noqa: S108 - the container's own
        resources=_resources(args),
        security_context=container_security(),
        termination_message_policy="FallbackToLogsOnError",
        volume_mounts=[
            VolumeMountArgs(name="config", mount_path=CONFIG, read_only=True),
            VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108 - the container's own
        ],
    )


def _server(args: PodArgs) -> ContainerArgs:
    return ContainerArgs(
        name=SERVER_CONTAINER,
        image=args.image,
        command=["postgres"],
        args=["-D", PGDATA, "-c", f"config_file={CONFIG}/postgresql.conf"],
        env=[
            EnvVarArgs(name="PGDATA", value=PGDATA),
            EnvVarArgs(name="STOP_TIMEOUT_SECONDS", value=str(STOP_TIMEOUT_SECONDS)),
        ],
        ports=[ContainerPortArgs(name="postgresql", container_port=PORT)],
        resources=_resources(args),
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


def _resources(args: PodArgs) -> ResourceRequirementsArgs:
    return ResourceRequirementsArgs(
        requests={"cpu": args.cpu, "memory": args.memory},
        limits={"cpu": args.cpu_limit, "memory": args.memory},
    )
