"""The Cloud SQL Auth Proxy in the cluster: mutual TLS to the instance, plain PostgreSQL towards the cluster's pods."""

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

from components.postgres.credentials import PORT
from components.postgres.replicas_service import replicas_service
from components.postgres.security import container_security
from components.servers.cloudsql.pins import CLOUD_SQL_PROXY_IMAGE
from components.servers.cloudsql.settings import CloudSqlAuthProxy
from components.servers.placement import Placement

HEALTH_PORT = 9090
UID = 65532
"""User `nonroot` of the proxy's image, which is distroless."""

DRAIN_SECONDS = 30
"""How long a proxy that is to stop waits for open connections."""


class AuthProxy(pulumi.ComponentResource):
    """The proxy's pods and Service.

    Attributes:
        host: DNS name of the Service inside the cluster.
    """

    host: str

    def __init__(
        self,
        name: str,
        settings: CloudSqlAuthProxy,
        place: Placement,
        connection: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Create the proxy.

        Args:
            name: name of the component and of the Kubernetes objects.
            settings: service account, image and number of pods.
            place: where the objects stand.
            connection: the instance, as `project:region:instance`.
            opts: options of the component.
        """
        super().__init__("lakehouse:postgres:AuthProxy", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels = {"app.kubernetes.io/name": "cloud-sql-proxy", "app.kubernetes.io/instance": name}
        metadata = ObjectMetaArgs(name=name, namespace=place.namespace, labels=labels)
        identity = {"iam.gke.io/gcp-service-account": settings.service_account}
        account = k8s.core.v1.ServiceAccount(
            f"{name}-account",
            metadata=ObjectMetaArgs(name=name, namespace=place.namespace, labels=labels, annotations=identity),
            opts=child,
        )
        replicas_service(name, metadata, settings.instances, child)
        k8s.apps.v1.Deployment(
            f"{name}-pods",
            metadata=metadata,
            spec=DeploymentSpecArgs(
                replicas=settings.instances,
                selector=LabelSelectorArgs(match_labels=labels),
                template=PodTemplateSpecArgs(
                    metadata=ObjectMetaArgs(labels=labels),
                    spec=PodSpecArgs(
                        service_account_name=name,
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
                        containers=[_container(place.pods.image(settings.image, CLOUD_SQL_PROXY_IMAGE), connection)],
                    ),
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[account]),
        )
        self.host = f"{name}.{place.namespace}.svc.cluster.local"
        self.register_outputs({})


def _container(image: str, connection: str) -> ContainerArgs:
    return ContainerArgs(
        name="cloud-sql-proxy",
        image=image,
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
            connection,
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
    """With the API's own keys, as `Pods` has affinity, so that both can be merged."""
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
