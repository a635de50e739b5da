"""A stack of the checkout's program on the sandbox's cluster, used as people do: by the Pulumi command line."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sandbox.processes import started
from tests.sandbox import events
from tests.sandbox.events import Step
from tests.support.cluster import SANDBOX, described, ok, run, start
from tests.support.stacks import ROOT

UP_SECONDS = 540
QUIET = ("--non-interactive", "--color=never")
AT_ONCE = ("--yes", "--skip-preview", "--suppress-progress", "--suppress-outputs")


@dataclass(frozen=True)
class Outcome:
    """What a Pulumi command said and did."""

    done: subprocess.CompletedProcess[str]
    events: list[dict[str, Any]]
    seconds: float

    @property
    def text(self) -> str:
        """All that it printed."""
        return self.done.stdout + self.done.stderr

    @property
    def diagnostics(self) -> str:
        """What it printed at its end of errors and warnings."""
        return self.text.rpartition("\nDiagnostics:\n")[2]

    @property
    def changes(self) -> list[Step]:
        """What it changed, or would."""
        return events.changes(self.events)

    def check(self) -> "Outcome":
        """Return the outcome of a command that must have succeeded."""
        assert self.done.returncode == 0, described(self.done)
        return self


@dataclass
class Stack:
    """One stack and its file.

    Attributes:
        name: name of the stack.
        folder: where its event logs go, and its file if it is not one of the checkout's.
        file: its stack file.
    """

    name: str
    folder: Path
    file: Path
    counter: "itertools.count[int]" = field(default_factory=itertools.count)

    @classmethod
    def of_checkout(cls, name: str, folder: Path) -> "Stack":
        """A stack whose file is in the checkout."""
        return cls(name, folder, ROOT / f"Pulumi.{name}.yaml")

    @classmethod
    def made_from(cls, source: Path, folder: Path, name: str = "") -> "Stack":
        """Make a new stack from a stack file that is somewhere else; the checkout stays as it is."""
        name = name or source.stem
        shutil.copy(ROOT / "Pulumi.yaml", folder / "Pulumi.yaml")
        stack = cls(name, folder, folder / f"Pulumi.{name}.yaml")
        shutil.copy(source, stack.file)
        # Pulumi writes the salt of the new stack's encryption into the file in its working folder.
        ok("pulumi", "stack", "init", name, "--no-select", "--cwd", str(folder), *QUIET)
        return stack

    def set(self, path: str, value: Any) -> None:
        """Write one setting into the stack file; `path` is its dotted path, and None removes it."""
        document = yaml.safe_load(self.file.read_text())
        *above, last = f"lakehouse:{path}".split(".")
        where = document["config"]
        for part in above:
            where = where.setdefault(part, {})
        if value is None:
            where.pop(last, None)
        else:
            where[last] = value
        temporary = self.file.with_suffix(".tmp")
        temporary.write_text(yaml.safe_dump(document, sort_keys=False))
        temporary.replace(self.file)

    def preview(self, *flags: str) -> Outcome:
        """Run `pulumi preview`."""
        return self._run("preview", *flags)

    def up(self, *flags: str) -> Outcome:
        """Run `pulumi up` without asking."""
        return self._run("up", *AT_ONCE, *flags)

    def refresh(self, *flags: str) -> Outcome:
        """Run `pulumi refresh` without asking."""
        return self._run("refresh", *AT_ONCE, *flags)

    def destroy(self, *, previewed: bool = False) -> Outcome:
        """Run `pulumi destroy` without asking; `previewed`, as people do, with a preview first."""
        flags = [flag for flag in AT_ONCE if not (previewed and flag == "--skip-preview")]
        return self._run("destroy", *flags)

    def cancel(self) -> None:
        """Take away the lock of a command that was killed, as people do before they go on."""
        ok("pulumi", "cancel", "--yes", "--stack", self.name, *QUIET)

    def up_killed(self, when: Callable[[list[Step]], bool], *, group: bool) -> list[Step]:
        """Start `pulumi up` and kill it with SIGKILL as soon as its steps so far satisfy `when`.

        Args:
            when: is given the steps that were begun.
            group: whether all that it started is killed with it, or Pulumi alone, whose plugins then see that it is
                gone and end what they do.

        Returns:
            The steps that were begun.
        """
        log, argv, env = self._command("up", *AT_ONCE)
        process = start(*argv, env=env, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        end = time.monotonic() + UP_SECONDS
        while not when(events.steps(events.read(log))):
            assert process.poll() is None, f"pulumi ended before it was killed:\n{process.communicate()[0]}"
            assert time.monotonic() < end, "pulumi never came to where it was to be killed"
            time.sleep(0.05)
        # nsenter has become pulumi: same process.
        # Plugins are in process groups of their own.
        doomed = [process.pid, *(descendants(process.pid) if group else [])]
        for pid in doomed:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        return events.steps(events.read(log))

    def outputs(self, *, secrets: bool = False) -> dict[str, dict[str, Any]]:
        """The stack's outputs."""
        flags = ["--show-secrets"] if secrets else []
        return json.loads(ok("pulumi", "stack", "output", "--stack", self.name, "--json", *flags))

    def export(self, *, secrets: bool = False) -> str:
        """The stack's state, as `pulumi stack export` writes it."""
        return ok("pulumi", "stack", "export", "--stack", self.name, *(["--show-secrets"] if secrets else []))

    def resources(self, *, secrets: bool = False) -> list[dict[str, Any]]:
        """The resources in the stack's state."""
        return json.loads(self.export(secrets=secrets))["deployment"].get("resources", [])

    def _run(self, command: str, *flags: str) -> Outcome:
        log, argv, env = self._command(command, *flags)
        started = time.monotonic()
        done = run(*argv, env=env, seconds=UP_SECONDS)
        return Outcome(done, events.read(log), time.monotonic() - started)

    def _command(self, command: str, *flags: str) -> tuple[Path, list[str], dict[str, str]]:
        log = self.folder / f"{self.name}-{next(self.counter)}-{command}.events"
        argv = ["pulumi", command, "--stack", self.name, "--config-file", str(self.file), *QUIET, *flags]
        # The event log is behind this switch.
        return log, [*argv, "--event-log", str(log)], {"PULUMI_DEBUG_COMMANDS": "true"}


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for it in found:
        found += [child for child, parent in parents.items() if parent == it]
    return found[1:]


def remove(name: str, namespaces: Sequence[str]) -> None:
    """Remove a stack with all that it ever made, whatever state it is in, by taking its namespaces away."""
    for pid in lock_holders(name):  # of a test run that was interrupted
        os.kill(pid, signal.SIGKILL)
    ok("kubectl", "delete", "namespace", *namespaces, "--ignore-not-found", "--timeout=180s")
    if any((SANDBOX.state / "pulumi").rglob(f"stacks/*/{name}.json")):
        ok("pulumi", "cancel", "--yes", "--stack", name, *QUIET)
        ok("pulumi", "stack", "rm", name, "--force", "--yes", "--preserve-config", *QUIET)


def lock_holders(name: str) -> list[int]:
    """The Pulumi processes that are at work on a stack."""
    found: list[int] = []
    for lock in (SANDBOX.state / "pulumi").rglob(f"locks/*/*/{name}/*.json"):
        try:
            pid = int(json.loads(lock.read_text())["pid"])
            if started(pid) is not None and Path(f"/proc/{pid}/comm").read_text().strip() == "pulumi":
                found.append(pid)
        except (OSError, ValueError):
            continue  # gone, or just being written
    return found
