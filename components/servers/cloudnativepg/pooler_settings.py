"""PgBouncer between the apps and a CloudNativePG cluster, as the operator's `Pooler` runs it."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.names import image
from components.forms.pins import CLOUDNATIVEPG_PGBOUNCER_IMAGE

RESERVED_CONNECTIONS = 10
"""Connections that are kept for the admin, the operator and its superuser's reserve, beside the poolers'."""

DATABASES = 4
"""Databases of the two apps: Airbyte's, Temporal's two, Dagster's."""


_IMAGE = image(
    r"[0-9]+\.[0-9]+\.[0-9]+",
    f"an image of PgBouncer for CloudNativePG by exact tag, such as {CLOUDNATIVEPG_PGBOUNCER_IMAGE}",
)


class Pooler(Model):
    """PgBouncer, so that many short connections of the apps become few of the server's."""

    instances: Annotated[int, Field(ge=1, le=20)] = 2
    """Poolers beside each other; two let one go without a gap."""
    image: Annotated[str, _IMAGE] = CLOUDNATIVEPG_PGBOUNCER_IMAGE
    """Image of PgBouncer for CloudNativePG, by exact tag."""
    mode: Literal["session", "transaction"] = "transaction"
    """When a server connection goes back: after each `transaction`, or when the client leaves (`session`)."""
    max_client_conn: Annotated[int, Field(ge=10, le=100_000)] = 1000
    """Connections that each pooler takes from apps."""
    default_pool_size: Annotated[int, Field(ge=1, le=1000)] = 15
    """Server connections that each pooler keeps for a database and role."""
    max_db_connections: Annotated[int, Field(ge=1, le=1000)] = 20
    """Server connections that each pooler may open to a database. PgBouncer's own default is no limit."""
    max_prepared_statements: Annotated[int, Field(ge=0, le=10_000)] = 200
    """Prepared statements that each server connection keeps, for `mode: transaction`."""
    query_wait_timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    """Seconds that a query waits for a server connection, or for a primary, before it fails."""

    @property
    def most_connections(self) -> int:
        """Connections that all poolers together may open to the server."""
        return self.instances * self.max_db_connections * DATABASES

    def fitting(self, max_connections: int) -> int:
        """The largest `maxDbConnections` for a server that takes so many connections."""
        return max((max_connections - RESERVED_CONNECTIONS) // (self.instances * DATABASES), 0)

    def refusals(self) -> Iterator[Refusal]:
        """Pools that cannot fill, and a mode that breaks prepared statements."""
        if self.default_pool_size > self.max_db_connections:
            reads = (("defaultPoolSize",), ("maxDbConnections",))
            if "default_pool_size" in self.model_fields_set:
                allowed = f"at most `maxDbConnections`, which is {self.max_db_connections}"
                yield Refusal(("defaultPoolSize",), self.default_pool_size, allowed, reads)
            else:
                allowed = f"at least `defaultPoolSize`, which is {self.default_pool_size}"
                yield Refusal(("maxDbConnections",), self.max_db_connections, allowed, reads)
        if self.mode == "transaction" and self.max_prepared_statements == 0:
            allowed = "at least 1 with `mode: transaction`: the apps' drivers prepare statements"
            yield Refusal(("maxPreparedStatements",), self.max_prepared_statements, allowed, (("mode",),))
