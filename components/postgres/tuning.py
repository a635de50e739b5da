"""PostgreSQL settings derived from the container's resources."""

from collections.abc import Mapping

MiB = 2**20
GiB = 2**30

ParameterValue = bool | int | float | str


def derive(*, memory: int, connections: int, cpu_limit: int) -> dict[str, ParameterValue]:
    """Settings for a server that is alone in its container.

    Args:
        memory: memory limit in bytes.
        connections: `max_connections`.
        cpu_limit: CPU limit in thousandths.

    The shares of memory are those of the PostgreSQL manual (19.4.1: a quarter for shared buffers) and wiki (Tuning
    Your PostgreSQL Server). Nothing here trades durability: fsync, full_page_writes and synchronous_commit stay on.
    """
    shared_buffers = memory // 4
    # A query may use work_mem several times over; what the buffers leave is shared by three of them a connection.
    work_mem = max((memory - shared_buffers) // (connections * 3), 1 * MiB)
    # More WAL between checkpoints means fewer full-page images. It does not depend on the size of the volume: a larger
    # volume must not restart the server.
    max_wal_size = wal_size(memory)
    cpus = max(cpu_limit // 1000, 1)
    return {
        "max_connections": connections,
        "shared_buffers": _kilobytes(shared_buffers),
        "effective_cache_size": _kilobytes(memory * 3 // 4),
        "work_mem": _kilobytes(work_mem),
        "maintenance_work_mem": _kilobytes(min(memory // 16, 2 * GiB)),
        "wal_buffers": _kilobytes(min(shared_buffers // 16, 64 * MiB)),
        "max_wal_size": _kilobytes(max_wal_size),
        "min_wal_size": _kilobytes(max(max_wal_size // 4, 80 * MiB)),
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": 0.9,
        "wal_compression": "lz4",
        # Network volumes have no seek time and serve many requests at once.
        "random_page_cost": 1.1,
        "effective_io_concurrency": 200,
        "max_worker_processes": max(8, cpus),
        "max_parallel_workers": cpus,
        "max_parallel_workers_per_gather": max(cpus // 2, 1),
    }


def wal_size(memory: int) -> int:
    """`max_wal_size` in bytes: the server's memory, but at least 512 MiB and at most 16 GiB."""
    return min(max(memory, 512 * MiB), 16 * GiB)


def render(parameters: Mapping[str, ParameterValue]) -> str:
    """The text of a `postgresql.conf` with these parameters, sorted by name."""
    return "".join(f"{name} = {_literal(parameters[name])}\n" for name in sorted(parameters))


def _literal(value: ParameterValue) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return str(value)
    return "'" + value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n") + "'"


def _kilobytes(size: int) -> str:
    return f"{size // 1024}kB"
