"""Progress: one aligned line a step, on a terminal and in a log of CI alike."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

NAME_WIDTH = 20
HEARTBEAT = 60.0  # seconds between signs of life where lines cannot be rewritten
LIVE = 0.5  # seconds between rewrites on a terminal
TAIL = 20  # lines of a log that are shown when its command failed


class SandboxError(Exception):
    """An error of the sandbox; the text has its cause and what to do."""


class Step:
    """A running step, shown in one line."""

    def __init__(self, name: str, log: Path) -> None:
        """Take the step's name and the file for the output of its commands."""
        self.name = name
        self.log = log
        self.detail = "…"
        self.result = "done"

    def note(self, result: str) -> None:
        """Set the result, for the final line."""
        self.result = result

    def doing(self, detail: str) -> None:
        """Set the current activity."""
        self.detail = detail

    def run(
        self,
        command: Sequence[str | Path],
        *,
        name: str = "",
        hint: str = "",
        tail: int = TAIL,
        on_line: Callable[[str], None] | None = None,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Run a command with its output in the step's log.

        Args:
            command: program and arguments.
            name: what to call it in messages; the program's name if not given.
            hint: what to do if it fails.
            tail: how many lines of its output are shown if it fails.
            on_line: is given each line of output.
            env: its whole environment; ours if not given.
            cwd: its folder; ours if not given.

        Raises:
            SandboxError: it failed or is not installed; shows the end of its output.

        """
        argv = [str(part) for part in command]
        name = name or argv[0]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a") as log:
            print("$", *argv, file=log, flush=True)
            start = log.tell()
            try:
                process = subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    env=env, cwd=cwd, text=True, errors="replace",
                )  # fmt: skip
            except FileNotFoundError as error:
                msg = f"{name}: {error.filename} does not exist. {hint}".strip()
                raise SandboxError(msg) from error
            with process:
                for line in process.stdout or ():
                    log.write(line)
                    log.flush()
                    if on_line:
                        on_line(line.rstrip())
        if process.returncode:
            with self.log.open() as log:
                log.seek(start)
                shown = "".join(f"    {line}" for line in log.readlines()[-tail:])
            msg = f"{name} ended with exit code {process.returncode}:\n{shown}  Whole log: {self.log}"
            raise SandboxError(f"{msg}\n  {hint}" if hint else msg)


@dataclass(frozen=True)
class Ended:
    """A step that ended.

    Attributes:
        name: what its line begins with.
        seconds: how long it took.
        beside: whether it ran beside others, so that its time is in theirs.
    """

    name: str
    seconds: float
    beside: bool


class Progress:
    """Prints steps. One object a command; threads may run steps at the same time where lines are not rewritten."""

    def __init__(self, logs: Path) -> None:
        """Take the folder for the steps' logs."""
        self.logs = logs
        self.live = sys.stdout.isatty()
        self.lock = threading.Lock()
        self.ended: list[Ended] = []

    @contextmanager
    def step(self, name: str, *, live: bool = True) -> Generator[Step]:
        """Show a step from start to end.

        Args:
            name: what the line begins with, and its log's name.
            live: whether a terminal shows it while it runs; not for a step beside another.

        """
        log = self.logs / f"{name.replace(' ', '-')}.log"
        log.unlink(missing_ok=True)
        step = Step(name, log)
        started = time.monotonic()
        ticker = _Ticker(lambda beat: self._running(step, started, beat), LIVE if self.live else HEARTBEAT)
        with ticker if live or not self.live else nullcontext():
            try:
                yield step
            except BaseException as error:
                step.result = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
                self._line(step, step.result, started, end="\n")
                raise
        self.ended.append(Ended(name, time.monotonic() - started, beside=not live))
        self._line(step, step.result, started, end="\n")

    def say(self, text: str = "") -> None:
        """Print text as it is."""
        with self.lock:
            print(text, flush=True)

    def _running(self, step: Step, started: float, beat: int) -> None:
        if self.live:
            self._line(step, step.detail, started, end="")
        else:
            self._line(step, step.detail if beat == 0 else f"still running: {step.detail}", started, end="\n")

    def _line(self, step: Step, text: str, started: float, *, end: str) -> None:
        line = f"  {step.name:<{NAME_WIDTH}} {time.monotonic() - started:7.1f} s  {text}"
        if self.live:
            width = shutil.get_terminal_size().columns - 1  # a line that wraps could not be rewritten
            line = "\r\x1b[K" + (line if end else line[:width])
        with self.lock:
            print(line, end=end, flush=True)


class _Ticker:
    """Calls a function soon after the start, then again and again, until the end."""

    FIRST = 2.0  # seconds: shorter steps need no line for their start

    def __init__(self, tick: Callable[[int], None], period: float) -> None:
        self.tick = tick
        self.period = period
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._loop, daemon=True)

    def _loop(self) -> None:
        beat = 0
        wait = min(self.FIRST, self.period)
        while not self.ended.wait(wait):
            self.tick(beat)
            beat, wait = beat + 1, self.period

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self.thread.join()
