"""A server that the CloudNativePG operator runs: a primary and standbys in this cluster, PgBouncer and backups."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from components.kubernetes.secrets import secret
from components.postgres import tuning
from components.postgres.credentials import CA_CERTIFICATE, PASSWORD_LENGTH, PORT
from components.postgres.endpoint import TlsMode
from components.postgres.server import AdminSecret, Server, ServerComponent
from components.servers.cloudnativepg.backups import BackupArgs, scheduled_backup_spec
from components.servers.cloudnativepg.cluster import ClusterSize, Synchronous, cluster_spec
from components.servers.cloudnativepg.operator import OperatorArgs, install_operator
from components.servers.cloudnativepg.pooler import PoolerArgs, pooler_spec, service_names

API = "postgresql.cnpg.io/v1"
ROTATION = "lakehouse/admin-password-rotation"


@dataclass(frozen=True)
class CloudNativePGArgs:
    """What a server run by CloudNativePG needs to know.

    Attributes:
        name: name of the `Cluster`; its primary's Service is `<name>-rw`.
        namespace: namespace that it runs in.
        image: image made for CloudNativePG.
        client_image: image with `psql`, for Jobs that talk to the server.
        size: instances and what each takes.
        synchronous: standbys that a commit waits for; None for none.
        parameters: PostgreSQL settings on top of the derived ones.
        node_selector: labels of the nodes that it may run on.
        anti_affinity: `required` or `preferred`: whether instances may share what `topology_key` tells apart.
        topology_key: label of nodes.
        pod_disruption_budget: whether a drained node waits for another instance.
        pooler: PgBouncer in front of it; None for none.
        backups: where backups go and when; None for none.
        operator: the operator to install; None where it is there already.
        deletion_protection: whether Pulumi refuses to delete it.
        admin_password_rotation: raise it for a new admin password.
        start_timeout_seconds: how long Pulumi waits for each instance.
    """

    name: str
    namespace: str
    image: str
    client_image: str
    size: ClusterSize = field(default_factory=ClusterSize)
    synchronous: Synchronous | None = field(default_factory=Synchronous)
    parameters: Mapping[str, tuning.ParameterValue] = field(default_factory=dict[str, tuning.ParameterValue])
    node_selector: Mapping[str, str] = field(default_factory=dict[str, str])
    anti_affinity: str = "required"
    topology_key: str = "kubernetes.io/hostname"
    pod_disruption_budget: bool = True
    pooler: PoolerArgs | None = None
    backups: BackupArgs | None = None
    operator: OperatorArgs | None = None
    deletion_protection: bool = True
    admin_password_rotation: int = 1
    start_timeout_seconds: int = 300

    @property
    def admin_secret(self) -> str:
        """Name of the admin's Secret."""
        return f"{self.name}-admin"

    @property
    def pooler_name(self) -> str:
        """Name of the `Pooler` and its Service, which may not be the Cluster's."""
        return f"{self.name}-pooler"


