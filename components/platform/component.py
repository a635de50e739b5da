"""The platform: namespaces, and for each app a server, a database on it, and the app itself."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.apps.airbyte.component import Airbyte
from components.apps.app import AppPlacement, AppSettings
from components.apps.dagster.component import Dagster
from components.kubernetes.cluster import ClusterProvider
from components.kubernetes.kubectl import Kubectl
from components.kubernetes.object_defaults import ObjectDefaults
from components.platform.backups import backup_of
from components.platform.budgets import budgets, exported, with_limit
from components.platform.moves import moves
from components.platform.outputs import AppOutputs
from components.platform.poolers import certificate_of, own_pooler, past, through
from components.platform.postgresql import AnyPostgreSQL
from components.platform.settings import Stack
from components.postgres.backups.component import Backups
from components.postgres.database import LOGIN, Database, DatabaseArgs
from components.postgres.move import Downtime, Move
from components.postgres.pooler.budget import PGBOUNCERS_POOL_SIZE, Budget
from components.postgres.pooler.component import Pooler, PoolerArgs
from components.postgres.pooler.pgbouncer import PgBouncerSettings
from components.postgres.restore.component import Restores
from components.postgres.server import ServerComponent
from components.postgres.sessions import ClientSession, PodSession
from components.postgres.term import total
from components.servers.embedded.component import EmbeddedServer
from components.servers.embedded.settings import EmbeddedPostgreSQL
from components.servers.kinds import create_server
from components.servers.placement import Placement
from components.servers.provider_config import ProviderConfig
from components.servers.standalone import StandalonePostgreSQL

SERVER = "postgresql"
"""Name of the server that both apps share, and prefix of the names in it."""

_APPS = {"airbyte": Airbyte, "dagster": Dagster}

_NO_CONFIG = ProviderConfig()


class Platform(pulumi.ComponentResource):
    """Airbyte and Dagster with their databases.

    Attributes:
        outputs: how to connect to each app and its database, by the app's key.
        server_outputs: further information about a standalone server; may be empty.
        connections: who may open how many connections to which server; empty for servers whose number is not known.
    """

    outputs: dict[str, AppOutputs]
    server_outputs: Mapping[str, pulumi.Input[Any]]
    connections: dict[str, Any]

    def __init__(
        self,
        name: str,
        stack: Stack,
        opts: pulumi.ResourceOptions | None = None,
        *,
        provider_config: ProviderConfig = _NO_CONFIG,
    ) -> None:
        """Create everything.

        Args:
            name: name of the component.
            stack: a checked stack file.
            opts: options of the component.
            provider_config: configuration of the cloud providers' packages in the stack file.

        Raises:
            pulumi.RunError: a server needs a package that is not installed, or that ignores some of its configuration.
        """
        for server in stack.servers:
            server.require_package(provider_config)
        self._pods = stack.all_pods
        defaults = ObjectDefaults(stack.labels, stack.cluster.namespace_labels, self._pods)
        objects = pulumi.ResourceOptions(transformations=[defaults.transformation])
        super().__init__("lakehouse:platform:Platform", name, None, pulumi.ResourceOptions.merge(opts, objects))
        self._stack = stack
        self._provider_config = provider_config
        self._provider = ClusterProvider(
            "cluster",
            Kubectl(stack.cluster.kubeconfig, stack.cluster.context),
            pulumi.ResourceOptions(parent=self),
        )
        self._namespaces = self._create_namespaces()
        self._budgets = budgets("postgresql", stack.postgresql, stack.apps, stack.backups)
        self._servers = self._create_servers(stack.postgresql, self._budgets)
        self._sources = self._create_sources()
        self._moves = moves(stack, self._sources, self._servers)
        self.outputs = {key: self._deploy(app) for key, app in stack.apps.items()}
        self.server_outputs = next(iter(self._servers.values())).outputs
        self.connections = exported(stack.postgresql, self._budgets)
        self.register_outputs({})

    def _create_namespaces(self) -> dict[str, k8s.core.v1.Namespace]:
        stack = self._stack
        # The deletion of a namespace deletes its volumes.
        retained = {app.namespace: stack.retain_data for app in stack.apps.values()}
        for postgresql in stack.postgresqls.values():
            if isinstance(postgresql, StandalonePostgreSQL) and postgresql.needs_namespace:
                # It may contain the existing Secret of the server's admin, now or after a change of the stack file.
                retained[postgresql.namespace] = stack.retain_data or postgresql.server.given_admin is not None
        if not stack.cluster.create_namespaces:
            return {}
        return {
            namespace: k8s.core.v1.Namespace(
                namespace, metadata={"name": namespace}, opts=self._child(retain_on_delete=retained[namespace])
            )
            for namespace in sorted(retained)
        }

    def _create_sources(self) -> dict[str, ServerComponent]:
        """The servers that the apps move from, by the app's key."""
        stack, source = self._stack, self._stack.move_from
        if source is None:
            return {}
        return self._create_servers(source, budgets("moveFrom", source, stack.apps, stack.backups))

    def _create_servers(self, postgresql: AnyPostgreSQL, found: Mapping[str, Budget]) -> dict[str, ServerComponent]:
        """The server of each app, by the app's key."""
        match postgresql:
            case EmbeddedPostgreSQL():
                return {
                    key: EmbeddedServer(
                        f"{key}-postgresql",
                        app.server_name,
                        app.database.embedded,
                        self._placement(postgresql, app.namespace, found.get(key)),
                        self._in_namespace(app.namespace),
                    )
                    for key, app in self._stack.apps.items()
                }
            case StandalonePostgreSQL(server=server, namespace=namespace):
                place = self._placement(postgresql, namespace, next(iter(found.values()), None))
                options = self._in_namespace(namespace)
                return dict.fromkeys(self._stack.apps, create_server(SERVER, server, place, options))

    def _placement(self, postgresql: AnyPostgreSQL, namespace: str, found: Budget | None) -> Placement:
        password = self._stack.admin_password
        return Placement(
            namespace=namespace,
            client_image=postgresql.image,
            start_timeout_seconds=postgresql.start_timeout_seconds,
            retain_data=self._stack.retain_data,
            pods=self._pods,
            admin_password=None if password is None else password.get_secret_value(),
            provider_config=self._provider_config,
            pool_size=PGBOUNCERS_POOL_SIZE if found is None or found.pool_size is None else found.pool_size,
        )

    def _deploy(self, app: AppSettings) -> AppOutputs:
        key, postgresql = app.key, self._stack.postgresql
        database = self._database(app)
        needs: list[pulumi.Resource] = [database]
        move = self._moves.get(key)
        if move is not None:
            options = self._in_namespace(move.namespace, database, self._sources[key])
            needs.append(Move(f"{key}-move", move, options))
        made, backups = self._backups(app, database, needs)
        needs += made
        pooler = own_pooler(postgresql, app)
        if pooler is not None:
            # After a move: until then pods of the app use the pooler's name to reach the server that they move from.
            needs.append(self._pooler(app, pooler, database, needs))
        place = AppPlacement(database.endpoint, postgresql.image, self._pods)
        component = _APPS[key](key, app, place, self._child(depends_on=needs))  # pyright: ignore[reportArgumentType] - each its own
        if move is not None:
            Downtime(f"{key}-downtime", move, self._in_namespace(move.namespace, *needs[1:], component))
        session = (
            PodSession(app.namespace, f"{app.server_name}-0")
            if isinstance(postgresql, EmbeddedPostgreSQL)
            else ClientSession(app.namespace, postgresql.image, self._pods)
        )
        return AppOutputs(postgresql.mode, database, session, app.url or component.address, backups)

    def _backups(
        self, app: AppSettings, database: Database, needs: Sequence[pulumi.Resource]
    ) -> tuple[list[pulumi.Resource], dict[str, Any]]:
        """What makes and restores the app's backup sets, if the stack file asks for them; and its outputs."""
        settings, key, stack = self._stack.backups, app.key, self._stack
        if settings is None:
            return [], {}
        server = self._servers[key].connection
        of = backup_of(app, server, database)
        options = self._in_namespace(app.namespace, *needs)
        given = stack.backup_keys[key]
        backups = Backups(
            f"{key}-backup",
            of,
            settings,
            key=None if given is None else given.get_secret_value(),
            any_user=not self._pods.as_image_user,
            retain_data=stack.retain_data,
            opts=options,
        )
        if server.admin is None:
            return [backups], backups.outputs
        options = self._in_namespace(app.namespace, *needs, backups)
        restores = Restores(
            f"{key}-restore", of, settings, admin=server.admin, restore_from=stack.restore_from, opts=options
        )
        return [backups, restores], {**backups.outputs, **restores.outputs}

    def _database(self, app: AppSettings) -> Database:
        app = with_limit(app, self._budgets)
        server, password = self._servers[app.key], self._stack.role_passwords[app.key]
        pooler = own_pooler(self._stack.postgresql, app)
        connection = past(self._stack.postgresql, app, server.connection)
        if pooler is not None:
            connection = through(pooler, app, connection, self._in_namespace(app.namespace))
        main = app.database.name
        args = DatabaseArgs(
            settings=app.database,
            server=connection,
            namespace=app.namespace,
            further_databases={name: wanted for name, wanted in app.databases.items() if name != main},
            secret_aliases=app.secret_aliases,
            app=app.key,
            setting_names=app.database_settings,
            connections=app.least_connections,
            password=None if password is None else password.get_secret_value(),
            arriving_from=self._moves[app.key].source if app.key in self._moves else None,
            timeout_seconds=self._stack.postgresql.start_timeout_seconds,
        )
        return Database(f"{app.key}-database", args, self._in_namespace(app.namespace, server))

    def _pooler(
        self, app: AppSettings, settings: PgBouncerSettings, database: Database, needs: Sequence[pulumi.Resource]
    ) -> Pooler:
        found, login = self._budgets[app.key], database.login
        if found.pool_size is None or login is None:
            raise ValueError(f"{app.key} has a pooler, and its server no known number of connections or no admin")
        args = PoolerArgs(
            settings=settings,
            name=app.pooler_name,
            namespace=app.namespace,
            server=self._servers[app.key].connection,
            username=app.database.username,
            verifier=login.verifier,
            databases=list(app.databases),
            session_databases={name: max(total(app.demand[name]), 1) for name in settings.own_connections(app)},
            pool_size=found.pool_size,
            certificate=certificate_of(settings),
            annotations={LOGIN: login.version},
            pods=self._pods,
        )
        return Pooler(f"{app.key}-pooler", args, self._in_namespace(app.namespace, *needs))

    def _in_namespace(self, namespace: str, *needs: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of a child that depends on its namespace, if the program creates it."""
        created = [self._namespaces[namespace]] if namespace in self._namespaces else []
        return self._child(depends_on=[*created, *needs])

    def _child(
        self, *, depends_on: Sequence[pulumi.Resource] = (), retain_on_delete: bool | None = None
    ) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, provider=self._provider, depends_on=list(depends_on), retain_on_delete=retain_on_delete
        )
