"""What the pod of a restore may do in the cluster: stop and start its app, and read and write a few Secrets."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.core.v1 import (
    ConfigMapProjectionArgs,
    KeyToPathArgs,
    ProjectedVolumeSourceArgs,
    ServiceAccountTokenProjectionArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeProjectionArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.rbac.v1 import PolicyRuleArgs

from components.postgres.server import AdminSecret

_TOKEN_SECONDS = 3600
"""How long a token is valid; the kubelet renews it, and kubectl reads it anew for each command."""

TOKEN_MOUNT = VolumeMountArgs(name="token", mount_path="/var/run/secrets/kubernetes.io/serviceaccount", read_only=True)
"""Where clients of Kubernetes expect the token of a pod. Only the container that needs it gets it."""


def token_volume() -> VolumeArgs:
    """The token of the pod's service account, and the CA certificate of the API server."""
    token = ServiceAccountTokenProjectionArgs(path="token", expiration_seconds=_TOKEN_SECONDS)
    ca = ConfigMapProjectionArgs(name="kube-root-ca.crt", items=[KeyToPathArgs(key="ca.crt", path="ca.crt")])
    sources = [VolumeProjectionArgs(service_account_token=token), VolumeProjectionArgs(config_map=ca)]
    return VolumeArgs(name="token", projected=ProjectedVolumeSourceArgs(sources=sources, default_mode=0o440))


def app_rules(own_secrets: Sequence[str]) -> list[PolicyRuleArgs]:
    """In the app's namespace.

    Args:
        own_secrets: Secrets that the app itself creates.
    """
    rules = [
        PolicyRuleArgs(api_groups=["apps"], resources=["deployments"], verbs=["get", "list", "watch", "patch"]),
        PolicyRuleArgs(api_groups=["apps"], resources=["deployments/scale"], verbs=["get", "patch", "update"]),
        PolicyRuleArgs(api_groups=[""], resources=["pods"], verbs=["get", "list", "watch"]),
    ]
    if own_secrets:
        names = list(own_secrets)
        rules += [
            PolicyRuleArgs(api_groups=[""], resources=["secrets"], resource_names=names, verbs=["get", "patch"]),
            # A Role cannot limit the creation of objects to names.
            PolicyRuleArgs(api_groups=[""], resources=["secrets"], verbs=["create"]),
        ]
    return rules


def admin_rules(admin: AdminSecret) -> list[PolicyRuleArgs]:
    """In the namespace of the admin's Secret."""
    return [PolicyRuleArgs(api_groups=[""], resources=["secrets"], resource_names=[admin.name], verbs=["get"])]


def grant(
    name: str,
    metadata: ObjectMetaArgsDict,
    rules: Sequence[PolicyRuleArgs],
    *,
    account: str,
    account_namespace: str,
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """A Role with these rules, and its RoleBinding, which is returned, to a service account."""
    role = k8s.rbac.v1.Role(f"{name}-role", metadata=metadata, rules=list(rules), opts=opts)
    return k8s.rbac.v1.RoleBinding(
        f"{name}-binding",
        metadata=metadata,
        role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata.name},
        subjects=[{"kind": "ServiceAccount", "name": account, "namespace": account_namespace}],
        opts=opts,
    )
