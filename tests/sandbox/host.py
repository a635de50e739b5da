"""Containers as the host sees them: their processes."""

from pathlib import Path

from sandbox import cgroups
from tests.support.cluster import SANDBOX, DatabasePod


def first_process(pod: DatabasePod, program: str) -> int:
    """The host's pid of the process with pid 1 in a container of the pod that runs `program`.

    Raises:
        LookupError: there is none, or more than one.
    """
    found = pod.object()
    uid = found["metadata"]["uid"] if found else "no such pod"
    pids = {pid for folder in cgroups.folders(SANDBOX.cgroup) if uid in str(folder) for pid in _processes(folder)}
    first = [pid for pid in sorted(pids) if _comm(pid) == program and _pid_inside(pid) == 1]
    if len(first) != 1:
        raise LookupError(f"{program} as pid 1 in pod {pod.name}: {first} of {[(p, _comm(p)) for p in sorted(pids)]}")
    return first[0]


def _processes(cgroup: Path) -> list[int]:
    try:
        return [int(line) for line in (cgroup / "cgroup.procs").read_text().split()]
    except OSError:
        return []  # removed meanwhile


def _comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "ended"


def _pid_inside(pid: int) -> int:
    """The pid in the process's innermost pid namespace."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    return 0
