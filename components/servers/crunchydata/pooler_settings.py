"""PgBouncer in front of a PostgresCluster, as its operator runs it."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.quantity import Cpu, MemorySize, to_millicpu


class PgBouncer(Model):
    """Both apps connect through it; Jobs that make roles and databases do not."""

    replicas: Annotated[int, Field(ge=1, le=20)] = 2
    """Pods, each with pools of its own."""
    pool_mode: Literal["transaction", "session"] = "transaction"
    """When a server connection is free for another client: after each `transaction`, or only after the `session`, for
    clients that keep something in it, such as a lock."""
    default_pool_size: Annotated[int, Field(ge=1, le=5000)] = 16
    """Server connections of one role to one database, in each pod."""
    max_db_connections: Annotated[int, Field(ge=1, le=5000)] = 16
    """Server connections to one database, in each pod."""
    max_client_connections: Annotated[int, Field(ge=10, le=100_000)] = 1000
    """Clients that each pod accepts."""
    query_wait_timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    """Seconds after which a client that got no server connection is told so instead of waiting on."""
    max_prepared_statements: Annotated[int, Field(ge=0, le=10_000)] = 200
    """Prepared statements that a server connection keeps; in `transaction` mode clients that prepare need them."""
    memory: MemorySize = "256Mi"
    """Memory of each pod, requested and limited alike."""
    cpu: Cpu = "100m"
    """CPU that each pod requests."""
    cpu_limit: Cpu = "1"
    """CPU that each pod may take at most; one process uses no more than one."""

    def refusals(self) -> Iterator[Refusal]:
        """Limits that contradict each other."""
        if self.default_pool_size > self.max_db_connections:
            allowed = f"at most `maxDbConnections`, which is {self.max_db_connections}"
            reads = (("defaultPoolSize",), ("maxDbConnections",))
            yield Refusal(("defaultPoolSize",), self.default_pool_size, allowed, reads)
        if self.pool_mode == "transaction" and self.max_prepared_statements == 0:
            allowed = "at least 1 with `poolMode: transaction`: the drivers of both apps prepare statements"
            yield Refusal(("maxPreparedStatements",), 0, allowed, (("poolMode",), ("maxPreparedStatements",)))
        if to_millicpu(self.cpu) > to_millicpu(self.cpu_limit):
            key, found = ("cpuLimit", self.cpu_limit) if "cpu_limit" in self.model_fields_set else ("cpu", self.cpu)
            allowed = f"`cpu` at most `cpuLimit`; they are {self.cpu} and {self.cpu_limit}"
            yield Refusal((key,), found, allowed, (("cpu",), ("cpuLimit",)))
