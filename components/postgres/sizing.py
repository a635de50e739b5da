"""Sizes of servers and other containers, and rules by which they fit each other."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from components.forms.base import KeyPath, Model, Refusal
from components.forms.names import ObjectName
from components.forms.quantity import Cpu, MemorySize, VolumeSize, to_bytes, to_millicpu
from components.postgres.tuning import wal_size

# A backend takes about 5 MiB at rest; half of the memory is left for buffers and work.
_MEMORY_PER_CONNECTION = 10 * 2**20


class ContainerSize(Model):
    """What a container requests and may use."""

    memory: MemorySize
    """Memory request and limit of each pod."""
    cpu: Cpu
    """CPU request of each pod."""
    cpu_limit: Cpu
    """CPU limit of each pod."""

    @property
    def resources(self) -> dict[str, dict[str, str]]:
        """Requests and limits, as Kubernetes writes them. The memory request is the limit."""
        return {
            "requests": {"cpu": self.cpu, "memory": self.memory},
            "limits": {"cpu": self.cpu_limit, "memory": self.memory},
        }

    def refusals(self) -> Iterator[Refusal]:
        """A CPU request above the limit; the path is that of the key that the stack file gives."""
        yield from super().refusals()
        if to_millicpu(self.cpu) > to_millicpu(self.cpu_limit):
            reads: tuple[KeyPath, ...] = (("cpu",), ("cpuLimit",))
            if "cpu_limit" in self.model_fields_set:
                yield Refusal(("cpuLimit",), self.cpu_limit, f"at least `cpu`, which is {self.cpu}", reads)
            else:
                yield Refusal(("cpu",), self.cpu, f"at most `cpuLimit`, which is {self.cpu_limit}", reads)


class ServerSize(ContainerSize):
    """The size of a server in the cluster."""

    storage_size: VolumeSize
    """Size of each instance's data volume. May grow, never shrink."""
    storage_class: ObjectName | None = None
    """Storage class of the volumes; absent, the cluster's default one. Cannot be changed once the volumes exist."""
    memory: MemorySize
    """Memory request and limit of each instance; its PostgreSQL settings are derived from it."""
    cpu: Cpu
    """CPU request of each instance."""
    cpu_limit: Cpu
    """CPU limit of each instance."""
    max_connections: Annotated[int, Field(ge=20, le=5000)]
    """Connections that the server accepts."""
    node_selector: dict[str, str] = {}
    """Labels of the nodes that instances may run on, such as `disk: ssd`."""

    def refusals(self) -> Iterator[Refusal]:
        """Also more connections than the memory suffices for."""
        yield from super().refusals()
        most = to_bytes(self.memory) // _MEMORY_PER_CONNECTION
        if self.max_connections > most:
            reads: tuple[KeyPath, ...] = (("memory",), ("maxConnections",))
            if "max_connections" in self.model_fields_set:
                allowed = f"at most {most} with {self.memory} of memory"
                yield Refusal(("maxConnections",), self.max_connections, allowed, reads)
            else:
                least = self.max_connections * _MEMORY_PER_CONNECTION // 2**20
                allowed = f"at least {least}Mi with {self.max_connections} connections (`maxConnections`)"
                yield Refusal(("memory",), self.memory, allowed, reads)


def wal_refusals(memory: str, key: str, size: str, reads: tuple[KeyPath, ...]) -> Iterator[Refusal]:
    """A volume that WAL could fill.

    Args:
        memory: memory of the server.
        key: setting of the volume that WAL is on.
        size: that volume's size.
        reads: paths of the settings that the rule depends on.
    """
    wal = wal_size(to_bytes(memory))
    if to_bytes(size) < 2 * wal:
        allowed = f"at least {2 * wal // 2**20}Mi with {memory} of memory: WAL may take half of it"
        yield Refusal((key,), size, allowed, reads)
