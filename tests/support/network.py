"""A network of its own for tests, with nothing in it but the loopback."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Network:
    """A network namespace where every port is free.

    Attributes:
        process: identifier of a process in it.
    """

    process: int

    @property
    def prefix(self) -> Sequence[str]:
        """Arguments before a command that run it inside."""
        return ["nsenter", f"--net=/proc/{self.process}/ns/net"]

    @property
    def time_wait(self) -> int:
        """Its connections in TIME_WAIT."""
        (line,) = (
            line
            for line in Path(f"/proc/{self.process}/net/sockstat").read_text().splitlines()
            if line.startswith("TCP:")
        )
        words = line.split()
        return int(words[words.index("tw") + 1])

    @property
    def local_ports(self) -> int:
        """Ports that its clients may have."""
        read = [*self.prefix, "cat", "/proc/sys/net/ipv4/ip_local_port_range"]
        first, last = subprocess.run(read, capture_output=True, text=True, check=True).stdout.split()
        return int(last) - int(first) + 1


@contextmanager
def loopback() -> Iterator[Network]:
    """A network with a loopback alone, until the end of the block."""
    inside = "ip link set lo up && echo up && exec sleep infinity"
    with subprocess.Popen(["unshare", "--net", "sh", "-c", inside], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None and holder.stdout.readline() == "up\n"
            yield Network(holder.pid)
        finally:
            holder.kill()
