"""The Cloud SQL Auth Proxy in the cluster: mutual TLS to the instance, plain PostgreSQL towards the cluster's pods."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.apps.v1 import DeploymentSpecArgs
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    ContainerPortArgs,
    HTTPGetActionArgs,
    PodSecurityContextArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    SeccompProfileArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.policy.v1 import PodDisruptionBudgetSpecArgs

from components.postgres.credentials import PORT
from components.postgres.security import container_security

HEALTH_PORT = 9090
UID = 65532
"""User `nonroot` of the proxy's image, which is distroless."""

DRAIN_SECONDS = 30
"""How long a proxy that is told to stop waits for open connections."""


@dataclass(frozen=True)
class AuthProxyArgs:
    """What the proxy needs to know.

    Attributes:
        name: name of its objects.
        namespace: their namespace.
        connection: `project:region:instance`.
        service_account: IAM service account that its pods become by workload identity.
        image: its image, exact tag.
        replicas: number of pods.
    """

    name: str
    namespace: str
    connection: str
    service_account: str
    image: str
    replicas: int = 2


class AuthProxy(pulumi.ComponentResource):
    """The proxy's pods and Service.

    Attributes:
        host: DNS name of the Service inside the cluster.
    """

    host: str

    def __init__(self, name: str, args: AuthProxyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:AuthProxy", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels = {"app.kubernetes.io/name": "cloud-sql-proxy", "app.kubernetes.io/instance": args.name}

        def metadata(annotations: dict[str, str] | None = None) -> ObjectMetaArgs:
            return ObjectMetaArgs(name=args.name, namespace=args.namespace, labels=labels, annotations=annotations)

        account = k8s.core.v1.ServiceAccount(
            f"{name}-account",
            metadata=metadata({"iam.gke.io/gcp-service-account": args.service_account}),
            opts=child,
        )
        k8s.core.v1.Service(
            f"{name}-service",
            # Waiting for the pods is the Deployment's part.
            metadata=metadata({"pulumi.com/skipAwait": "true"}),
            spec={"selector": labels, "ports": [{"name": "postgresql", "port": PORT, "target_port": "postgresql"}]},
            opts=child,
        )
        if args.replicas > 1:
            k8s.policy.v1.PodDisruptionBudget(
                f"{name}-disruption",
                metadata=metadata(),
                spec=PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=LabelSelectorArgs(match_labels=labels)),
                opts=child,
            )
        k8s.apps.v1.Deployment(
            f"{name}-pods",
            metadata=metadata(),
            spec=DeploymentSpecArgs(
                replicas=args.replicas,
                selector=LabelSelectorArgs(match_labels=labels),
                template=PodTemplateSpecArgs(
                    metadata=ObjectMetaArgs(labels=labels),
                    spec=PodSpecArgs(
                        service_account_name=args.name,
                        # GKE's workload identity asks the node's metadata server, not Kubernetes.
                        automount_service_account_token=False,
                        enable_service_links=False,
                        security_context=PodSecurityContextArgs(
                            run_as_non_root=True,
                            run_as_user=UID,
                            run_as_group=UID,
                            seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
                        ),
                        termination_grace_period_seconds=DRAIN_SECONDS + 15,
                        affinity=_on_different_nodes(labels),
                        containers=[_container(args)],
                    ),
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[account]),
        )
        self.host = f"{args.name}.{args.namespace}.svc.cluster.local"
        self.register_outputs({})


def _container(args: AuthProxyArgs) -> ContainerArgs:
    return ContainerArgs(
        name="cloud-sql-proxy",
        image=args.image,
        args=[
            "--private-ip",
            # Its default is the pod's own loopback address. This one takes IPv4 as well, wherever a pod has it.
            "--address=::",
            f"--port={PORT}",
            "--health-check",
            "--http-address=::",
            f"--http-port={HEALTH_PORT}",
            f"--max-sigterm-delay={DRAIN_SECONDS}s",
            "--exit-zero-on-sigterm",
            "--structured-logs",
            args.connection,
        ],
        ports=[
            ContainerPortArgs(name="postgresql", container_port=PORT),
            ContainerPortArgs(name="health", container_port=HEALTH_PORT),
        ],
        startup_probe=ProbeArgs(
            http_get=HTTPGetActionArgs(path="/startup", port="health"), period_seconds=1, failure_threshold=60
        ),
        readiness_probe=ProbeArgs(
            http_get=HTTPGetActionArgs(path="/readiness", port="health"), period_seconds=10, timeout_seconds=10
        ),
        liveness_probe=ProbeArgs(
            http_get=HTTPGetActionArgs(path="/liveness", port="health"), period_seconds=60, timeout_seconds=30
        ),
        resources=ResourceRequirementsArgs(
            requests={"cpu": "100m", "memory": "128Mi"}, limits={"cpu": "1", "memory": "256Mi"}
        ),
        security_context=container_security(),
        termination_message_policy="FallbackToLogsOnError",
    )


def _on_different_nodes(labels: dict[str, str]) -> Any:
    """In the API's own words, as `PodSettings` has affinity, so that both can be merged."""
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
