"""A server that CrunchyData's operator runs in the cluster: the operator, a PostgresCluster, and its logins."""

from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components.kubernetes.secrets import by_key, secret
from components.postgres.credentials import PORT, secret_keys
from components.postgres.server import ServerComponent, ServerConnection
from components.servers.crunchydata import cluster
from components.servers.crunchydata.backups import last_backups_command
from components.servers.crunchydata.logins import (
    admin_secret,
    ca_certificate,
    certificate_secret_name,
    decoded,
    login_data,
    user_secret_name,
)
from components.servers.crunchydata.pins import PGO_CHART
from components.servers.crunchydata.pods import operator_values, postgres_cluster_with_pods
from components.servers.crunchydata.restore import restored_from
from components.servers.crunchydata.settings import CrunchyDataSettings
from components.servers.operator_release import operator_release
from components.servers.placement import Placement
from components.servers.restoring import refuse_late, server_options


class CrunchyDataServer(ServerComponent):
    """A PostgresCluster. Its clients use TLS and check the server's certificate against the operator's CA."""

    def __init__(
        self, name: str, settings: CrunchyDataSettings, place: Placement, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:postgres:CrunchyDataServer", name, None, opts)
        self._name, self._settings, self._place = name, settings, place
        self._cluster = self._create_cluster()
        self._check_restored()
        # The CA's certificate alone, which is public, of a Secret that also holds a private key.
        certificate = self._operators_secret(f"{name}-certificate", certificate_secret_name(settings.name))
        ca = pulumi.Output.unsecret(certificate.data.apply(ca_certificate))
        for role in settings.users:
            self._create_login(role, ca)
        pooled = settings.pooler is not None
        self.connection = ServerConnection(
            # As in the certificate, where the name with the cluster's domain ends in a dot, which no client matches.
            host=f"{settings.name}-primary.{place.namespace}.svc",
            port=PORT,
            tls=settings.client_tls,
            namespace=place.namespace,
            admin=admin_secret(settings.name, settings.admin_username),
            client_image=place.client_image,
            ca_certificate=ca,
            app_host=f"{settings.name}-pgbouncer.{place.namespace}.svc" if pooled else None,
            app_port=PORT if pooled else None,
            restored=settings.is_copy,
        )
        self.outputs = {"backups": last_backups_command(settings.name, place.namespace)}
        self.register_outputs({})

    def _create_cluster(self) -> CustomResource:
        name, settings, place = self._name, self._settings, self._place
        values = operator_values(place.pods)
        # The other instances start from the first one's backup.
        seconds = place.start_timeout_seconds * settings.instances
        spec = cluster.cluster_spec(settings, place.namespace, place.pool_size)
        return CustomResource(
            f"{name}-cluster-{settings.name}",
            api_version=cluster.API_VERSION,
            kind=cluster.KIND,
            metadata={
                "name": settings.name,
                "namespace": place.namespace,
                "annotations": {"pulumi.com/waitFor": cluster.ready_when(settings)},
            },
            spec=postgres_cluster_with_pods(spec, place.pods),
            opts=pulumi.ResourceOptions.merge(
                server_options(f"{name}-cluster", ["spec.dataSource"]),
                pulumi.ResourceOptions(
                    parent=self,
                    # The operator also deletes what belongs to the cluster, so it is deleted last.
                    depends_on=operator_release(f"{name}-operator", settings.operator, PGO_CHART, values, self),
                    protect=settings.deletion_protection,
                    custom_timeouts=pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s"),
                ),
            ),
        )

    def _check_restored(self) -> None:
        settings = self._settings
        if settings.restore_from is None:
            return
        # The buckets may be outputs of another program.
        asked = pulumi.Output.from_input(cluster.cluster_spec(settings, self._place.namespace, self._place.pool_size))
        # Unlike that of other resources, its class does not declare it.
        found: pulumi.Output[dict[str, Any]] = self._cluster.__dict__["spec"]
        refuse_late(
            self._name, wanted=asked.apply(restored_from), actual=found.apply(restored_from), another="server.name"
        )

    def _create_login(self, role: str, ca: pulumi.Output[str]) -> None:
        """A further role's Secret, in the form that all of this program's database Secrets have."""
        secret_name = f"{self._settings.name}-login-{role}"
        operators = self._operators_secret(f"{self._name}-user-{role}", user_secret_name(self._settings.name, role))
        data = pulumi.Output.all(operators.data, ca).apply(
            lambda found: login_data(decoded(found[0]), secret_name=secret_name, aliases={}, ca=found[1])
        )
        secret(
            f"{self._name}-login-{role}",
            {"name": secret_name, "namespace": self._place.namespace},
            by_key(data, secret_keys({}, ca=True)),
            pulumi.ResourceOptions(parent=self),
        )

    def _operators_secret(self, name: str, secret_name: str) -> Secret:
        """A Secret that the operator creates."""
        namespace = self._place.namespace
        # An id that is known only once the server is ready: before that, there is no such Secret.
        secret_id = self._cluster.id.apply(lambda _: f"{namespace}/{secret_name}")
        return Secret.get(name, secret_id, pulumi.ResourceOptions(parent=self))
