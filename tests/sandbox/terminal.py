"""A terminal, for commands that people run in one."""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.cluster import start


@dataclass
class Terminal:
    """A command that runs in a terminal.

    Attributes:
        screen: all that it has shown.
    """

    descriptor: int
    screen: str = ""
    read: int = 0

    def type(self, line: str) -> None:
        """Type a line and press return."""
        os.write(self.descriptor, f"{line}\n".encode())

    def wait_for(self, pattern: str, seconds: float = 30) -> str:
        """Wait until what comes next matches a pattern; return all that came up to it."""
        end = time.monotonic() + seconds
        while (found := re.search(pattern, self.screen[self.read :])) is None:
            assert time.monotonic() < end, f"no {pattern!r} on the terminal within {seconds} s:\n{self.screen}"
            if select.select([self.descriptor], [], [], 0.2)[0]:
                self.screen += os.read(self.descriptor, 65536).decode(errors="replace")
        shown = self.screen[self.read : self.read + found.end()]
        self.read += found.end()
        return shown


@contextmanager
def terminal(line: str) -> Iterator[Terminal]:
    """Run a line of shell in a terminal in the sandbox."""
    ours, theirs = pty.openpty()
    argv = ["setsid", "--ctty", "bash", "-c", line]
    process = start(*argv, env={"TERM": "dumb"}, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        yield Terminal(ours)
    finally:
        os.close(ours)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
