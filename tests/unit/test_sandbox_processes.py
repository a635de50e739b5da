import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import processes, teardown
from sandbox.locks import exclusive, locked
from sandbox.paths import Sandbox
from sandbox.processes import Processes, Record, boot_id, started
from sandbox.steps import SandboxError


def record(pid: int) -> Record:
    start = started(pid)
    assert start is not None
    return Record(pid, start, boot_id(), "")


def test_a_running_process_is_known() -> None:
    assert record(os.getpid()).alive


def test_a_reused_pid_is_not_taken_for_the_process() -> None:
    mine = record(os.getpid())
    assert not replace(mine, start=mine.start - 1).alive


def test_a_pid_of_another_boot_is_not_taken_for_the_process() -> None:
    assert not replace(record(os.getpid()), boot="another").alive


def test_ended_and_unreaped_processes_are_gone() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        running = record(child.pid)
        assert running.alive
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not running.alive  # a zombie
    assert started(child.pid) is None


def test_a_half_written_record_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.paths.STATES", tmp_path)
    known = Processes(Sandbox.of(tmp_path))
    known.folder.mkdir(parents=True)
    for text in ("", "{", '{"pid": 1}', "[]"):
        (known.folder / "etcd.json").write_text(text)
        assert known.record("etcd") is None
        assert known.pid("etcd") is None


def test_stop_ends_a_process_that_ignores_the_polite_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.paths.STATES", tmp_path)
    monkeypatch.setattr(processes, "GRACE", 0.2)
    with subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo; while :; do sleep 0.1; done"], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()
        known = Processes(Sandbox.of(tmp_path))
        monkeypatch.setattr(known, "record", lambda _: record_of_child)
        record_of_child = record(child.pid)
        known.stop("it")
        assert child.wait(timeout=5) == -9


def test_nothing_is_left_of_a_sandbox_that_never_ran(tmp_path: Path) -> None:
    assert teardown.leftovers(Sandbox.of(tmp_path)) == []


def test_a_left_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.paths.STATES", tmp_path)
    sandbox = Sandbox.of(tmp_path)
    sandbox.state.mkdir()
    assert teardown.leftovers(sandbox) == [f"file {sandbox.state}"]


HOLD = """
import sys
from pathlib import Path
from sandbox.locks import exclusive
with exclusive(Path(sys.argv[1])):
    print(flush=True)
    input()
"""


def test_a_second_command_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(SandboxError, match="Another sandbox command is running"), exclusive(tmp_path):
            pass
        other.kill()
        other.wait()
        with exclusive(tmp_path):
            pass


def test_a_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "locks" / "thing"):
            pass
