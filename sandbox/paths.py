"""Paths, addresses and names of one sandbox."""

import hashlib
import ipaddress
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
STATES = Path("/var/lib/lakehouse-sandbox")
LINKS = ipaddress.ip_network("198.18.0.0/15")  # RFC 2544: never routed, so not used by other networks


@dataclass(frozen=True)
class Sandbox:
    """The sandbox of one checkout. Its names derive from the checkout's path, so that two clones can run at once."""

    checkout: Path
    cache: Path

    @classmethod
    def of(cls, checkout: Path | str) -> "Sandbox":
        """Return the sandbox that belongs to a checkout, whether it runs or not."""
        cache = os.environ.get("LAKEHOUSE_CACHE") or Path.home() / ".cache" / "lakehouse-sandbox"
        return cls(Path(checkout).resolve(), Path(cache).resolve())

    @cached_property
    def id(self) -> str:
        """Six hexadecimal digits."""
        return hashlib.sha256(str(self.checkout).encode()).hexdigest()[:6]

    @property
    def state(self) -> Path:
        """Folder of everything that ``down`` removes; short, because unix sockets live in it."""
        return STATES / self.id

    @property
    def netns(self) -> str:
        """Name of the network namespace."""
        return f"lakehouse-{self.id}"

    @property
    def netns_path(self) -> Path:
        """File of the network namespace, for nsenter."""
        return Path("/run/netns") / self.netns

    @property
    def veth(self) -> str:
        """Name of the host's end of the link into the network namespace."""
        return f"lh{self.id}"

    @property
    def cgroup(self) -> str:
        """Path of the cgroup that every process of the sandbox is in, below each hierarchy's root."""
        return f"/lakehouse-{self.id}"

    @cached_property
    def link(self) -> ipaddress.IPv4Network:
        """The /30 between host and namespace."""
        index = int(self.id, 16) % 2 ** (30 - LINKS.prefixlen)
        return ipaddress.IPv4Network((int(LINKS.network_address) + 4 * index, 30))

    @property
    def host_address(self) -> str:
        """Address of the host's end of the link."""
        return str(self.link[1])

    @property
    def address(self) -> str:
        """The node's address, reached from the host and from pods: NodePorts, API server, DNS."""
        return str(self.link[2])

    @property
    def logs(self) -> Path:
        """Folder of the logs of steps and of the cluster's processes."""
        return self.state / "logs"

    @property
    def bin(self) -> Path:
        """Folder of links to the tools, first on PATH."""
        return self.state / "bin"

    @property
    def pki(self) -> Path:
        """Folder of certificates and keys."""
        return self.state / "pki"

    @property
    def config(self) -> Path:
        """Folder of the cluster's written configuration."""
        return self.state / "config"

    @property
    def volumes(self) -> Path:
        """Folder of the claims' disks."""
        return self.state / "volumes"

    @property
    def containerd_socket(self) -> Path:
        """Socket of the container runtime."""
        return self.state / "containerd.sock"

    @property
    def env_file(self) -> Path:
        """Shell file with what a shell in the sandbox exports."""
        return self.state / "env"

    def kubeconfig(self, user: str = "admin") -> Path:
        """Return the kubeconfig file of a user (``admin``, ``scheduler``, …)."""
        return self.config / f"{user}.kubeconfig"
