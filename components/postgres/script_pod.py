"""The pod of a Job that runs one of `scripts/` on the `postgres` image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_kubernetes.batch.v1 import (
    PodFailurePolicyArgs,
    PodFailurePolicyOnExitCodesRequirementArgs,
    PodFailurePolicyOnPodConditionsPatternArgs,
    PodFailurePolicyRuleArgs,
)
from pulumi_kubernetes.core.v1 import (
    ConfigMapVolumeSourceArgs,
    ContainerArgs,
    EmptyDirVolumeSourceArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ResourceRequirementsArgs,
    SecretKeySelectorArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.postgres.security import container_security, pod_security

REFUSED = 3
"""Exit code of a script where another try would end the same."""

SCRIPTS = "/scripts"
"""Where the pod sees the files of its ConfigMap."""


@dataclass(frozen=True)
class Room:
    """What a script may take of its node, in Kubernetes' quantities.

    Attributes:
        cpu: CPU that is kept for it.
        cpu_limit: the most that it gets.
        memory: memory that is kept for it.
        memory_limit: the most that it gets.
        files: size of its `/tmp`.
    """

    cpu: str
    cpu_limit: str
    memory: str
    memory_limit: str
    files: str


def script_pod(
    *,
    name: str,
    script: str,
    image: str,
    environment: Sequence[EnvVarArgs],
    files_name: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, str] | None = None,
    room: Room,
    grace_seconds: int | None = None,
) -> PodTemplateSpecArgs:
    """Template of the pod.

    Args:
        name: the container's.
        script: file of the ConfigMap that is run.
        image: image with PostgreSQL's clients.
        environment: what the script reads.
        files_name: ConfigMap with the scripts and the authorities' certificates.
        labels: labels of the pod.
        annotations: its annotations.
        room: what it may take of its node.
        grace_seconds: how long it may take to stop; None for Kubernetes' own 30.
    """
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=dict(labels), annotations=None if annotations is None else dict(annotations)),
        spec=PodSpecArgs(
            restart_policy="Never",
            automount_service_account_token=False,
            enable_service_links=False,
            security_context=pod_security(),
            termination_grace_period_seconds=grace_seconds,
            containers=[
                ContainerArgs(
                    name=name,
                    image=image,
                    command=["sh", f"{SCRIPTS}/{script}"],
                    env=list(environment),
                    resources=ResourceRequirementsArgs(
                        requests={"cpu": room.cpu, "memory": room.memory},
                        limits={"cpu": room.cpu_limit, "memory": room.memory_limit},
                    ),
                    security_context=container_security(),
                    termination_message_policy="FallbackToLogsOnError",
                    volume_mounts=[
                        VolumeMountArgs(name="scripts", mount_path=SCRIPTS, read_only=True),
                        VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108 - the container's own
                    ],
                )
            ],
            volumes=[
                VolumeArgs(name="scripts", config_map=ConfigMapVolumeSourceArgs(name=files_name)),
                VolumeArgs(name="tmp", empty_dir=EmptyDirVolumeSourceArgs(size_limit=room.files)),
            ],
        ),
    )


def from_secret(name: str, secret: str, key: str) -> EnvVarArgs:
    """Environment variable whose value is a key of a Secret."""
    reference = SecretKeySelectorArgs(name=secret, key=key)
    return EnvVarArgs(name=name, value_from=EnvVarSourceArgs(secret_key_ref=reference))


def literal(name: str, value: str) -> EnvVarArgs:
    """Environment variable with just this value: `$(NAME)` in it would be another variable's, and `$$` a `$`."""
    return EnvVarArgs(name=name, value=value.replace("$", "$$"))


def only_refusals_count(container: str) -> PodFailurePolicyArgs:
    """Policy of a Job with a `backoff_limit` of 0: it fails at once where the script refuses.

    Any other end, such as that of an evicted pod, is followed by another try until the Job's deadline.

    The action `FailJob` would say the same in one rule, but Pulumi's Kubernetes provider takes no note of a Job that
    failed by it, and waits for its own timeout.
    """
    codes = PodFailurePolicyOnExitCodesRequirementArgs(container_name=container, operator="NotIn", values=[REFUSED])
    disrupted = PodFailurePolicyOnPodConditionsPatternArgs(type="DisruptionTarget", status="True")
    return PodFailurePolicyArgs(
        rules=[
            PodFailurePolicyRuleArgs(action="Ignore", on_exit_codes=codes),
            PodFailurePolicyRuleArgs(action="Ignore", on_pod_conditions=[disrupted]),
        ]
    )
