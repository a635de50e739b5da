"""PgBouncer between the apps and a server: what all kinds of servers have in common."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import KeyPath, Model, Refusal
from components.postgres.tenant import Tenants

PoolSize = Annotated[int, Field(ge=1, le=5000)]
"""A number of server connections."""


class PoolerSettings(Model):
    """A connection pooler: the apps open many short connections to it, and it few lasting ones to the server."""

    instances: Annotated[int, Field(ge=1, le=20)] = 2
    """Pods of PgBouncer, each with its own pools; with two, one can be replaced without an interruption."""
    mode: Literal["transaction", "session"] = "transaction"
    """When a server connection is free for another client: after each `transaction`, or when the client disconnects
    (`session`), for clients that keep something in their session, such as an advisory lock."""
    max_client_connections: Annotated[int, Field(ge=10, le=100_000)] = 1000
    """Client connections that each pod accepts."""
    default_pool_size: PoolSize
    """Server connections that each pod opens for one role to one database."""
    max_db_connections: PoolSize
    """Server connections that each pod opens to one database. PgBouncer's own default is no limit."""
    max_prepared_statements: Annotated[int, Field(ge=0, le=10_000)] = 200
    """Prepared statements that PgBouncer keeps on each server connection, for `mode: transaction`; 0 for none."""
    query_wait_timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    """Seconds that a client waits for a server connection before it is disconnected with an error."""

    @property
    def parameters(self) -> dict[str, str]:
        """The limits as PgBouncer's own configuration has them."""
        limits = {
            "default_pool_size": self.default_pool_size,
            "max_client_conn": self.max_client_connections,
            "max_db_connections": self.max_db_connections,
            "max_prepared_statements": self.max_prepared_statements,
            "query_wait_timeout": self.query_wait_timeout_seconds,
        }
        return {name: str(value) for name, value in limits.items()}

    def refusals(self) -> Iterator[Refusal]:
        """Pools that cannot fill, and a mode without the prepared statements that the apps use."""
        if self.default_pool_size > self.max_db_connections:
            reads: tuple[KeyPath, ...] = (("defaultPoolSize",), ("maxDbConnections",))
            if "default_pool_size" in self.model_fields_set:
                allowed = f"at most `maxDbConnections`, which is {self.max_db_connections}"
                yield Refusal(("defaultPoolSize",), self.default_pool_size, allowed, reads)
            else:
                allowed = f"at least `defaultPoolSize`, which is {self.default_pool_size}"
                yield Refusal(("maxDbConnections",), self.max_db_connections, allowed, reads)
        if self.mode == "transaction" and self.max_prepared_statements == 0:
            allowed = "at least 1 with `mode: transaction`: the drivers of both apps prepare statements"
            yield Refusal(("maxPreparedStatements",), 0, allowed, (("mode",), ("maxPreparedStatements",)))

    def rules(
        self, server: KeyPath, tenants: Tenants, *, max_connections: int, reserved: int, further_databases: int = 0
    ) -> Iterator[Refusal]:
        """Pools that need more connections than the server accepts, or than an app's role may open.

        Args:
            server: path of the server's settings in the stack file.
            tenants: the apps that are deployed.
            max_connections: connections that the server accepts.
            reserved: those of them that are not the pooler's.
            further_databases: databases beside the apps' to which the pooler connects.
        """
        databases = sum(len(tenant.databases) for tenant in tenants.values()) + further_databases
        yield from self._more_than_accepted(server, databases, max_connections, reserved)
        for key, tenant in tenants.items():
            limit, count = tenant.database.connection_limit, len(tenant.databases)
            least = self.instances * self.default_pool_size * count
            if limit is not None and limit < least:
                allowed = f"at least {least}: the pooler opens up to as many for this role to its {count} databases"
                yield Refusal((key, "database", "connectionLimit"), limit, allowed, ((*server, "pooler"),))

    def _more_than_accepted(
        self, server: KeyPath, databases: int, max_connections: int, reserved: int
    ) -> Iterator[Refusal]:
        each, pods, left = self.max_db_connections, self.instances, max_connections - reserved
        if pods * databases * each <= left:
            return
        pooler = (*server, "pooler")
        reads: tuple[KeyPath, ...] = (pooler, (*server, "maxConnections"))
        limits = f"{databases} databases and {max_connections} connections (`maxConnections`)"
        if "max_db_connections" in self.model_fields_set and (most := left // databases // pods) > 0:
            allowed = f"at most {most} with {pods} pods, {limits}"
            yield Refusal((*pooler, "maxDbConnections"), each, allowed, reads)
        elif "instances" in self.model_fields_set and (most := left // databases // each) > 0:
            allowed = f"at most {most} with {each} connections each to {limits}"
            yield Refusal((*pooler, "instances"), pods, allowed, reads)
        else:
            allowed = f"at least {pods * databases * each + reserved} with this `pooler`, for {databases} databases"
            yield Refusal((*server, "maxConnections"), max_connections, allowed, reads)
