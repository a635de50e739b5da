"""Runs a Pulumi program inside its stack.

The language host writes the run's settings, as JSON, to file descriptor 3: they hold secrets.
"""

import asyncio
import json
import logging
import os
import runpy
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TypedDict

import grpc
import pulumi
from pulumi.runtime import run_in_stack, set_all_config
from pulumi.runtime import settings as runtime

MESSAGE_SHOWN = 32
"""Exit code that tells the language host that the failure has been shown to the user already."""

THREADS_PER_RESOURCE = 4
"""Threads for each resource worked on at once, as the official executor has."""

MOST_THREADS = 512
"""Bound of the threads: the engine's default parallelism may be in the millions."""


class Settings(TypedDict):
    """What the language host knows of the run: the engine's request, with the program's path worked out."""

    project: str
    stack: str
    organization: str
    root_directory: str
    monitor: str
    engine: str
    parallel: int
    dry_run: bool
    pwd: str
    program: str
    args: list[str]
    config: dict[str, str]
    config_secret_keys: list[str]


def run(settings: Settings) -> int:
    """Run the program of the settings and return the process's exit code."""
    runtime.configure(
        runtime.Settings(
            project=settings["project"],
            stack=settings["stack"],
            organization=settings["organization"],
            root_directory=settings["root_directory"],
            monitor=settings["monitor"],
            engine=settings["engine"],
            parallel=settings["parallel"],
            dry_run=settings["dry_run"],
        )
    )
    set_all_config(settings["config"], settings["config_secret_keys"])
    # The program's folder is where it runs and what it imports from first.
    program = settings["program"]
    folder = str(Path(program).parent) if program.endswith(".py") else program
    os.chdir(settings["pwd"])
    sys.path[0:1] = [folder]
    sys.argv = [program, *settings["args"]]
    # A failed resource is reported by the engine: the tasks that wait for it need not say so again.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)

    def main() -> None:
        runpy.run_path(program, run_name="__main__")

    threads = max(settings["parallel"], 1) * THREADS_PER_RESOURCE
    loop = asyncio.new_event_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=min(threads, MOST_THREADS)))
    try:
        loop.run_until_complete(run_in_stack(main))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return MESSAGE_SHOWN
    except Exception as error:  # noqa: BLE001 (whatever the program raises is shown)
        if isinstance(error, grpc.RpcError) and error.code() is grpc.StatusCode.UNAVAILABLE:
            # The engine has gone: it knows why.
            return 0
        pulumi.log.error("Program failed with an unhandled exception:\n" + readable_traceback(error, folder))
        return MESSAGE_SHOWN
    finally:
        close(loop)
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def close(loop: asyncio.AbstractEventLoop) -> None:
    """End what a failed program has left unfinished: asyncio would complain about each task."""
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    for task in pending:
        with suppress(asyncio.CancelledError, Exception):
            loop.run_until_complete(task)
    loop.close()


def readable_traceback(error: Exception, folder: str) -> str:
    """The traceback from the program's first frame on: what leads there says nothing about the mistake."""
    report = traceback.TracebackException.from_exception(error)
    link = report
    while link is not None:
        frames = list(link.stack)
        own = [i for i, f in enumerate(frames) if f.filename.startswith(folder) and "site-packages" not in f.filename]
        if own:
            frames = frames[own[0] :]
        elif isinstance(error, SyntaxError):
            frames = []
        link.stack = traceback.StackSummary.from_list(frames)
        link = link.__cause__ or link.__context__
    return "".join(report.format()).rstrip()


def interrupted(_signal: int, _frame: FrameType | None) -> None:
    """The engine has given up on the program: it has said why, so the program ends without a word."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(MESSAGE_SHOWN)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, interrupted)
    with os.fdopen(3) as pipe:
        given: Settings = json.load(pipe)
    sys.exit(run(given))
