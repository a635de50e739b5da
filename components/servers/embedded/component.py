"""The embedded server: one PostgreSQL beside an app, as a StatefulSet of one."""

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
from components.postgres.server import AdminSecret, ServerComponent, ServerConnection
from components.servers.embedded.pod import ROTATION, pod_template
from components.servers.embedded.settings import EmbeddedSettings
from components.servers.placement import Placement


class EmbeddedServer(ServerComponent):
    """A PostgreSQL server with its claim, Service and admin Secret."""

    def __init__(
        self,
        name: str,
        server_name: str,
        settings: EmbeddedSettings,
        place: Placement,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Create the server.

        Args:
            name: name of the component.
            server_name: name of the StatefulSet and its Service; pod `<server_name>-0`, claim `data-<server_name>-0`.
            settings: its size.
            place: where it stands. The client image is the server's own as well.
            opts: options of the component.
        """
        super().__init__("lakehouse:postgres:EmbeddedServer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # Its pod runs as a user that the image does not know.
        any_user = not place.pods.as_image_user
        labels = {"app.kubernetes.io/name": "postgresql", "app.kubernetes.io/instance": server_name}
        admin = AdminSecret(f"{server_name}-admin")
        self.connection = ServerConnection(
            host=f"{server_name}.{place.namespace}.svc.cluster.local",
            port=PORT,
            tls=TlsMode.DISABLE,
            namespace=place.namespace,
            admin=admin,
            client_image=place.client_image,
            exclusive=True,
        )

        password = random.RandomPassword(
            f"{name}-admin",
            length=PASSWORD_LENGTH,
            special=False,
            keepers={"rotation": str(settings.admin_password_rotation)},
            opts=child,
        )
        self.admin_password = password.result
        admin_secret = secret(
            f"{name}-admin",
            {"name": admin.name, "namespace": place.namespace, "labels": labels},
            {"username": "postgres", "password": password.result},
            child,
        )
        files = _files(settings, any_user=any_user)
        config = k8s.core.v1.ConfigMap(
            f"{name}-config",
            metadata={"name": f"{server_name}-config", "namespace": place.namespace, "labels": labels},
            data=files,
            opts=child,
        )
        claim = k8s.core.v1.PersistentVolumeClaim(
            f"{name}-data",
            metadata={
                "name": f"data-{server_name}-0",
                "namespace": place.namespace,
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
                "resources": {"requests": {"storage": settings.storage_size}},
                "storage_class_name": settings.storage_class,
            },
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=place.retain_data),
        )
        k8s.core.v1.Service(
            f"{name}-service",
            metadata={
                "name": server_name,
                "namespace": place.namespace,
                "labels": labels,
                # Waiting for the pod is the StatefulSet's part.
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={"selector": labels, "ports": [{"name": "postgresql", "port": PORT, "target_port": "postgresql"}]},
            opts=child,
        )
        k8s.apps.v1.StatefulSet(
            f"{name}-server",
            metadata={"name": server_name, "namespace": place.namespace, "labels": labels},
            spec=StatefulSetSpecArgs(
                service_name=server_name,
                replicas=1,
                # Else a pod that cannot start keeps its mended successor from being made.
                pod_management_policy="Parallel",
                selector=LabelSelectorArgs(match_labels=labels),
                template=pod_template(
                    server_name,
                    settings,
                    image=place.client_image,
                    labels=labels,
                    annotations={
                        CONFIG_HASH: scripts.fingerprint(files),
                        ROTATION: str(settings.admin_password_rotation),
                    },
                    any_user=any_user,
                ),
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[admin_secret, config, claim],
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{place.start_timeout_seconds}s", update=f"{place.start_timeout_seconds}s"
                ),
            ),
        )
        self.register_outputs({})


def _files(settings: EmbeddedSettings, *, any_user: bool) -> dict[str, str]:
    parameters: dict[str, tuning.ParameterValue] = {
        **tuning.derive(
            memory=to_bytes(settings.memory),
            connections=settings.max_connections,
            cpu_limit=to_millicpu(settings.cpu_limit),
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
        **settings.parameters,
    }
    names = ["prepare.sh", "probe.sh", "stop.sh", "pg_hba.conf", "pg_ident.conf"]
    if not any_user:
        return {**scripts.read(*names), "postgresql.conf": tuning.render(parameters)}
    # `peer` looks the name of a client's user up, which this one has not. So its socket is its own instead.
    parameters["unix_socket_permissions"] = "0700"
    files = scripts.read(*names, "any_user.sh", "any_user_hba.conf")
    files["pg_hba.conf"] = files.pop("any_user_hba.conf")
    return {**files, "postgresql.conf": tuning.render(parameters)}
