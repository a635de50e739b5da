"""The cgroups of the sandbox's processes, by which they are identified and containers are limited.

With cgroup v2 there is one hierarchy; with v1 one for each controller, and a process is in all of them.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox.steps import SandboxError

LEAF = "host"  # of the node's own processes: in v2 a cgroup with children cannot contain processes itself
DEADLINE = 30.0  # seconds within which killed processes must disappear


def hierarchies() -> list[Path]:
    """Return the mount point of each hierarchy."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return sorted({Path(fields[1]) for fields in mounts if fields[2] in {"cgroup", "cgroup2"}})


def create(cgroup: str) -> None:
    """Create a cgroup, and in it the one of the node's own processes, in every hierarchy."""
    for root in hierarchies():
        top = root / cgroup.lstrip("/")
        if (root / "cgroup.controllers").exists():
            _delegate(root)
            top.mkdir(exist_ok=True)
            _delegate(top)
        else:
            top.mkdir(exist_ok=True)
        (top / LEAF).mkdir(exist_ok=True)
        for folder in (top, top / LEAF):
            for name in (
                "cpuset.cpus",
                "cpuset.mems",
            ):  # v1: they are empty in a new one, which then accepts no process
                if (folder / name).exists() and not (folder / name).read_text().strip():
                    (folder / name).write_text((folder.parent / name).read_text())


def joins(cgroup: str) -> list[Path]:
    """Return the files to which a process writes its id to join the node's own processes."""
    return [root / cgroup.lstrip("/") / LEAF / "cgroup.procs" for root in hierarchies()]


def members(cgroup: str) -> set[int]:
    """Return the ids of all processes in a cgroup and below it."""
    ids: set[int] = set()
    for folder in folders(cgroup):
        with contextlib.suppress(OSError):  # removed meanwhile
            ids.update(int(line) for line in (folder / "cgroup.procs").read_text().split())
    return ids - {0}


def folders(cgroup: str) -> Iterator[Path]:
    """Yield every folder of a cgroup in every hierarchy, the deepest first."""
    for root in hierarchies():
        top = root / cgroup.lstrip("/")
        for path, _, _ in os.walk(top, topdown=False):
            yield Path(path)


def kill(cgroup: str) -> None:
    """Kill every process in a cgroup and below it, as a power cut would, and wait until they are gone.

    Raises:
        SandboxError: some do not end.

    """
    end = time.monotonic() + DEADLINE
    while pids := members(cgroup):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > end:
            msg = f"Processes do not end: {', '.join(map(str, sorted(pids)))}. Check /proc/PID/stack, then reboot."
            raise SandboxError(msg)
        time.sleep(0.05)


def remove(cgroup: str) -> None:
    """Remove an emptied cgroup; the kernel may need a moment to release the processes.

    Raises:
        SandboxError: it is still in use.

    """
    end = time.monotonic() + DEADLINE
    while left := list(folders(cgroup)):
        for folder in left:
            with contextlib.suppress(OSError):
                folder.rmdir()
        if time.monotonic() > end:
            msg = f"Cgroup {left[0]} is still in use."
            raise SandboxError(msg)
        time.sleep(0.05)


def _delegate(folder: Path) -> None:
    offered = (folder / "cgroup.controllers").read_text().split()
    for controller in offered:
        with contextlib.suppress(OSError):  # one that cannot be delegated here; the kubelet fails if it needs it
            (folder / "cgroup.subtree_control").write_text(f"+{controller}")