class CloudNativePG(ServerComponent):
    """A `Cluster` with its admin's Secret and, where wanted, operator, `Pooler` and `ScheduledBackup`."""

    def __init__(self, name: str, args: CloudNativePGArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:CloudNativePG", name, None, opts)
        self._name, self._args = name, args
        operator = install_operator(f"{name}-operator", args.operator, parent=self) if args.operator else []
        cluster = self._cluster([*operator, self._admin_secret()])
        if args.pooler is not None:
            self._pooler(args.pooler, cluster)
        if args.backups is not None:
            self._scheduled_backup(args.backups, cluster)
        self.server = Server(
            host=f"{args.name}-rw.{args.namespace}.svc.cluster.local",
            port=PORT,
            tls=TlsMode.VERIFY_FULL,
            namespace=args.namespace,
            admin=AdminSecret(args.admin_secret),
            client_image=args.client_image,
            ca_certificate=self._authority(cluster),
            app_host=f"{args.pooler_name}.{args.namespace}.svc.cluster.local" if args.pooler else None,
            app_port=PORT if args.pooler else None,
        )
        self.register_outputs({})

    def _admin_secret(self) -> pulumi.Resource:
        args = self._args
        password = random.RandomPassword(
            f"{self._name}-admin",
            length=PASSWORD_LENGTH,
            special=False,
            keepers={"rotation": str(args.admin_password_rotation)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        return secret(
            f"{self._name}-admin",
            {
                "name": args.admin_secret,
                "namespace": args.namespace,
                # The operator gives the role a new password when a Secret with this label changes.
                "labels": {"cnpg.io/reload": "true"},
            },
            {"username": "postgres", "password": password.result},
            pulumi.ResourceOptions(parent=self),
            type_="kubernetes.io/basic-auth",
        )

    def _cluster(self, needs: Sequence[pulumi.Resource]) -> k8s.apiextensions.CustomResource:
        args = self._args
        names = service_names(args.pooler_name, args.namespace) if args.pooler else []
        waits = ["condition=Ready", f"jsonpath={{.status.readyInstances}}={args.size.instances}"]
        seconds = args.start_timeout_seconds * args.size.instances
        return self._custom_resource(
            "Cluster",
            args.name,
            cluster_spec(
                image=args.image,
                size=args.size,
                synchronous=args.synchronous,
                parameters=args.parameters,
                node_selector=args.node_selector,
                anti_affinity=args.anti_affinity,
                topology_key=args.topology_key,
                pod_disruption_budget=args.pod_disruption_budget,
                admin_secret=args.admin_secret,
                further_names=names,
                backups=args.backups,
            ),
            annotations={"pulumi.com/waitFor": json.dumps(waits), ROTATION: str(args.admin_password_rotation)},
            opts=pulumi.ResourceOptions(
                depends_on=list(needs),
                protect=args.deletion_protection,
                custom_timeouts=pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s"),
            ),
        )

    def _pooler(self, pooler: PoolerArgs, cluster: pulumi.Resource) -> None:
        args = self._args
        self._custom_resource(
            "Pooler",
            args.pooler_name,
            pooler_spec(pooler, name=args.pooler_name, cluster=args.name),
            annotations={"pulumi.com/waitFor": f"jsonpath={{.status.instances}}={pooler.instances}"},
            opts=pulumi.ResourceOptions(depends_on=[cluster]),
        )

    def _scheduled_backup(self, backups: BackupArgs, cluster: pulumi.Resource) -> None:
        self._custom_resource(
            "ScheduledBackup",
            f"{self._args.name}-backup",
            scheduled_backup_spec(backups, cluster=self._args.name),
            annotations={},
            opts=pulumi.ResourceOptions(depends_on=[cluster]),
        )

    def _custom_resource(
        self,
        kind: str,
        name: str,
        spec: Mapping[str, Any],
        *,
        annotations: Mapping[str, str],
        opts: pulumi.ResourceOptions,
    ) -> k8s.apiextensions.CustomResource:
        return k8s.apiextensions.CustomResource(
            f"{self._name}-{kind.lower()}",
            api_version=API,
            kind=kind,
            metadata={
                "name": name,
                "namespace": self._args.namespace,
                # The API server keeps no empty mapping: it would show as a change at every run.
                **({"annotations": dict(annotations)} if annotations else {}),
            },
            spec=spec,
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=self)),
        )

    def _authority(self, cluster: k8s.apiextensions.CustomResource) -> pulumi.Output[str]:
        """Certificate of the authority that the operator made for the `Cluster`, read at each run: it is renewed.

        The Secret holds the authority's key as well. Nothing but the certificate, which is no secret, leaves it.
        """
        secret = k8s.core.v1.Secret.get(
            f"{self._name}-authority",
            # Known only once the Cluster is there: until then there is nothing to read.
            cluster.id.apply(lambda _: f"{self._args.namespace}/{self._args.name}-ca"),
            pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.unsecret(secret.data.apply(lambda data: base64.b64decode(data[CA_CERTIFICATE]).decode()))
