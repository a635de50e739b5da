"""The pods of PgBouncer."""

from collections.abc import Mapping
from typing import Any

import pulumi
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
    PodSecurityContextArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    SeccompProfileArgs,
    SecretVolumeSourceArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.postgres.credentials import CA_CERTIFICATE, PORT
from components.postgres.pooler.config import CERTIFICATE, CONFIG, PID_FILE, SOCKET, USERS
from components.postgres.pooler.pgbouncer import PgBouncerSettings, PoolerCertificate
from components.postgres.security import container_security

INI = "pgbouncer.ini"
SCRIPTS = ("pooler_console.sh", "pooler_start.sh", "pooler_stop.sh")

UID = 998
"""User `pgbouncer` of the image, and `GID` its group (its Dockerfile)."""
GID = 996

ENDPOINT_SECONDS = 10
"""How long a pod that is ending still accepts connections, until every node has taken it out of the Service."""
LEAVE_SECONDS = 10
"""How long its clients may then go by themselves, before they are disconnected after their transactions."""


def pod_template(
    settings: PgBouncerSettings,
    *,
    image: str,
    name: str,
    certificate: PoolerCertificate | None,
    labels: Mapping[str, str],
    annotations: Mapping[str, pulumi.Input[str]],
) -> PodTemplateSpecArgs:
    """Template of the pods.

    Args:
        settings: their size.
        image: image of PgBouncer.
        name: name of the ConfigMap with the files and of the Secret with the list of users.
        certificate: the certificate that PgBouncer shows to apps, if they connect over TLS.
        labels: labels of the pods.
        annotations: their annotations.
    """
    volumes = [
        VolumeArgs(name="config", config_map=ConfigMapVolumeSourceArgs(name=name)),
        VolumeArgs(name="users", secret=SecretVolumeSourceArgs(secret_name=name, default_mode=0o440)),
        VolumeArgs(name="run", empty_dir=EmptyDirVolumeSourceArgs(medium="Memory", size_limit="1Mi")),
    ]
    mounts = [
        VolumeMountArgs(name="config", mount_path=CONFIG, read_only=True),
        VolumeMountArgs(name="users", mount_path=USERS, read_only=True),
        VolumeMountArgs(name="run", mount_path=SOCKET),
    ]
    if certificate is not None:
        items = [KeyToPathArgs(key=key, path=key) for key in ("tls.crt", "tls.key", CA_CERTIFICATE)]
        source = SecretVolumeSourceArgs(secret_name=certificate.secret_name, items=items, default_mode=0o440)
        volumes.append(VolumeArgs(name="certificate", secret=source))
        mounts.append(VolumeMountArgs(name="certificate", mount_path=CERTIFICATE, read_only=True))
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=dict(labels), annotations=dict(annotations)),
        spec=PodSpecArgs(
            automount_service_account_token=False,
            enable_service_links=False,
            security_context=PodSecurityContextArgs(
                run_as_non_root=True,
                run_as_user=UID,
                run_as_group=GID,
                fs_group=GID,
                seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
            ),
            termination_grace_period_seconds=settings.stop_timeout_seconds,
            affinity=_on_different_nodes(labels, settings),
            containers=[_container(settings, image, mounts)],
            volumes=volumes,
        ),
    )


def _container(settings: PgBouncerSettings, image: str, mounts: list[VolumeMountArgs]) -> ContainerArgs:
    environment = {
        "SOCKET": SOCKET,
        "PORT": PORT,
        "PID_FILE": f"{SOCKET}/{PID_FILE}",
        "ENDPOINT_SECONDS": ENDPOINT_SECONDS,
        "LEAVE_SECONDS": LEAVE_SECONDS,
    }
    resources = settings.resources
    return ContainerArgs(
        name="pgbouncer",
        image=image,
        # The image's own start script does not pass signals on.
        command=["sh", f"{CONFIG}/pooler_start.sh", f"{CONFIG}/{INI}"],
        env=[EnvVarArgs(name=name, value=str(value)) for name, value in environment.items()],
        ports=[ContainerPortArgs(name="postgresql", container_port=PORT)],
        resources=ResourceRequirementsArgs(requests=resources["requests"], limits=resources["limits"]),
        security_context=container_security(),
        termination_message_policy="FallbackToLogsOnError",
        lifecycle=LifecycleArgs(pre_stop=LifecycleHandlerArgs(exec_=_script("pooler_stop.sh"))),
        # They ask PgBouncer, not the server: while that is away, clients wait in the queue instead of being refused.
        startup_probe=ProbeArgs(exec_=_probe(), period_seconds=1, timeout_seconds=5, failure_threshold=60),
        readiness_probe=ProbeArgs(exec_=_probe(), period_seconds=10, timeout_seconds=10, failure_threshold=3),
        liveness_probe=ProbeArgs(exec_=_probe(), period_seconds=30, timeout_seconds=20, failure_threshold=4),
        volume_mounts=mounts,
    )


def _probe() -> ExecActionArgs:
    return _script("pooler_console.sh", "SHOW VERSION")


def _script(name: str, *arguments: str) -> ExecActionArgs:
    return ExecActionArgs(command=["sh", f"{CONFIG}/{name}", *arguments])


def _on_different_nodes(labels: Mapping[str, str], settings: PgBouncerSettings) -> Any:
    """With the API's own keys, as `Pods` has affinity, so that both can be merged."""
    term = {"labelSelector": {"matchLabels": dict(labels)}, "topologyKey": "kubernetes.io/hostname"}
    if settings.anti_affinity == "required":
        return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
