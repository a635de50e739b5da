"""The whole: namespaces, and for each app a server, a database on it, and the app on that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components import airbyte_values, dagster_values
from components.airbyte import Airbyte, AirbyteArgs
from components.dagster import Dagster, DagsterArgs
from components.from_settings import chart_source, object_storage
from components.outputs import AppOutputs
from components.postgres.database import Database, DatabaseArgs
from components.postgres.embedded import EmbeddedServer, EmbeddedServerArgs
from settings import apps
from settings.pins import AIRBYTE_CHART, DAGSTER_CHART
from settings.postgresql import AppDatabase
from settings.stack import Stack


@dataclass(frozen=True)
class PlatformArgs:
    """What the platform needs to know: a checked stack file."""

    stack: Stack


class Platform(pulumi.ComponentResource):
    """Airbyte and Dagster with their databases, as a stack file says.

    Attributes:
        outputs: by app, what people need to reach it and its database.
    """

    outputs: dict[str, AppOutputs]

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:platform:Platform", name, None, opts)
        self._stack = args.stack
        self._provider = _provider(args.stack, parent=self)
        self._namespaces = self._make_namespaces()
        self.outputs = {}
        if args.stack.airbyte.enabled:
            self.outputs["airbyte"] = self._airbyte(args.stack.airbyte, args.stack.airbyte_namespace)
        if args.stack.dagster.enabled:
            self.outputs["dagster"] = self._dagster(args.stack.dagster, args.stack.dagster_namespace)
        self.register_outputs({})

    def _make_namespaces(self) -> dict[str, k8s.core.v1.Namespace]:
        stack = self._stack
        wanted = {
            *([stack.airbyte_namespace] if stack.airbyte.enabled else []),
            *([stack.dagster_namespace] if stack.dagster.enabled else []),
        }
        if not stack.cluster.create_namespaces:
            return {}
        return {
            namespace: k8s.core.v1.Namespace(
                namespace,
                metadata={"name": namespace},
                # A namespace takes its volumes with it.
                opts=self._child(retain_on_delete=stack.retain_data),
            )
            for namespace in sorted(wanted)
        }

    def _airbyte(self, app: apps.Airbyte, namespace: str) -> AppOutputs:
        database = self._database(
            "airbyte",
            app.database,
            namespace,
            server_name=app.server_name,
            aliases=airbyte_values.SECRET_ALIASES,
            further_databases=apps.TEMPORAL_DATABASES,
        )
        release = Airbyte(
            "airbyte",
            AirbyteArgs(
                namespace=namespace,
                release_name=app.release_name,
                source=chart_source(app.chart, AIRBYTE_CHART),
                major=app.chart_major,
                endpoint=database.endpoint,
                storage=object_storage(app.storage),
                database_rotation=app.database.password_rotation,
                values=app.values,
                timeout_seconds=app.timeout_seconds,
            ),
            self._child(depends_on=[database]),
        )
        return AppOutputs.of(database, namespace, f"{app.server_name}-0", app.url or release.address)

    def _dagster(self, app: apps.Dagster, namespace: str) -> AppOutputs:
        database = self._database(
            "dagster", app.database, namespace, server_name=app.server_name, aliases=dagster_values.SECRET_ALIASES
        )
        release = Dagster(
            "dagster",
            DagsterArgs(
                namespace=namespace,
                release_name=app.release_name,
                source=chart_source(app.chart, DAGSTER_CHART),
                endpoint=database.endpoint,
                client_image=self._stack.postgresql.image,
                database_rotation=app.database.password_rotation,
                values=app.values,
                timeout_seconds=app.timeout_seconds,
            ),
            self._child(depends_on=[database]),
        )
        return AppOutputs.of(database, namespace, f"{app.server_name}-0", app.url or release.address)

    def _database(
        self,
        app: str,
        settings: AppDatabase,
        namespace: str,
        *,
        server_name: str,
        aliases: Mapping[str, str],
        further_databases: Sequence[str] = (),
    ) -> Database:
        """The app's database on the server that the stack chooses: the one place that knows who runs PostgreSQL."""
        stack, size = self._stack, settings.embedded
        embedded = EmbeddedServer(
            f"{app}-postgresql",
            EmbeddedServerArgs(
                name=server_name,
                namespace=namespace,
                image=stack.postgresql.image,
                storage_size=size.storage_size,
                storage_class=size.storage_class,
                memory=size.memory,
                cpu=size.cpu,
                cpu_limit=size.cpu_limit,
                max_connections=size.max_connections,
                parameters=size.parameters,
                node_selector=size.node_selector,
                admin_password_rotation=size.admin_password_rotation,
                retain_data=stack.retain_data,
                start_timeout_seconds=stack.postgresql.start_timeout_seconds,
            ),
            self._child(depends_on=[self._namespaces[namespace]] if namespace in self._namespaces else []),
        )
        return Database(
            f"{app}-database",
            DatabaseArgs(
                server=embedded.server,
                namespace=namespace,
                name=settings.name,
                username=settings.username,
                secret_name=settings.secret_name,
                further_databases=further_databases,
                secret_aliases=aliases,
                password_rotation=settings.password_rotation,
                scram_iterations=settings.scram_iterations,
            ),
            self._child(depends_on=[embedded]),
        )

    def _child(
        self, *, depends_on: Sequence[pulumi.Resource] = (), retain_on_delete: bool | None = None
    ) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, provider=self._provider, depends_on=list(depends_on), retain_on_delete=retain_on_delete
        )


def _provider(stack: Stack, parent: pulumi.Resource) -> k8s.Provider:
    return k8s.Provider(
        "cluster",
        kubeconfig=stack.cluster.kubeconfig,
        context=stack.cluster.context,
        # Changed in place: replaced, they would be gone for a moment, and pods would start without them.
        enable_secret_mutable=True,
        enable_config_map_mutable=True,
        # Kept claims, and objects that a killed `pulumi up` made but could not note, are taken over.
        upsert_existing_objects=True,
        opts=pulumi.ResourceOptions(parent=parent),
    )
