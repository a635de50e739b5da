"""The cluster: in which order its processes are started, and when it is ready."""

import os
import shutil
import string
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sandbox import cgroups, containerd, enter, environment, host, network, pki
from sandbox.daemons import daemons
from sandbox.gotools import GoTools
from sandbox.paths import PACKAGE, Sandbox
from sandbox.processes import Processes
from sandbox.steps import SandboxError, Step
from sandbox.web import answers

TEMPLATES = PACKAGE / "cluster"
FILES = ("containerd.toml", "cni.conflist", "kubelet.yaml", "kube-proxy.yaml", "Corefile", "resolv.conf")
READY = 120.0  # seconds within which a component must respond
BOOT = ("node", "etcd", "containerd", "apiserver")
REST = ("controller-manager", "scheduler", "proxy", "volumes", "kubelet", "coredns")


@dataclass(frozen=True)
class Cluster:
    """The node of one sandbox, with the tools that run on it."""

    sandbox: Sandbox
    tools: GoTools

    @property
    def processes(self) -> Processes:
        """The node's processes."""
        return Processes(self.sandbox)

    def boot(self, step: Step) -> None:
        """Start namespaces, disks, etcd, container runtime and API server, on which the rest depends.

        Needs the network namespace, the certificates and the tools. Running components are left alone.

        Raises:
            SandboxError: a component ended or does not respond; shows the end of its log.

        """
        missing = self._missing(BOOT)
        configure(self.sandbox)
        if "node" in missing:
            self._new_node(step)
        self._ensure(*BOOT[1:])
        self._until("containerd", lambda: containerd.answers(self.sandbox))
        step.note("started " + ", ".join(missing) if missing else "unchanged")

    def start(self, step: Step) -> None:
        """Start the rest, and wait until the node is ready. The images must have been imported.

        Raises:
            SandboxError: a component ended or does not respond; shows the end of its log.

        """
        missing = self._missing(REST)
        address = self.sandbox.address
        step.doing("API server")
        self._until("apiserver", lambda: answers(f"https://{address}:6443/readyz", self.sandbox.pki / "ca.crt"))
        step.doing("DNS service, storage class, rights")
        manifests = self.sandbox.config / "manifests"
        env = {**os.environ, **environment.NO_PROXY}
        step.run(self._kubectl("apply", "--server-side", "--force-conflicts", "--filename", manifests), env=env)
        self._ensure(*REST)
        step.doing("kubelet and DNS")
        self._until("kubelet", self._node_ready)
        self._until("coredns", lambda: answers(f"http://{address}:8181/ready"))
        step.note("node ready" if missing else "unchanged")

    def _missing(self, names: tuple[str, ...]) -> list[str]:
        return [name for name in names if self.processes.pid(name) is None]

    def _ensure(self, *names: str) -> None:
        known = daemons(self.sandbox, self.tools)
        for name in names:
            daemon = known[name]
            self.processes.ensure(name, daemon.command, reads=daemon.reads, env=daemon.env)

    def _new_node(self, step: Step) -> None:
        """Replace a node that has ended: none of its processes may run when its volumes are mounted again."""
        sandbox = self.sandbox
        cgroups.kill(sandbox.cgroup)
        cgroups.create(sandbox.cgroup)
        sandbox.volumes.mkdir(parents=True, exist_ok=True)
        script = ["sh", TEMPLATES / "node.sh", sandbox.state]
        self.processes.hold(["unshare", "--mount", "--propagation", "slave", *script])
        mounted = ["mountpoint", "-q", "/var/log"]  # the last step of the script
        self._until("node", lambda: enter.on_node(sandbox, mounted, check=False).returncode == 0)
        step.run(enter.node_command(sandbox, [self.tools.path("volumes"), "-dir", sandbox.volumes, "-mount-all"]))

    def _kubectl(self, *arguments: str | Path) -> list[str | Path]:
        """Return a command that also works outside of the network namespace."""
        server = f"--server=https://{self.sandbox.address}:6443"
        cache = f"--cache-dir={self.sandbox.state / 'kube-cache'}"
        return [self.tools.path("kubectl"), f"--kubeconfig={self.sandbox.kubeconfig()}", server, cache, *arguments]

    def _node_ready(self) -> bool:
        """Return whether the running kubelet reports the node as ready; the API may have a former one's status."""
        path = "jsonpath={range .status.conditions[?(@.type=='Ready')]}{.status} {.lastHeartbeatTime}{end}"
        command = self._kubectl("get", "node", pki.NODE, "--output", path)
        env = {**os.environ, **environment.NO_PROXY}
        shown = subprocess.run(command, capture_output=True, text=True, check=False, env=env).stdout
        status, _, heartbeat = shown.partition(" ")
        record = self.processes.record("kubelet")
        if status != "True" or record is None:
            return False
        return datetime.fromisoformat(heartbeat).timestamp() >= int(record.time)

    def _until(self, name: str, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + READY
        while not ready():
            if self.processes.pid(name) is None:
                raise SandboxError(f"{name} ended:\n{self._help(name)}")
            if time.monotonic() > end:
                raise SandboxError(f"{name} does not respond after {READY:.0f} s:\n{self._help(name)}")
            time.sleep(0.1)

    def _help(self, name: str) -> str:
        log = self.sandbox.logs / f"{name}.log"
        return f"{self.processes.tail(name)}\n  Whole log: {log}. To start over: make down, then make up."


def configure(sandbox: Sandbox) -> None:
    """Write the cluster's configuration: the templates with this sandbox's paths and addresses."""
    values = {
        "state": sandbox.state, "config": sandbox.config, "pki": sandbox.pki, "cgroup": sandbox.cgroup,
        "socket": sandbox.containerd_socket, "address": sandbox.address, "netns": sandbox.netns,
        "unpacked": host.unpacked(sandbox), "node": pki.NODE, "pods": network.POD_NETWORK,
        "dns": network.DNS_SERVICE,
    }  # fmt: skip
    targets = {"cni.conflist": Path("cni") / "10-bridge.conflist"}
    manifests = [f"manifests/{path.name}" for path in sorted((TEMPLATES / "manifests").iterdir())]
    shutil.rmtree(sandbox.config / "manifests", ignore_errors=True)
    for name in (*FILES, *manifests):
        target = sandbox.config / targets.get(name, Path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.tmp")
        temporary.write_text(string.Template((TEMPLATES / name).read_text()).substitute(values))
        temporary.replace(target)
