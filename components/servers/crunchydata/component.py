"""A server that CrunchyData's operator runs in the cluster: the operator, a PostgresCluster, and who may log in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.apiextensions import CustomResource

from components.helm.release import ChartSource, merge_values, release
from components.kubernetes.pod_settings import PodSettings
from components.kubernetes.secrets import by_key, secret
from components.postgres.credentials import PORT, secret_keys
from components.postgres.endpoint import TlsMode
from components.postgres.server import Server, ServerComponent
from components.servers.crunchydata import cluster
from components.servers.crunchydata.logins import (
    adapted,
    admin_secret,
    ca_certificate,
    certificate_secret_name,
    decoded,
    user_secret_name,
)
from components.servers.crunchydata.pods import operator_values


@dataclass(frozen=True)
class OperatorArgs:
    """The operator's Helm release.

    Attributes:
        source: the chart.
        namespace: namespace of the release.
        create_namespace: whether that is made.
        release_name: its name.
        values: chart values merged over the component's own.
        timeout_seconds: how long to wait for its pods.
        pods: what holds for every pod.
    """

    source: ChartSource
    namespace: str = "postgres-operator"
    create_namespace: bool = True
    release_name: str = "pgo"
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    timeout_seconds: int = 300
    pods: PodSettings = field(default_factory=PodSettings)


@dataclass(frozen=True)
class CrunchyDataServerArgs:
    """What the server needs to know.

    Attributes:
        cluster: the PostgresCluster.
        namespace: its namespace.
        client_image: image with `psql`, for Jobs that talk to the server.
        operator: the operator, None if one is there.
        deletion_protection: whether Pulumi refuses to delete the server.
        start_timeout_seconds: how long Pulumi waits for each instance; the others start from the first one's backup.
    """

    cluster: cluster.ClusterArgs
    namespace: str
    client_image: str
    operator: OperatorArgs | None = field(default=None)
    deletion_protection: bool = True
    start_timeout_seconds: int = 300


class CrunchyDataServer(ServerComponent):
    """A PostgresCluster. Its clients use TLS and check the certificate of the operator's authority."""

    def __init__(self, name: str, args: CrunchyDataServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:CrunchyDataServer", name, None, opts)
        wanted = args.cluster
        seconds = args.start_timeout_seconds * wanted.replicas
        server = CustomResource(
            f"{name}-cluster",
            api_version=cluster.API_VERSION,
            kind=cluster.KIND,
            metadata={
                "name": wanted.name,
                "namespace": args.namespace,
                "annotations": {"pulumi.com/waitFor": cluster.ready_when(wanted)},
            },
            spec=cluster.spec(wanted),
            opts=pulumi.ResourceOptions(
                parent=self,
                # The operator also takes the cluster down, so it goes last.
                depends_on=self._operator(name, args.operator),
                protect=args.deletion_protection,
                custom_timeouts=pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s"),
            ),
        )
        authority = self._authority(name, args, server)
        for role in wanted.users:
            self._login(name, args, server, role, authority)
        self.server = Server(
            # As in the certificate, where the name with the cluster's domain ends in a dot, which no client matches.
            host=f"{wanted.name}-primary.{args.namespace}.svc",
            port=PORT,
            tls=TlsMode.VERIFY_FULL,
            namespace=args.namespace,
            admin=admin_secret(wanted.name, wanted.admin),
            client_image=args.client_image,
            ca_certificate=authority,
            app_host=None if wanted.pgbouncer is None else f"{wanted.name}-pgbouncer.{args.namespace}.svc",
            app_port=None if wanted.pgbouncer is None else PORT,
        )
        self.register_outputs({})

    def _operator(self, name: str, args: OperatorArgs | None) -> list[pulumi.Resource]:
        if args is None:
            return []
        made: list[pulumi.Resource] = []
        if args.create_namespace:
            made.append(
                k8s.core.v1.Namespace(
                    f"{name}-operator-namespace",
                    metadata={"name": args.namespace},
                    opts=pulumi.ResourceOptions(parent=self),
                )
            )
        operator = release(
            f"{name}-operator",
            release_name=args.release_name,
            namespace=args.namespace,
            source=args.source,
            values=merge_values(operator_values(args.pods), args.values),
            timeout_seconds=args.timeout_seconds,
            opts=pulumi.ResourceOptions(parent=self, depends_on=made),
        )
        return [*made, operator]

    def _authority(self, name: str, args: CrunchyDataServerArgs, server: CustomResource) -> pulumi.Output[str]:
        """The authority's certificate, which everybody may know, of a Secret that nobody else may."""
        secret = self._secret_of_the_operator(
            f"{name}-certificate", args.namespace, certificate_secret_name(args.cluster.name), server
        )
        return pulumi.Output.unsecret(secret.data.apply(ca_certificate))

    def _login(
        self,
        name: str,
        args: CrunchyDataServerArgs,
        server: CustomResource,
        role: str,
        authority: pulumi.Output[str],
    ) -> None:
        """A further role's Secret, in the form that all of this program's database Secrets have."""
        secret_name = f"{args.cluster.name}-login-{role}"
        theirs = self._secret_of_the_operator(
            f"{name}-user-{role}", args.namespace, user_secret_name(args.cluster.name, role), server
        )
        data = pulumi.Output.all(theirs.data, authority).apply(
            lambda it: adapted(decoded(it[0]), secret_name=secret_name, aliases={}, ca=it[1])
        )
        secret(
            f"{name}-login-{role}",
            {"name": secret_name, "namespace": args.namespace},
            by_key(data, secret_keys({}, ca=True)),
            pulumi.ResourceOptions(parent=self),
        )

    def _secret_of_the_operator(
        self, name: str, namespace: str, secret_name: str, server: CustomResource
    ) -> k8s.core.v1.Secret:
        # An id that is known only once the server is ready: before, there is no such Secret.
        known = server.id.apply(lambda _: f"{namespace}/{secret_name}")
        return k8s.core.v1.Secret.get(name, known, pulumi.ResourceOptions(parent=self))
