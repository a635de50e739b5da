"""PgBouncer between one app and its server: pods, Service and configuration, in the app's namespace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.apps.v1 import DeploymentSpecArgs, DeploymentStrategyArgs, RollingUpdateDeploymentArgs
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.kubernetes.pods import Pods
from components.kubernetes.secrets import secret
from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.pooler.config import USERS_FILE, PooledServer, pgbouncer_ini, users_txt
from components.postgres.pooler.pgbouncer import PgBouncerSettings, PoolerCertificate
from components.postgres.pooler.pins import PGBOUNCER_IMAGE
from components.postgres.pooler.pod import INI, SCRIPTS, pod_template
from components.postgres.replicas_service import replicas_service
from components.postgres.scripts import fingerprint, read
from components.postgres.security import CONFIG_HASH
from components.postgres.server import ServerConnection


@dataclass(frozen=True)
class PoolerArgs:
    """Arguments of a pooler.

    Attributes:
        settings: its modes, limits and size.
        name: name of its Deployment, Service, ConfigMap and Secret.
        namespace: the app's namespace.
        server: the server behind it.
        username: the app's role.
        verifier: the role's SCRAM verifier, the same as on the server; a secret.
        databases: databases of the role.
        session_databases: those of them whose connections clients may not share, with the most clients that each has.
        pool_size: server connections that the budget gives each pod for one database.
        certificate: the certificate that it shows to apps; None if they connect in clear text.
        annotations: annotations of its pods; a change replaces them one after the other.
        pods: settings of every pod.
    """

    settings: PgBouncerSettings
    name: str
    namespace: str
    server: ServerConnection
    username: str
    verifier: pulumi.Output[str]
    databases: Sequence[str]
    pool_size: int
    session_databases: Mapping[str, int] = field(default_factory=dict[str, int])
    certificate: PoolerCertificate | None = None
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    pods: Pods = field(default_factory=Pods)


def service_host(name: str, namespace: str) -> str:
    """DNS name of a pooler's Service inside the cluster."""
    return f"{name}.{namespace}.svc.cluster.local"


class Pooler(pulumi.ComponentResource):
    """PgBouncer. Resources that depend on it are created when it accepts connections."""

    def __init__(self, name: str, args: PoolerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:Pooler", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings = args.settings
        labels = {"app.kubernetes.io/name": "pgbouncer", "app.kubernetes.io/instance": args.name}
        metadata = ObjectMetaArgs(name=args.name, namespace=args.namespace, labels=labels)
        files = _files(args)
        config = k8s.core.v1.ConfigMap(f"{name}-config", metadata=metadata, data=files, opts=child)
        users = secret(
            f"{name}-users",
            {"name": args.name, "namespace": args.namespace, "labels": labels},
            {USERS_FILE: args.verifier.apply(lambda verifier: users_txt(args.username, verifier))},
            child,
        )
        replicas_service(name, metadata, settings.instances, child)
        annotations = {**args.annotations, CONFIG_HASH: _fingerprint(files)}
        seconds = 120 + settings.instances * 2 * settings.stop_timeout_seconds
        k8s.apps.v1.Deployment(
            f"{name}-pods",
            metadata=metadata,
            spec=DeploymentSpecArgs(
                replicas=settings.instances,
                # A pod that is ending keeps its server connections and is not counted by the Deployment. With none on
                # top, and each new one in use for half of that time before the next is replaced, there are never more
                # than `most_pods`, however soon one rollout follows another.
                min_ready_seconds=settings.stop_timeout_seconds // 2,
                strategy=DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=RollingUpdateDeploymentArgs(max_surge=0, max_unavailable=1),
                ),
                selector=LabelSelectorArgs(match_labels=labels),
                template=pod_template(
                    settings,
                    image=args.pods.image(settings.image, PGBOUNCER_IMAGE),
                    name=args.name,
                    certificate=args.certificate,
                    labels=labels,
                    annotations=annotations,
                ),
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[config, users],
                custom_timeouts=pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s"),
            ),
        )
        self.register_outputs({})


def _files(args: PoolerArgs) -> dict[str, pulumi.Input[str]]:
    server = args.server

    def ini(host: str) -> str:
        place = PooledServer(host, server.port, server.tls, args.databases, args.session_databases)
        return pgbouncer_ini(place, args.settings, args.pool_size, certificate=args.certificate is not None)

    ca: dict[str, pulumi.Input[str]] = {} if server.ca_certificate is None else {CA_CERTIFICATE: server.ca_certificate}
    text = ini(server.host) if isinstance(server.host, str) else pulumi.Output.from_input(server.host).apply(ini)
    return {INI: text, **read(*SCRIPTS), **ca}


def _fingerprint(files: Mapping[str, pulumi.Input[str]]) -> pulumi.Input[str]:
    known = {name: text for name, text in files.items() if isinstance(text, str)}
    return fingerprint(known) if len(known) == len(files) else pulumi.Output.all(**files).apply(fingerprint)
