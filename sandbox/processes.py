"""The node's processes: started in its namespaces and cgroups, known by pid, start time and boot.

A pid alone may belong to another process by now; together with the time at which it started it cannot.
"""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox import cgroups
from sandbox.environment import NO_PROXY
from sandbox.paths import PACKAGE, Sandbox
from sandbox.steps import SandboxError

START = PACKAGE / "cluster" / "start.sh"
GRACE = 10.0  # seconds to end by itself before it is killed


@dataclass(frozen=True)
class Record:
    """What is remembered of a started process."""

    pid: int
    start: int  # clock ticks since boot
    boot: str
    inputs: str  # hash of its command and configuration

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return self.boot == boot_id() and started(self.pid) == self.start

    @property
    def time(self) -> float:
        """When it started, in seconds since 1970."""
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        return time.time() - uptime + self.start / os.sysconf("SC_CLK_TCK")


def boot_id() -> str:
    """Return what identifies the machine's present boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def started(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot; None if it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[19])


class Processes:
    """Starts, finds and stops the processes of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Take the sandbox; its records are in ``run/`` below the state folder."""
        self.sandbox = sandbox
        self.folder = sandbox.state / "run"

    def record(self, name: str) -> Record | None:
        """Return what is known of a process; None if it was never started, or the record is not whole."""
        try:
            return Record(**json.loads((self.folder / f"{name}.json").read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def pid(self, name: str) -> int | None:
        """Return the pid of a process that runs, else None."""
        record = self.record(name)
        return record.pid if record and record.alive else None

    def ensure(
        self, name: str, command: Sequence[str | Path], *, reads: Sequence[Path] = (), env: dict[str, str] | None = None
    ) -> bool:
        """Run a process unless it runs already with the same command and the same content of the files it reads.

        Returns:
            Whether it was started now.

        """
        argv = [str(part) for part in command]
        inputs = hashlib.sha256("\0".join(argv).encode())
        for path in reads:
            inputs.update(path.read_bytes())
        record = self.record(name)
        if record and record.alive:
            if record.inputs == inputs.hexdigest():
                return False
            self.stop(name)
        holder = self.pid("node")
        if holder is None:
            msg = "The node's namespaces are gone: run make up."
            raise SandboxError(msg)
        enter = [f"--mount=/proc/{holder}/ns/mnt", f"--net={self.sandbox.netns_path}", "--", *argv]
        self._start(name, enter, inputs.hexdigest(), env)
        return True

    def hold(self, command: Sequence[str | Path]) -> None:
        """Start the process whose mount namespace is the node's."""
        self._start("node", ["--", *(str(part) for part in command)], "", None)

    def _start(self, name: str, enter: list[str], inputs: str, env: dict[str, str] | None) -> None:
        joins = " ".join(str(path) for path in cgroups.joins(self.sandbox.cgroup))
        self.sandbox.logs.mkdir(parents=True, exist_ok=True)
        with (self.sandbox.logs / f"{name}.log").open("a") as log:
            process = subprocess.Popen(
                ["sh", str(START), joins, *enter],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **NO_PROXY, **(env or {})},
                cwd="/",
            )
        start = started(process.pid)
        if start is None:
            msg = f"{name} ended at once: see {self.sandbox.logs / f'{name}.log'}."
            raise SandboxError(msg)
        record = Record(process.pid, start, boot_id(), inputs)
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".{name}.tmp"
        temporary.write_text(json.dumps(asdict(record)))
        temporary.replace(self.folder / f"{name}.json")

    def stop(self, name: str) -> None:
        """End a process: politely, then not."""
        record = self.record(name)
        end = time.monotonic() + GRACE
        sent = None
        while record and record.alive:
            wanted = signal.SIGTERM if time.monotonic() < end else signal.SIGKILL
            if wanted is not sent:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(record.pid, wanted)
                sent = wanted
            time.sleep(0.02)

    def tail(self, name: str, lines: int = 15) -> str:
        """Return the end of a process's log."""
        try:
            text = (self.sandbox.logs / f"{name}.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(f"    {line[:300]}" for line in text.splitlines()[-lines:])
