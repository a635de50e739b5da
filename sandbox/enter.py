"""Running commands inside a sandbox: in its network, or on its node."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from sandbox import environment
from sandbox.paths import Sandbox
from sandbox.processes import Processes
from sandbox.steps import SandboxError


def command(sandbox: Sandbox, argv: Sequence[str | Path]) -> list[str]:
    """Return a command that runs another one in the sandbox's network namespace.

    Raises:
        SandboxError: the sandbox is not running.

    """
    if not sandbox.netns_path.exists():
        msg = f"The sandbox of {sandbox.checkout} is not running: start it with make up."
        raise SandboxError(msg)
    return ["nsenter", f"--net={sandbox.netns_path}", "--", *(str(part) for part in argv)]


def run(sandbox: Sandbox, argv: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command as a shell in the sandbox would: its network, its environment, in the checkout.

    Args:
        sandbox: where.
        argv: program and arguments; programs of the sandbox by name.
        options: those of ``subprocess.run``; ``env`` adds to the environment; text is the default.

    """
    env = {**os.environ, **environment.variables(sandbox), **options.pop("env", {})}
    chosen: dict[str, Any] = {"cwd": sandbox.checkout, "text": True, "check": False, **options}
    return cast(subprocess.CompletedProcess[str], subprocess.run(command(sandbox, argv), env=env, **chosen))  # noqa: PLW1510


def node_command(sandbox: Sandbox, argv: Sequence[str | Path]) -> list[str]:
    """Return a command that runs another one on the node: its network and its mounts (volumes, containers).

    Raises:
        SandboxError: the node is not running.

    """
    holder = Processes(sandbox).pid("node")
    if holder is None:
        msg = f"The node of {sandbox.checkout} is not running: start it with make up."
        raise SandboxError(msg)
    return ["nsenter", f"--mount=/proc/{holder}/ns/mnt", *command(sandbox, argv)[1:]]


def on_node(sandbox: Sandbox, argv: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command on the node; options are those of ``subprocess.run``, with captured text as default."""
    chosen: dict[str, Any] = {"text": True, "capture_output": True, "check": True, **options}
    return cast(subprocess.CompletedProcess[str], subprocess.run(node_command(sandbox, argv), **chosen))  # noqa: PLW1510
