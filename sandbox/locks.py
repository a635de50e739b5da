"""Locks between processes, by flock: the kernel releases them when their holder ends."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sandbox.steps import SandboxError


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold a lock file; waits while another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def exclusive(folder: Path) -> Generator[None]:
    """Be the only command that changes the sandbox of a checkout.

    The lock is on the checkout itself, so that nothing is left behind.

    Raises:
        SandboxError: another one is running.

    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"Another sandbox command is running for {folder}: wait for it, or end it, then try again."
            raise SandboxError(msg) from error
        yield
    finally:
        os.close(descriptor)
