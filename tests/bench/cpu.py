"""CPU time of a server and of what is run against it, which other work on the machine changes little."""

import contextlib
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """What an action took.

    Attributes:
        seconds: by the clock.
        cpu: seconds of CPU, of the server and of the commands that the action ran.
    """

    seconds: float
    cpu: float

    @property
    def cores(self) -> float:
        """Cores that were in use on average."""
        return self.cpu / self.seconds


def spent(server: int, action: Callable[[], float]) -> Spent:
    """Run an action that returns how many seconds it took; `server` is the pid of the server's first process."""
    before = _used(server)
    seconds = action()
    # What an ended process has used is known once its parent has noticed.
    time.sleep(0.5)
    return Spent(seconds, _used(server) - before)


def _used(server: int) -> float:
    commands = resource.getrusage(resource.RUSAGE_CHILDREN)
    return commands.ru_utime + commands.ru_stime + sum(map(_ticks, _processes(server))) / TICKS


def _processes(server: int) -> list[list[str]]:
    """proc_pid_stat(5) of the server's processes, from the field `state`, the third."""
    processes: list[list[str]] = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # The command's name may contain spaces and brackets.
            fields = file.read_text().rpartition(")")[2].split()
            if server in (int(file.parent.name), int(fields[1])):
                processes.append(fields)
    return processes


def _ticks(fields: list[str]) -> int:
    """Fields 14 to 17: user and system time, and those of ended children."""
    return sum(map(int, fields[11:15]))
