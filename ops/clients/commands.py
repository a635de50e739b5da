"""Commands of other programs: run, with their output or the end of it in the failure."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.clients.failure import Failure

_SHOWN_LINES = 30


def output(command: Sequence[str], *, given: str | None = None, env: Mapping[str, str] | None = None) -> str:
    """Standard output of a command.

    Args:
        command: the program and its arguments.
        given: text for its standard input.
        env: its environment; None for this process's.

    Raises:
        Failure: it is not installed, or failed.
    """
    try:
        done = subprocess.run(command, input=given, env=env, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Failure(f"{command[0]} is not installed") from None
    if done.returncode:
        raise Failure(f"{' '.join(command[:3])} … failed: {_end(done.stderr or done.stdout)}")
    return done.stdout


def logged(command: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None) -> None:
    """Run a command whose output goes to a file.

    Raises:
        Failure: it failed; with the last lines of its output.
    """
    with log.open("w") as file:
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False)
    if done.returncode:
        raise Failure(f"{' '.join(command[:2])} failed:\n{_end(log.read_text())}")


def _end(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_SHOWN_LINES:])
