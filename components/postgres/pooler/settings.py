"""PgBouncer between the apps and a server: what all kinds of servers have in common."""

from collections.abc import Collection, Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from components.forms.base import KeyPath, Model, Refusal
from components.postgres.tenant import Tenant

_NEW_CONNECTIONS = {"server_login_retry": 1, "server_connect_timeout": 2}
"""PgBouncer tries a server again 1 s after it could not connect, and waits 2 s for one that does not answer: a lost
packet is sent again after 1 s. Its defaults are 15 s each, and for so long clients would wait although a restarted
server or the new primary is there."""

PoolSize = Annotated[int, Field(ge=1, le=5000)]
"""A number of server connections."""


class PoolerSettings(Model):
    """A connection pooler: the apps open many short connections to it, and it few lasting ones to the server."""

    lookup_databases: ClassVar[int] = 0
    """Databases beside the apps' that it connects to, to look passwords up."""
    mode_by_database: ClassVar[bool] = False
    """Whether it can have another mode for some databases."""

    instances: Annotated[int, Field(ge=1, le=20)] = 2
    """Pods of PgBouncer, each with its own pools; with two, one can be replaced without an interruption."""
    mode: Literal["transaction", "session"] = "transaction"
    """When a server connection is free for another client: after each `transaction`, or when the client disconnects
    (`session`), for clients that keep something in their session, such as an advisory lock."""
    max_client_connections: Annotated[int, Field(ge=10, le=100_000)] = 1000
    """Client connections that each pod accepts."""
    default_pool_size: PoolSize | None = None
    """Server connections that each pod opens for one role to one database; absent, `maxDbConnections`."""
    max_db_connections: PoolSize | None = None
    """Server connections that each pod opens to one database; absent, its part of what the connection budget leaves."""
    max_prepared_statements: Annotated[int, Field(ge=0, le=10_000)] = 200
    """Prepared statements that PgBouncer keeps on each server connection, for `mode: transaction`; 0 for none."""
    query_wait_timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    """Seconds that a client waits for a server connection before it is disconnected with an error."""

    @property
    def most_pods(self) -> int:
        """Pods at the most, all of which hold connections: during a rollout, the new ones and the old ones.

        A Deployment does not count pods that are ending, whatever its `maxSurge` ("Rolling Update Deployment" in the
        Kubernetes documentation), and these keep the connections of running transactions.
        """
        return 2 * self.instances

    def serves(self, tenant: Tenant) -> bool:
        """Whether an app can use it; else the app connects to the server."""
        return self.mode_by_database or not tenant.session_databases

    def own_connections(self, tenant: Tenant) -> Collection[str]:
        """Databases in which each of an app's clients has a server connection of its own."""
        # In session mode the connections of an app's own pools would hold all of a smaller pool for good.
        return tenant.databases if self.mode == "session" and tenant.has_ceiling else tenant.session_databases

    def parameters(self, pool_size: int) -> dict[str, str]:
        """What all kinds of servers set in PgBouncer's own configuration.

        Args:
            pool_size: server connections that the budget gives each pod for one database.
        """
        parameters: dict[str, int | str] = {
            **_NEW_CONNECTIONS,
            "default_pool_size": self.default_pool_size or pool_size,
            "max_client_conn": self.max_client_connections,
            "max_db_connections": pool_size,
            "max_prepared_statements": self.max_prepared_statements,
            "query_wait_timeout": self.query_wait_timeout_seconds,
        }
        if self.mode == "transaction":
            # What a client sets in its session, such as Dagster's webserver its `statement_timeout`, must not reach the
            # next client of the connection. Unlike DISCARD ALL, this leaves PgBouncer's prepared statements alone.
            parameters |= {"server_reset_query": "RESET ALL", "server_reset_query_always": 1}
        return {name: str(value) for name, value in parameters.items()}

    def refusals(self) -> Iterator[Refusal]:
        """Pools that cannot fill, and a mode without the prepared statements that the apps use."""
        yield from super().refusals()
        each, most = self.default_pool_size, self.max_db_connections
        if each is not None and most is not None and each > most:
            reads: tuple[KeyPath, ...] = (("defaultPoolSize",), ("maxDbConnections",))
            allowed = f"at most `maxDbConnections`, which is {most}"
            yield Refusal(("defaultPoolSize",), each, allowed, reads)
        if self.mode == "transaction" and self.max_prepared_statements == 0:
            allowed = "at least 1 with `mode: transaction`: the drivers of both apps prepare statements"
            yield Refusal(("maxPreparedStatements",), 0, allowed, (("mode",), ("maxPreparedStatements",)))
