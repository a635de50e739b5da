"""Running the Pulumi program on the sandbox's cluster, also after an interrupted run."""

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

from sandbox import apps, enter, environment
from sandbox.paths import PACKAGE, Sandbox
from sandbox.processes import started
from sandbox.steps import Progress, SandboxError, Step

STACK = "sandbox"
UP = ["--yes", "--skip-preview", "--non-interactive", "--color=never", "--suppress-progress", "--suppress-outputs"]
HINT = "For details, run make shell, then kubectl get pods -A. Once the cause is fixed, run make up again."
UNFINISHED_RELEASES = "owner=helm,status notin (deployed, superseded)"
# ` +  kubernetes:core/v1:Secret airbyte-database created (0.1s)`
EVENT = re.compile(r"^ [-+~]{1,2} +(?P<type>\S+) (?P<name>\S+) (?P<verb>creating|created|updat\w+|delet\w+|replac\w+)")


def deploy(sandbox: Sandbox, progress: Progress) -> None:
    """Run ``pulumi up`` on the sandbox's stack and wait until the apps respond.

    Raises:
        SandboxError: it failed; shows the end of its output.

    """
    prepare(sandbox)
    with progress.step("stack") as step:
        _ready_stack(sandbox, step)
    with progress.step("pulumi up") as step:
        _up(sandbox, step)
    with progress.step("apps") as step:
        apps.wait(sandbox, step)


def prepare(sandbox: Sandbox) -> None:
    """Create the folders of Pulumi's state, and the file with its passphrase.

    The passphrase is the same for every sandbox, because Pulumi stores its salt in the committed stack file. Only root
    can read the state, and ``make down`` deletes it with all passwords in it.
    """
    for name in ("pulumi", "pulumi-home"):
        (sandbox.state / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    passphrase = sandbox.state / "passphrase"
    if not passphrase.exists():
        passphrase.write_text((PACKAGE / "cluster" / "passphrase").read_text())
        passphrase.chmod(0o600)


def outputs(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """Return the stack's outputs, secrets masked; nothing if it is not deployed."""
    done = enter.run(sandbox, ["pulumi", "stack", "output", "--stack", STACK, "--json"], capture_output=True)
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout.strip() else {}


def _pulumi(sandbox: Sandbox, step: Step, *arguments: str, **options: Any) -> None:
    _run(sandbox, step, "pulumi", *arguments, **options)


def _run(sandbox: Sandbox, step: Step, *argv: str, **options: Any) -> None:
    env = {**os.environ, **environment.variables(sandbox)}
    name = " ".join(argv[:2])
    step.run(enter.command(sandbox, argv), name=name, tail=60, env=env, cwd=sandbox.checkout, **options)


def _ready_stack(sandbox: Sandbox, step: Step) -> None:
    """Create the stack, or remove the lock and the pending operations of a killed run."""
    changes: list[str] = []
    if not any((sandbox.state / "pulumi").rglob(f"stacks/*/{STACK}.json")):
        _pulumi(sandbox, step, "stack", "init", STACK, "--non-interactive")
        changes.append("created")
    for lock in (sandbox.state / "pulumi").rglob(f"locks/*/*/{STACK}/*.json"):
        holder = _holder(lock)
        if holder:
            msg = f"pulumi is already running on the stack (process {holder}): wait for it, or end it, then try again."
            raise SandboxError(msg)
        _pulumi(sandbox, step, "cancel", "--yes", "--stack", STACK)
        changes.append("lock of a killed run removed")
        break
    if pending := _pending(sandbox):
        # No other run is active: Helm would refuse a release with a pending operation.
        _run(sandbox, step, "kubectl", "delete", "secrets", "--all-namespaces", "--selector", UNFINISHED_RELEASES)
        _pulumi(sandbox, step, "refresh", "--clear-pending-creates", "--stack", STACK, *UP, hint=HINT)
        changes.append(f"{pending} pending operations cleared")
    step.note(", ".join(changes) or "unchanged")


def _holder(lock: Path) -> int | None:
    """Return the process that holds a lock, None if it has ended."""
    try:
        pid = int(json.loads(lock.read_text())["pid"])
        # A killed process is a zombie until its parent waits for it.
        runs = started(pid) is not None and Path(f"/proc/{pid}/comm").read_text().strip() == "pulumi"
        return pid if runs else None
    except (OSError, ValueError, KeyError):
        return None


def _pending(sandbox: Sandbox) -> int:
    for file in (sandbox.state / "pulumi").rglob(f"stacks/*/{STACK}.json"):
        latest: dict[str, list[Any]] = json.loads(file.read_text())["checkpoint"].get("latest") or {}
        return len(latest.get("pending_operations") or [])
    return 0


def _up(sandbox: Sandbox, step: Step) -> None:
    done: Counter[str] = Counter()

    def on_line(line: str) -> None:
        if event := EVENT.match(line):
            step.doing(f"{event['verb']} {event['name']}")
            done[event["verb"]] += 1

    _pulumi(sandbox, step, "up", "--stack", STACK, *UP, on_line=on_line, hint=HINT)
    changes = [f"{done[verb]} {verb}" for verb in ("created", "updated", "replaced", "deleted") if done[verb]]
    step.note(", ".join(changes) or "nothing to change")
