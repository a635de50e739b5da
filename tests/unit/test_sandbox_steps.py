import re
import sys
from pathlib import Path

import pytest

from sandbox import steps
from sandbox.steps import Progress, SandboxError


def test_lines_are_aligned_and_say_how_long(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(tmp_path)
    with progress.step("packages") as step:
        step.note("unchanged")
    with progress.step("tool kubernetes") as step:
        step.note("built, 485 MB")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"  packages +\d+\.\d s  unchanged", lines[0])
    assert lines[0].index("unchanged") == lines[1].index("built")


def test_a_long_step_shows_signs_of_life(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "HEARTBEAT", 0.05)
    with Progress(tmp_path).step("slow") as step:
        step.run(
            [sys.executable, "-c", "import time; print('compiling', flush=True); time.sleep(0.4)"], on_line=step.doing
        )
    shown = capsys.readouterr().out
    assert "still running: compiling" in shown
    assert "\x1b" not in shown


def test_a_failure_shows_the_end_of_the_log_and_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = "import sys; [print('line', n) for n in range(100)]; sys.exit(3)"
    with pytest.raises(SandboxError) as caught, Progress(tmp_path).step("broken") as step:
        step.run([sys.executable, "-c", program], name="the thing", hint="Try again.", tail=5)
    text = str(caught.value)
    assert text.startswith("the thing ended with exit code 3:")
    assert "line 99" in text
    assert "line 94" not in text
    assert text.endswith("Try again.")
    assert (tmp_path / "broken.log").read_text().count("line") == 101  # the command itself says it once
    assert "failed" in capsys.readouterr().out


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(SandboxError, match=r"nosuchprogram does not exist\. Install it\."),
        Progress(tmp_path).step("x") as step,
    ):
        step.run(["nosuchprogram"], hint="Install it.")


def test_a_log_holds_the_last_run_only(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    for text in ("first", "second"):
        with progress.step("say") as step:
            step.run(["echo", text])
    assert (tmp_path / "say.log").read_text() == "$ echo second\nsecond\n"


def test_steps_that_ended_are_kept_with_their_time(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    with progress.step("one"):
        pass
    with progress.step("two", live=False):
        pass
    with pytest.raises(SandboxError), progress.step("three"):
        raise SandboxError
    assert [(step.name, step.beside) for step in progress.ended] == [("one", False), ("two", True)]
    assert all(step.seconds >= 0 for step in progress.ended)
