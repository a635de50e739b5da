"""The whole: namespaces, and for each app a server, a database on it, and the app on that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.apps import settings as apps
from components.apps.airbyte import values as airbyte_values
from components.apps.airbyte.component import Airbyte, AirbyteArgs
from components.apps.dagster import values as dagster_values
from components.apps.dagster.address import path_prefix
from components.apps.dagster.component import Dagster, DagsterArgs
from components.apps.from_settings import (
    chart_source,
    database_args,
    default_user_code,
    embedded_server,
    object_storage,
)
from components.forms.pins import AIRBYTE_CHART, DAGSTER_CHART
from components.kubernetes.cluster import ClusterProvider
from components.kubernetes.kubectl import Kubectl
from components.platform.moves import moves
from components.platform.outputs import AppOutputs
from components.platform.pods_from_settings import everywhere, pod_settings
from components.platform.settings import Stack
from components.postgres.database import Database
from components.postgres.downtime import Downtime, DowntimeArgs
from components.postgres.move import Move
from components.postgres.server import ServerComponent
from components.postgres.sessions import ClientSession, PodSession, behind_a_pooler
from components.servers.embedded.component import EmbeddedServer
from components.servers.embedded.settings import EmbeddedPostgreSQL
from components.servers.provider_config import ProviderConfig
from components.servers.standalone import StandalonePostgreSQL
from components.servers.standalone_component import check_provider_config, require_packages, standalone_server


@dataclass(frozen=True)
class PlatformArgs:
    """What the platform needs to know.

    Attributes:
        stack: a checked stack file.
        provider_config: what the file says to Pulumi's packages beside it.
    """

    stack: Stack
    provider_config: ProviderConfig = field(default_factory=ProviderConfig)


class Platform(pulumi.ComponentResource):
    """Airbyte and Dagster with their databases, as a stack file says.

    Attributes:
        outputs: by app, what people need to reach it and its database.
        server_outputs: what else they must know of the server that both apps share; empty if nothing.
    """

    outputs: dict[str, AppOutputs]
    server_outputs: Mapping[str, pulumi.Input[Any]]

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        for server in args.stack.servers:
            require_packages(server)
            check_provider_config(server, args.provider_config)
        self._pods = pod_settings(args.stack)
        objects = pulumi.ResourceOptions(transformations=[everywhere(args.stack, self._pods).transformation])
        super().__init__("lakehouse:platform:Platform", name, None, pulumi.ResourceOptions.merge(opts, objects))
        self._stack = args.stack
        self._provider_config = args.provider_config
        self._provider = _provider(args.stack, parent=self)
        self._namespaces = self._make_namespaces()
        self._servers = self._make_servers(args.stack.postgresql)
        self._sources = self._make_servers(args.stack.move_from) if args.stack.move_from else {}
        self._moves = moves(args.stack, self._sources, self._servers)
        self.outputs = {}
        self.server_outputs = next(iter(self._servers.values())).outputs
        if args.stack.airbyte.enabled:
            self.outputs["airbyte"] = self._airbyte(args.stack.airbyte, args.stack.airbyte_namespace)
        if args.stack.dagster.enabled:
            self.outputs["dagster"] = self._dagster(args.stack.dagster, args.stack.dagster_namespace)
        self.register_outputs({})

    def _make_namespaces(self) -> dict[str, k8s.core.v1.Namespace]:
        stack = self._stack
        # A namespace takes its volumes with it when it goes.
        kept = {namespace: stack.retain_data for _, namespace in stack.apps.values()}
        for server in stack.servers:
            if isinstance(server, StandalonePostgreSQL) and not server.namespace_is_there:
                # Where the stack says who the admin is, it may say one day that the admin's Secret is made by hand.
                kept[server.namespace] = stack.retain_data or server.given_admin is not None
        if not stack.cluster.create_namespaces:
            return {}
        return {
            namespace: k8s.core.v1.Namespace(
                namespace, metadata={"name": namespace}, opts=self._child(retain_on_delete=kept[namespace])
            )
            for namespace in sorted(kept)
        }

    def _make_servers(self, postgresql: EmbeddedPostgreSQL | StandalonePostgreSQL) -> dict[str, ServerComponent]:
        """The server of each app: the one place that knows who runs PostgreSQL."""
        stack = self._stack
        match postgresql:
            case EmbeddedPostgreSQL() as settings:
                return {
                    key: EmbeddedServer(
                        f"{key}-postgresql",
                        embedded_server(
                            settings,
                            app,
                            namespace,
                            retain_data=stack.retain_data,
                            any_user=not self._pods.own_user,
                        ),
                        self._in_namespace(namespace),
                    )
                    for key, (app, namespace) in stack.apps.items()
                }
            case StandalonePostgreSQL() as settings:
                password = stack.admin_password.get_secret_value() if stack.admin_password else None
                options = self._in_namespace(settings.namespace)
                shared = standalone_server(settings, password, options, self._provider_config, self._pods)
                return dict.fromkeys(stack.apps, shared)

    def _airbyte(self, app: apps.Airbyte, namespace: str) -> AppOutputs:
        database = self._database("airbyte", app, namespace, airbyte_values.SECRET_ALIASES)
        move = self._move("airbyte", database)
        release = Airbyte(
            "airbyte",
            AirbyteArgs(
                namespace=namespace,
                release_name=app.release_name,
                source=chart_source(app.chart, AIRBYTE_CHART),
                major=app.chart_major,
                endpoint=database.endpoint,
                storage=object_storage(app.storage),
                temporal_databases=airbyte_values.TemporalDatabases(
                    app.database.temporal_name, app.database.temporal_visibility_name
                ),
                database_rotation=app.database.password_rotation,
                url=app.url,
                values=app.values,
                timeout_seconds=app.timeout_seconds,
                pods=self._pods,
            ),
            self._child(depends_on=[database, *move]),
        )
        self._tell_downtime("airbyte", app, [*move, release])
        return self._app_outputs(database, app, namespace, release.address)

    def _dagster(self, app: apps.Dagster, namespace: str) -> AppOutputs:
        database = self._database("dagster", app, namespace, dagster_values.SECRET_ALIASES)
        move = self._move("dagster", database)
        release = Dagster(
            "dagster",
            DagsterArgs(
                namespace=namespace,
                release_name=app.release_name,
                source=chart_source(app.chart, DAGSTER_CHART),
                endpoint=database.endpoint,
                client_image=self._pods.image(self._stack.postgresql.image),
                database_rotation=app.database.password_rotation,
                values=app.values,
                user_code=default_user_code(app),
                path_prefix=path_prefix(app.url, app.values),
                timeout_seconds=app.timeout_seconds,
                pods=self._pods,
            ),
            self._child(depends_on=[database, *move]),
        )
        self._tell_downtime("dagster", app, [*move, release])
        return self._app_outputs(database, app, namespace, release.address)

    def _database(
        self, key: str, app: apps.Airbyte | apps.Dagster, namespace: str, aliases: Mapping[str, str]
    ) -> Database:
        server, timeout = self._servers[key], self._stack.postgresql.start_timeout_seconds
        return Database(
            f"{key}-database",
            database_args(
                key,
                app,
                server.server,
                namespace,
                aliases=aliases,
                timeout_seconds=timeout,
                arriving_from=self._moves[key].source if key in self._moves else None,
                password=None if (given := self._stack.role_passwords[key]) is None else given.get_secret_value(),
            ),
            self._in_namespace(namespace, server),
        )

    def _move(self, key: str, database: Database) -> list[Move]:
        if key not in self._moves:
            return []
        args = self._moves[key]
        return [Move(f"{key}-move", args, self._in_namespace(args.namespace, database, self._sources[key]))]

    def _tell_downtime(self, key: str, app: apps.Airbyte | apps.Dagster, moved: Sequence[pulumi.Resource]) -> None:
        if key in self._moves:
            args = DowntimeArgs(self._moves[key], f"{app.database.secret_name}-downtime", key)
            Downtime(f"{key}-downtime", args, self._in_namespace(args.move.namespace, *moved))

    def _app_outputs(
        self, database: Database, app: apps.Airbyte | apps.Dagster, namespace: str, address: str
    ) -> AppOutputs:
        settings, server = self._stack.postgresql, next(iter(self._servers.values())).server
        session = (
            PodSession(namespace, f"{app.server_name}-0")
            if isinstance(settings, EmbeddedPostgreSQL)
            else ClientSession(namespace, settings.image, behind_a_pooler(server), self._pods)
        )
        return AppOutputs(settings.mode, database, session, app.url or address)

    def _in_namespace(self, namespace: str, *needs: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of a child that is in a namespace, which may be one of ours."""
        ours = [self._namespaces[namespace]] if namespace in self._namespaces else []
        return self._child(depends_on=[*ours, *needs])

    def _child(
        self, *, depends_on: Sequence[pulumi.Resource] = (), retain_on_delete: bool | None = None
    ) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, provider=self._provider, depends_on=list(depends_on), retain_on_delete=retain_on_delete
        )


def _provider(stack: Stack, parent: pulumi.Resource) -> ClusterProvider:
    kubectl = Kubectl(stack.cluster.kubeconfig, stack.cluster.context)
    return ClusterProvider("cluster", kubectl, pulumi.ResourceOptions(parent=parent))
