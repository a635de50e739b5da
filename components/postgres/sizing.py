"""Sizes of a server that must fit each other, whoever runs it."""

from collections.abc import Iterator
from typing import Protocol

from components.forms.base import KeyPath, Refusal
from components.forms.quantity import to_bytes, to_millicpu

# A backend takes about 5 MiB at rest; half of the memory is kept for buffers and work.
_MEMORY_PER_CONNECTION = 10 * 2**20
# WAL between two checkpoints takes as much as the server has memory, within these (components.postgres.tuning).
_LEAST_WAL, _MOST_WAL = 512 * 2**20, 16 * 2**30


class Sized(Protocol):
    """The settings of a server's size, as every kind that runs in the cluster has them."""

    memory: str
    cpu: str
    cpu_limit: str
    max_connections: int

    @property
    def model_fields_set(self) -> set[str]:
        """Names of the fields that the stack file gives."""
        ...


def size_refusals(server: Sized) -> Iterator[Refusal]:
    """CPU and connections that do not fit the limits; told of the key that the stack file has."""
    if to_millicpu(server.cpu) > to_millicpu(server.cpu_limit):
        reads: tuple[KeyPath, ...] = (("cpu",), ("cpuLimit",))
        if "cpu_limit" in server.model_fields_set:
            yield Refusal(("cpuLimit",), server.cpu_limit, f"at least `cpu`, which is {server.cpu}", reads)
        else:
            yield Refusal(("cpu",), server.cpu, f"at most `cpuLimit`, which is {server.cpu_limit}", reads)
    most = to_bytes(server.memory) // _MEMORY_PER_CONNECTION
    if server.max_connections > most:
        reads = (("memory",), ("maxConnections",))
        if "max_connections" in server.model_fields_set:
            allowed = f"at most {most} with {server.memory} of memory"
            yield Refusal(("maxConnections",), server.max_connections, allowed, reads)
        else:
            least = server.max_connections * _MEMORY_PER_CONNECTION // 2**20
            allowed = f"at least {least}Mi with {server.max_connections} connections (`maxConnections`)"
            yield Refusal(("memory",), server.memory, allowed, reads)


def wal_refusals(memory: str, key: str, size: str, reads: tuple[KeyPath, ...]) -> Iterator[Refusal]:
    """A volume that WAL could fill.

    Args:
        memory: memory of the server.
        key: setting of the volume that WAL is on.
        size: that volume's size.
        reads: paths of the settings that say so.
    """
    wal = min(max(to_bytes(memory), _LEAST_WAL), _MOST_WAL)
    if to_bytes(size) < 2 * wal:
        allowed = f"at least {2 * wal // 2**20}Mi with {memory} of memory: WAL may take half of it"
        yield Refusal((key,), size, allowed, reads)
