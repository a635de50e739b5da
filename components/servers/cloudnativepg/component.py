"""A server that the CloudNativePG operator runs: a primary and standbys in this cluster, PgBouncer and backups."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.kubernetes.secrets import secret
from components.postgres.admin import generated_admin
from components.postgres.credentials import CA_CERTIFICATE, PORT
from components.postgres.server import AdminSecret, ServerComponent, ServerConnection
from components.servers.cloudnativepg.backups import last_backup_command, scheduled_backup_spec
from components.servers.cloudnativepg.cluster import cluster_spec
from components.servers.cloudnativepg.pins import CLOUDNATIVEPG_CHART
from components.servers.cloudnativepg.pods import cluster_with_pods, pooler_with_pods
from components.servers.cloudnativepg.pooler import POOLER_LABEL, pooler_spec
from components.servers.cloudnativepg.restore import restored_from
from components.servers.cloudnativepg.settings import CloudNativePGSettings
from components.servers.operator_release import operator_release
from components.servers.placement import Placement
from components.servers.restoring import refuse_late, server_options

API = "postgresql.cnpg.io/v1"
ROTATION = "lakehouse/admin-password-rotation"


class CloudNativePGServer(ServerComponent):
    """A `Cluster` with its admin's Secret and, where wanted, operator, `Pooler` and `ScheduledBackup`."""

    def __init__(
        self, name: str, settings: CloudNativePGSettings, place: Placement, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:postgres:CloudNativePG", name, None, opts)
        self._name, self._settings, self._place = name, settings, place
        values = settings.operator.chart_values(place.pods)
        operator = operator_release(f"{name}-operator", settings.operator, CLOUDNATIVEPG_CHART, values, self)
        cluster = self._cluster([*operator, self._admin_secret()])
        self._check_restored(cluster)
        self._pooler(cluster)
        self._scheduled_backup(cluster)
        pooled = settings.pooler is not None
        self.connection = ServerConnection(
            host=f"{settings.name}-rw.{place.namespace}.svc.cluster.local",
            port=PORT,
            tls=settings.client_tls,
            namespace=place.namespace,
            admin=AdminSecret(settings.admin_secret_name),
            client_image=place.client_image,
            ca_certificate=self._ca_certificate(cluster),
            app_host=f"{settings.pooler_name}.{place.namespace}.svc.cluster.local" if pooled else None,
            app_port=PORT if pooled else None,
            restored=settings.is_copy,
        )
        if settings.backups is not None:
            self.outputs = {"backups": last_backup_command(settings.name, place.namespace)}
        self.register_outputs({})

    def _admin_secret(self) -> pulumi.Resource:
        child = pulumi.ResourceOptions(parent=self)
        admin = generated_admin(self._name, self._settings.admin_password_rotation, child)
        return secret(
            f"{self._name}-admin",
            {
                "name": self._settings.admin_secret_name,
                "namespace": self._place.namespace,
                # The operator gives the role a new password when a Secret with this label changes.
                "labels": {"cnpg.io/reload": "true"},
            },
            {"username": admin.username, "password": admin.password},
            child,
            type_="kubernetes.io/basic-auth",
        )

    def _cluster(self, needs: Sequence[pulumi.Resource]) -> CustomResource:
        settings, place = self._settings, self._place
        waits = ["condition=Ready", f"jsonpath={{.status.readyInstances}}={settings.instances}"]
        seconds = place.start_timeout_seconds * settings.instances
        options = server_options(f"{self._name}-cluster", ["spec.bootstrap", "spec.externalClusters"])
        return self._custom_resource(
            "Cluster",
            settings.name,
            cluster_with_pods(cluster_spec(settings, place.namespace), place.pods),
            annotations={
                "pulumi.com/waitFor": json.dumps(waits),
                ROTATION: str(settings.admin_password_rotation),
            },
            opts=pulumi.ResourceOptions.merge(
                options,
                pulumi.ResourceOptions(
                    depends_on=list(needs),
                    protect=settings.deletion_protection,
                    custom_timeouts=pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s"),
                ),
            ),
            suffix=f"-{settings.name}",
        )

    def _check_restored(self, cluster: CustomResource) -> None:
        restore = self._settings.restore_from
        if restore is None:
            return
        # The buckets may be outputs of another program.
        asked = pulumi.Output.from_input(cluster_spec(self._settings, self._place.namespace))
        # Unlike that of other resources, its class does not declare it.
        found: pulumi.Output[dict[str, Any]] = cluster.__dict__["spec"]
        refuse_late(
            self._name, wanted=asked.apply(restored_from), actual=found.apply(restored_from), another="server.name"
        )

    def _pooler(self, cluster: pulumi.Resource) -> None:
        settings, pooler = self._settings, self._settings.pooler
        if pooler is None:
            return
        spec = pooler_spec(pooler, name=settings.pooler_name, cluster=settings.name, pool_size=self._place.pool_size)
        self._custom_resource(
            "Pooler",
            settings.pooler_name,
            pooler_with_pods(spec, self._place.pods),
            annotations={"pulumi.com/waitFor": f"jsonpath={{.status.instances}}={pooler.instances}"},
            opts=pulumi.ResourceOptions(depends_on=[cluster]),
        )
        # The operator makes none (1.28). It lets a single pod go, too: a drain must not wait for ever.
        PodDisruptionBudget(
            f"{self._name}-pooler-disruptions",
            metadata={"name": settings.pooler_name, "namespace": self._place.namespace},
            spec={"max_unavailable": 1, "selector": {"match_labels": {POOLER_LABEL: settings.pooler_name}}},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _scheduled_backup(self, cluster: pulumi.Resource) -> None:
        settings = self._settings
        if settings.backups is None:
            return
        self._custom_resource(
            "ScheduledBackup",
            f"{settings.name}-backup",
            scheduled_backup_spec(settings.backups.storage, cluster=settings.name),
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
        suffix: str = "",
    ) -> CustomResource:
        return CustomResource(
            f"{self._name}-{kind.lower()}{suffix}",
            api_version=API,
            kind=kind,
            metadata={
                "name": name,
                "namespace": self._place.namespace,
                # The API server stores no empty mapping: it would show as a change at every run.
                **({"annotations": dict(annotations)} if annotations else {}),
            },
            spec=spec,
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=self)),
        )

    def _ca_certificate(self, cluster: CustomResource) -> pulumi.Output[str]:
        """Certificate of the CA that the operator created for the `Cluster`, read at each run: it is renewed.

        The Secret holds the CA's private key as well. Only the certificate, which is public, is taken from it.
        """
        settings, namespace = self._settings, self._place.namespace
        ca = Secret.get(
            f"{self._name}-authority",
            # Known only once the Cluster exists: before that there is nothing to read.
            cluster.id.apply(lambda _: f"{namespace}/{settings.name}-ca"),
            pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.unsecret(ca.data.apply(lambda data: base64.b64decode(data[CA_CERTIFICATE]).decode()))
