"""The pod of a Job that runs one of `scripts/` on the `postgres` image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
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
"""Exit status of a script if a new attempt would fail in the same way."""

SCRIPTS = "/scripts"
"""Mount path of the ConfigMap with the scripts."""


@dataclass(frozen=True)
class PodResources:
    """Requests and limits of a script, in Kubernetes' quantities.

    Attributes:
        cpu: CPU request.
        cpu_limit: CPU limit.
        memory: memory request.
        memory_limit: memory limit.
        files: size limit of its `/tmp`.
    """

    cpu: str
    cpu_limit: str
    memory: str
    memory_limit: str
    files: str


def script_container(
    *,
    name: str,
    script: str | Sequence[str],
    image: str,
    environment: Sequence[EnvVarArgs],
    resources: PodResources,
    mounts: Sequence[VolumeMountArgs] = (),
) -> ContainerArgs:
    """One container of the pod; see `script_pod`."""
    file, *arguments = [script] if isinstance(script, str) else script
    return ContainerArgs(
        name=name,
        image=image,
        command=["sh", f"{SCRIPTS}/{file}", *arguments],
        env=list(environment),
        resources=ResourceRequirementsArgs(
            requests={"cpu": resources.cpu, "memory": resources.memory},
            limits={"cpu": resources.cpu_limit, "memory": resources.memory_limit},
        ),
        security_context=container_security(),
        termination_message_policy="FallbackToLogsOnError",
        volume_mounts=[
            VolumeMountArgs(name="scripts", mount_path=SCRIPTS, read_only=True),
            VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108 - the container's own
            *mounts,
        ],
    )


def script_pod(
    *,
    name: str,
    script: str | Sequence[str],
    image: str,
    environment: Sequence[EnvVarArgs],
    files_name: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
    resources: PodResources,
    grace_seconds: int | None = None,
    stages: Sequence[ContainerArgs] = (),
    mounts: Sequence[VolumeMountArgs] = (),
    volumes: Sequence[VolumeArgs] = (),
    service_account: str | None = None,
) -> PodTemplateSpecArgs:
    """Template of the pod.

    Args:
        name: name of the container.
        script: file of the ConfigMap that is run, with arguments if it has some.
        image: image with PostgreSQL's clients.
        environment: environment variables of the script.
        files_name: ConfigMap with the scripts and the CA certificates.
        labels: labels of the pod.
        annotations: its annotations.
        resources: its requests and limits.
        grace_seconds: termination grace period; None for Kubernetes' default, 30.
        stages: containers that run before, one after the other.
        mounts: further volume mounts of the container.
        volumes: further volumes.
        service_account: service account; None for the namespace's own.
    """
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=dict(labels), annotations=None if annotations is None else dict(annotations)),
        spec=PodSpecArgs(
            restart_policy="Never",
            automount_service_account_token=False,
            enable_service_links=False,
            security_context=pod_security(),
            termination_grace_period_seconds=grace_seconds,
            init_containers=list(stages) or None,
            service_account_name=service_account,
            containers=[
                script_container(
                    name=name,
                    script=script,
                    image=image,
                    environment=environment,
                    resources=resources,
                    mounts=mounts,
                )
            ],
            volumes=[
                VolumeArgs(name="scripts", config_map=ConfigMapVolumeSourceArgs(name=files_name)),
                VolumeArgs(name="tmp", empty_dir=EmptyDirVolumeSourceArgs(size_limit=resources.files)),
                *volumes,
            ],
        ),
    )


def from_secret(name: str, secret: pulumi.Input[str], key: str) -> EnvVarArgs:
    """Environment variable whose value is a key of a Secret."""
    reference = SecretKeySelectorArgs(name=secret, key=key)
    return EnvVarArgs(name=name, value_from=EnvVarSourceArgs(secret_key_ref=reference))


def literal(name: str, value: str) -> EnvVarArgs:
    """Environment variable with exactly this value: Kubernetes would expand `$(NAME)` and `$$` in it."""
    return EnvVarArgs(name=name, value=value.replace("$", "$$"))


def only_refusals_count(container: str) -> PodFailurePolicyArgs:
    """Pod failure policy of a Job with a `backoff_limit` of 0: it fails at once if the script refuses.

    After any other failure, such as an eviction, a new pod is created, until the Job's deadline.

    The action `FailJob` would need one rule only, but Pulumi's Kubernetes provider does not recognise a Job that failed
    by it, and waits until its own timeout.
    """
    codes = PodFailurePolicyOnExitCodesRequirementArgs(container_name=container, operator="NotIn", values=[REFUSED])
    disrupted = PodFailurePolicyOnPodConditionsPatternArgs(type="DisruptionTarget", status="True")
    return PodFailurePolicyArgs(
        rules=[
            PodFailurePolicyRuleArgs(action="Ignore", on_exit_codes=codes),
            PodFailurePolicyRuleArgs(action="Ignore", on_pod_conditions=[disrupted]),
        ]
    )
