"""``down`` and ``reboot``: ending everything that belongs to a sandbox, also after a failure."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from sandbox import cgroups, enter, network
from sandbox.cluster import Cluster
from sandbox.paths import STATES, Sandbox
from sandbox.processes import Processes
from sandbox.steps import Progress, SandboxError, Step

CNI_RESULTS = Path("/var/lib/cni/results")  # libcni's cache; its place cannot be configured


def leftovers(sandbox: Sandbox) -> list[str]:
    """Return all traces of the sandbox on this machine but the cache, one per line; none after ``down``."""
    left = [f"process {pid} ({_name(pid)})" for pid in sorted(_processes(sandbox))]
    left += [f"mount {target}" for target in _mounts(sandbox)]
    left += [f"loop device {device} on {image}" for device, image in _loops(sandbox)]
    left += [f"cgroup {folder}" for folder in cgroups.folders(sandbox.cgroup)]
    if Path("/sys/class/net", sandbox.veth).exists():
        left.append(f"interface {sandbox.veth}")
    if sandbox.netns_path.exists():
        left.append(f"network namespace {sandbox.netns}")
    left += [f"file {path}" for path in (sandbox.state, *_cni_results(sandbox)) if path.exists()]
    return left


def down(sandbox: Sandbox, progress: Progress) -> None:
    """Remove the sandbox, also an incomplete one.

    Raises:
        SandboxError: with everything that could not be removed.

    """
    with progress.step("processes") as step:
        _kill(sandbox, step)
    with progress.step("mounts and disks") as step:
        _release(sandbox, step)
    with progress.step("network") as step:
        existed = network.is_up(sandbox)
        network.down(sandbox)
        step.note("removed" if existed else "nothing to do")
    with progress.step("files") as step:
        existed = sandbox.state.exists()
        _delete_files(sandbox)
        step.note(f"removed {sandbox.state}" if existed else "nothing to do")
    if left := leftovers(sandbox):
        raise SandboxError("These could not be removed:\n    " + "\n    ".join(left) + "\n  Run make down again.")


def power_cut(sandbox: Sandbox, step: Step) -> None:
    """End the node as a power cut would: processes are killed, and data that are not on a disk are lost."""
    if Processes(sandbox).pid("node"):
        for volume in sorted(path for path in sandbox.volumes.iterdir() if path.is_dir()):
            # The file system is shut down: data that were written but not synced never reach the disk.
            enter.on_node(sandbox, ["xfs_io", "-x", "-c", "shutdown", volume], check=False)
    _kill(sandbox, step)
    ended = step.result
    _release(sandbox, step)
    network.down(sandbox)
    step.note(ended)


def reboot(cluster: Cluster, progress: Progress) -> None:
    """Cut the node's power and start it again. Pods and their data must recover by themselves."""
    sandbox = cluster.sandbox
    if not sandbox.pki.exists():
        msg = "There is no sandbox to reboot: start it with make up."
        raise SandboxError(msg)
    with progress.step("power cut") as step:
        power_cut(sandbox, step)
    with progress.step("network") as step:
        network.up(sandbox, step)
    with progress.step("node") as step:
        cluster.boot(step)
    with progress.step("cluster") as step:
        cluster.start(step)


def _kill(sandbox: Sandbox, step: Step) -> None:
    pids = _processes(sandbox)
    cgroups.kill(sandbox.cgroup)
    cgroups.remove(sandbox.cgroup)
    step.note(f"{len(pids)} ended" if pids else "nothing to do")


def _release(sandbox: Sandbox, step: Step) -> None:
    """Unmount and detach what did not end with the node's mount namespace."""
    mounts = _mounts(sandbox)
    for target in reversed(mounts):
        step.run(["umount", "--lazy", target])
    loops = _loops(sandbox)
    for device, _ in loops:
        step.run(["losetup", "--detach", device])
    step.note(f"{len(mounts) + len(loops)} released" if mounts or loops else "nothing to do")


def _delete_files(sandbox: Sandbox) -> None:
    for path in _cni_results(sandbox):
        path.unlink(missing_ok=True)
    shutil.rmtree(sandbox.state, ignore_errors=True)
    for folder in (STATES, CNI_RESULTS, CNI_RESULTS.parent):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _processes(sandbox: Sandbox) -> set[int]:
    return cgroups.members(sandbox.cgroup)


def _mounts(sandbox: Sandbox) -> list[str]:
    targets = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [target for target in targets if Path(target).is_relative_to(sandbox.state)]


def _loops(sandbox: Sandbox) -> list[tuple[str, str]]:
    shown = subprocess.run(
        ["losetup", "--json", "--list", "--output", "NAME,BACK-FILE"], capture_output=True, text=True, check=True
    )
    devices: list[dict[str, Any]] = json.loads(shown.stdout or '{"loopdevices": []}')["loopdevices"]
    pairs = [(str(device["name"]), str(device["back-file"])) for device in devices]
    return [pair for pair in pairs if pair[1].startswith(f"{sandbox.state}/")]


def _cni_results(sandbox: Sandbox) -> list[Path]:
    return sorted(CNI_RESULTS.glob(f"{sandbox.netns}-*"))


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "ended"
