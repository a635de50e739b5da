"""The node's network: a namespace with a veth link to the host and no route to other networks."""

import json
import subprocess
from typing import Any

from sandbox.paths import PACKAGE, Sandbox
from sandbox.steps import SandboxError, Step

POD_NETWORK = "10.244.0.0/24"
SERVICE_NETWORK = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
INSIDE = "eth0"  # the link's end in the namespace


def up(sandbox: Sandbox, step: Step) -> None:
    """Create namespace and link, as far as they do not exist.

    Raises:
        SandboxError: another interface of this machine has the link's network.

    """
    created = False
    if not is_up(sandbox):
        down(sandbox)
        _refuse_taken(sandbox)
        step.run(["ip", "netns", "add", sandbox.netns])
        step.run(["ip", "link", "add", sandbox.veth, "type", "veth", "peer", "name", INSIDE, "netns", sandbox.netns])
        created = True
    prefix = sandbox.link.prefixlen
    step.run(["ip", "address", "replace", f"{sandbox.host_address}/{prefix}", "dev", sandbox.veth])
    step.run(["ip", "link", "set", sandbox.veth, "up"])
    setup = ["sh", PACKAGE / "cluster" / "network.sh", INSIDE, f"{sandbox.address}/{prefix}", SERVICE_NETWORK]
    step.run(["nsenter", f"--net={sandbox.netns_path}", "--", *setup])
    step.note(f"{sandbox.netns} at {sandbox.address}" if created else "unchanged")


def is_up(sandbox: Sandbox) -> bool:
    """Return whether the namespace and both ends of its link exist."""
    inside = ["nsenter", f"--net={sandbox.netns_path}", "--", "ip", "link", "show", INSIDE]
    return (
        sandbox.netns_path.exists()
        and subprocess.run(["ip", "link", "show", sandbox.veth], capture_output=True, check=False).returncode == 0
        and subprocess.run(inside, capture_output=True, check=False).returncode == 0
    )


def down(sandbox: Sandbox) -> None:
    """Remove namespace and link, as far as they exist."""
    subprocess.run(["ip", "link", "delete", sandbox.veth], capture_output=True, check=False)
    if sandbox.netns_path.exists():
        subprocess.run(["ip", "netns", "delete", sandbox.netns], capture_output=True, check=False)
        sandbox.netns_path.unlink(missing_ok=True)  # a file without a namespace, as a reboot can leave


def _refuse_taken(sandbox: Sandbox) -> None:
    shown = subprocess.run(["ip", "-json", "address"], capture_output=True, text=True, check=True).stdout
    interfaces: list[dict[str, Any]] = json.loads(shown)
    for interface in interfaces:
        for address in interface.get("addr_info", []):
            if address["local"] in {sandbox.host_address, sandbox.address}:
                msg = (
                    f"Interface {interface['ifname']} has {address['local']}, which this checkout's sandbox would use. "
                    "The address is derived from the checkout's path: move the checkout, or remove that interface."
                )
                raise SandboxError(msg)
