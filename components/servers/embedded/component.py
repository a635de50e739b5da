"""The embedded server: one PostgreSQL beside an app, as a StatefulSet of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi_kubernetes.apps.v1 import StatefulSetSpecArgs
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs

from components.forms.quantity import to_bytes, to_millicpu
from components.kubernetes.secrets import secret
from components.postgres import scripts, tuning
from components.postgres.credentials import PASSWORD_LENGTH, PORT
from components.postgres.endpoint import TlsMode
from components.postgres.security import CONFIG_HASH
from components.postgres.server import AdminSecret, Server, ServerComponent
from components.servers.embedded.pod import ROTATION, PodArgs, pod_template


@dataclass(frozen=True)
class EmbeddedServerArgs:
    """What an embedded server needs to know.

    Attributes:
        name: name of the StatefulSet and its Service; pod `<name>-0`, claim `data-<name>-0`.
        namespace: namespace that it runs in.
        image: official `postgres` image.
        storage_size: size of the data volume, such as `8Gi`.
        storage_class: storage class, the cluster's default if None.
        memory: memory request and limit, such as `1Gi`.
        cpu: CPU request.
        cpu_limit: CPU limit.
        max_connections: connections that the server accepts.
        parameters: PostgreSQL settings on top of the derived ones.
        node_selector: labels of the nodes that it may run on.
        admin_password_rotation: raise it for a new admin password.
        retain_data: whether the claim outlives the stack.
        start_timeout_seconds: how long Pulumi waits for the server.
        any_user: whether its pod runs as a user that the image does not know; who gives it one (`PodSettings`) says so.
    """

    name: str
    namespace: str
    image: str
    storage_size: str = "8Gi"
    storage_class: str | None = None
    memory: str = "1Gi"
    cpu: str = "250m"
    cpu_limit: str = "2"
    max_connections: int = 100
    parameters: Mapping[str, tuning.ParameterValue] = field(default_factory=dict[str, tuning.ParameterValue])
    node_selector: Mapping[str, str] = field(default_factory=dict[str, str])
    admin_password_rotation: int = 1
    retain_data: bool = True
    start_timeout_seconds: int = 300
    any_user: bool = False


class EmbeddedServer(ServerComponent):
    """A PostgreSQL server with its claim, Service and admin Secret.

    Attributes:
        admin_password: password of its admin, `postgres`; a secret.
    """

    admin_password: pulumi.Output[str]

    def __init__(self, name: str, args: EmbeddedServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:EmbeddedServer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels = {"app.kubernetes.io/name": "postgresql", "app.kubernetes.io/instance": args.name}
        admin = AdminSecret(f"{args.name}-admin")
        self.server = Server(
            host=f"{args.name}.{args.namespace}.svc.cluster.local",
            port=PORT,
            tls=TlsMode.DISABLE,
            namespace=args.namespace,
            admin=admin,
            client_image=args.image,
            exclusive=True,
        )

        password = random.RandomPassword(
            f"{name}-admin",
            length=PASSWORD_LENGTH,
            special=False,
            keepers={"rotation": str(args.admin_password_rotation)},
            opts=child,
        )
        self.admin_password = password.result
        admin_secret = secret(
            f"{name}-admin",
            {"name": admin.name, "namespace": args.namespace, "labels": labels},
            {"username": "postgres", "password": password.result},
            child,
        )
        files = _files(args)
        config = k8s.core.v1.ConfigMap(
            f"{name}-config",
            metadata={"name": f"{args.name}-config", "namespace": args.namespace, "labels": labels},
            data=files,
            opts=child,
        )
        claim = k8s.core.v1.PersistentVolumeClaim(
            f"{name}-data",
            metadata={
                "name": f"data-{args.name}-0",
                "namespace": args.namespace,
                "labels": labels,
                "annotations": {
                    # A kept claim is taken over, whoever wrote its fields before.
                    "pulumi.com/patchForce": "true",
                    # A claim that is created is waited for until it is Pending where its class waits for the first pod:
                    # one that was kept, Bound, never is. A growing claim is not waited for with or without this.
                    "pulumi.com/skipAwait": "true",
                },
            },
            spec={
                "access_modes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": args.storage_size}},
                "storage_class_name": args.storage_class,
            },
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=args.retain_data),
        )
        k8s.core.v1.Service(
            f"{name}-service",
            metadata={
                "name": args.name,
                "namespace": args.namespace,
                "labels": labels,
                # Waiting for the pod is the StatefulSet's part.
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={"selector": labels, "ports": [{"name": "postgresql", "port": PORT, "target_port": "postgresql"}]},
            opts=child,
        )
        k8s.apps.v1.StatefulSet(
            f"{name}-server",
            metadata={"name": args.name, "namespace": args.namespace, "labels": labels},
            spec=StatefulSetSpecArgs(
                service_name=args.name,
                replicas=1,
                # Else a pod that cannot start keeps its mended successor from being made.
                pod_management_policy="Parallel",
                selector=LabelSelectorArgs(match_labels=labels),
                template=pod_template(
                    PodArgs(
                        image=args.image,
                        labels=labels,
                        annotations={
                            CONFIG_HASH: scripts.fingerprint(files),
                            ROTATION: str(args.admin_password_rotation),
                        },
                        memory=args.memory,
                        cpu=args.cpu,
                        cpu_limit=args.cpu_limit,
                        node_selector=args.node_selector,
                        claim_name=f"data-{args.name}-0",
                        config_name=f"{args.name}-config",
                        admin_secret_name=admin.name,
                        any_user=args.any_user,
                    )
                ),
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[admin_secret, config, claim],
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{args.start_timeout_seconds}s", update=f"{args.start_timeout_seconds}s"
                ),
            ),
        )
        self.register_outputs({})


def _files(args: EmbeddedServerArgs) -> dict[str, str]:
    parameters: dict[str, tuning.ParameterValue] = {
        **tuning.derive(
            memory=to_bytes(args.memory),
            connections=args.max_connections,
            cpu_limit=to_millicpu(args.cpu_limit),
        ),
        "listen_addresses": "*",
        "hba_file": "/etc/postgresql/pg_hba.conf",
        "ident_file": "/etc/postgresql/pg_ident.conf",
        "password_encryption": "scram-sha-256",
        # A node may have huge pages that the pod may not use; the server would die of a bus error.
        "huge_pages": "off",
        "log_line_prefix": "%m [%p] %q%u@%d %a ",
        "log_lock_waits": True,
        "log_timezone": "UTC",
        "timezone": "UTC",
        **args.parameters,
    }
    names = ["prepare.sh", "probe.sh", "stop.sh", "pg_hba.conf", "pg_ident.conf"]
    if not args.any_user:
        return {**scripts.read(*names), "postgresql.conf": tuning.render(parameters)}
    # `peer` looks the name of a client's user up, which this one has not. So its socket is its own instead.
    parameters["unix_socket_permissions"] = "0700"
    files = scripts.read(*names, "any_user.sh", "any_user_hba.conf")
    files["pg_hba.conf"] = files.pop("any_user_hba.conf")
    return {**files, "postgresql.conf": tuning.render(parameters)}
