"""Security contexts of all pods with the `postgres` image."""

from pulumi_kubernetes.core.v1 import (
    CapabilitiesArgs,
    PodSecurityContextArgs,
    SeccompProfileArgs,
    SecurityContextArgs,
)

CONFIG_HASH = "lakehouse/config-hash"
"""Pod annotation that changes with the pod's files, so that a change restarts the pod."""

POSTGRES_UID = 999
"""User and group `postgres` of the official image (its Dockerfile)."""


def pod_security() -> PodSecurityContextArgs:
    """Security context of the pod: the image's user, its group as `fsGroup`, the runtime's default seccomp profile."""
    return PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=POSTGRES_UID,
        run_as_group=POSTGRES_UID,
        fs_group=POSTGRES_UID,
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
    )


def container_security() -> SecurityContextArgs:
    """Security context of a container: no capabilities, no privilege escalation, a read-only root file system."""
    return SecurityContextArgs(
        allow_privilege_escalation=False,
        read_only_root_filesystem=True,
        capabilities=CapabilitiesArgs(drop=["ALL"]),
    )
