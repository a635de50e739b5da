import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox import apps, containerd, deploy
from sandbox.images import ImageFile
from sandbox.paths import Sandbox
from sandbox.steps import Step


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr("sandbox.paths.STATES", tmp_path / "states")
    return Sandbox.of(tmp_path)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the commands that are run, those of pulumi without its name."""
    commands: list[list[str]] = []

    def run(_sandbox: Sandbox, _step: Step, *arguments: str, **_: Any) -> None:
        commands.append(list(arguments))

    monkeypatch.setattr(deploy, "_pulumi", run)
    monkeypatch.setattr(deploy, "_run", run)
    return commands


def checkpoint(sandbox: Sandbox, pending: int) -> None:
    file = sandbox.state / "pulumi" / ".pulumi" / "stacks" / "lakehouse" / "sandbox.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"pending_operations": [{}] * pending}}}))


def lock(sandbox: Sandbox, pid: int) -> None:
    file = sandbox.state / "pulumi" / ".pulumi" / "locks" / "organization" / "lakehouse" / "sandbox" / "id.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"pid": pid}))


def ready(sandbox: Sandbox, tmp_path: Path) -> str:
    step = Step("stack", tmp_path / "log")
    deploy._ready_stack(sandbox, step)  # pyright: ignore[reportPrivateUsage]
    return step.result


def test_a_new_stack_is_made(sandbox: Sandbox, tmp_path: Path, ran: list[list[str]]) -> None:
    assert ready(sandbox, tmp_path) == "created"
    assert ran[0][:3] == ["stack", "init", "sandbox"]


def test_a_whole_stack_is_left_alone(sandbox: Sandbox, tmp_path: Path, ran: list[list[str]]) -> None:
    checkpoint(sandbox, pending=0)
    assert ready(sandbox, tmp_path) == "unchanged"
    assert ran == []


def test_what_a_killed_run_left_is_cleared(sandbox: Sandbox, tmp_path: Path, ran: list[list[str]]) -> None:
    checkpoint(sandbox, pending=2)
    lock(sandbox, pid=2**22 + 1)  # above the kernel's largest
    assert "2 pending operations" in ready(sandbox, tmp_path)
    assert [command[0] for command in ran] == ["cancel", "kubectl", "refresh"]
    assert ran[1][1:3] == ["delete", "secrets"]
    assert "--clear-pending-creates" in ran[2]


def test_a_lock_whose_pid_is_another_program_now_is_stale(
    sandbox: Sandbox, tmp_path: Path, ran: list[list[str]]
) -> None:
    checkpoint(sandbox, pending=0)
    lock(sandbox, pid=os.getpid())
    ready(sandbox, tmp_path)
    assert [command[0] for command in ran] == ["cancel"]


@pytest.mark.parametrize(
    ("line", "verb", "name"),
    [
        (" +  kubernetes:core/v1:Secret airbyte-database created (0.10s)", "created", "airbyte-database"),
        (" ~  kubernetes:helm.sh/v3:Release dagster updating (1s) [diff: ~values]", "updating", "dagster"),
        (" -  random:index:RandomPassword old deleted (0s)", "deleted", "old"),
        (" +- kubernetes:batch/v1:Job bootstrap replaced (0s)", "replaced", "bootstrap"),
        (" ++ kubernetes:batch/v1:Job bootstrap created replacement (0s)", "created", "bootstrap"),
    ],
)
def test_events_of_pulumi_are_understood(line: str, verb: str, name: str) -> None:
    event = deploy.EVENT.match(line)
    assert event
    assert (event["verb"], event["name"]) == (verb, name)


def test_other_output_of_pulumi_is_no_event() -> None:
    for line in ("Updating (sandbox):", "    + 34 created", "    pulumi:pulumi:Stack lakehouse  warning: x", ""):
        assert deploy.EVENT.match(line) is None


def service(name: str, node_port: int | None) -> dict[str, Any]:
    port = {"port": 80} if node_port is None else {"port": 80, "nodePort": node_port}
    return {"metadata": {"name": name}, "spec": {"ports": [port]}}


def test_addresses_are_those_of_node_ports(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    services = [
        service("dagster-dagster-webserver", 30001),
        service("airbyte-airbyte-server-svc", None),
        service("dagster-postgresql", 30003),
    ]
    monkeypatch.setattr(apps, "_objects", lambda _sandbox, _kind: services)
    assert {app.name: url for app, url in apps.addresses(sandbox).items()} == {
        "Dagster": f"http://{sandbox.address}:30001"
    }


def test_only_new_images_are_imported(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.state.mkdir(parents=True)
    there: list[str] = []
    monkeypatch.setattr(containerd, "ctr", lambda _sandbox, *arguments: ["echo", *map(str, arguments)])
    monkeypatch.setattr(
        subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout="\n".join(there), stderr="")
    )  # fmt: skip

    def imported(*files: ImageFile) -> str:
        step = Step("import", tmp_path / "log")
        containerd.import_images(sandbox, list(files), step)
        return step.result

    old, new = (ImageFile(tmp_path / f"postgres-{key}.tar", ["postgres:17"]) for key in ("aaa", "bbb"))
    assert imported(old) == "imported postgres"
    there.append("postgres:17")
    assert imported(old) == "unchanged"
    assert imported(new) == "imported postgres"  # the same name, made anew
    there.clear()
    assert imported(new) == "imported postgres"  # containerd lost it
