"""What a move changes, step by step and back, is what was reviewed: nothing that holds data goes before its time."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.plan.test_plan import difference
from tests.support.changes import changes
from tests.support.recording import GENERATED
from tests.support.stacks import plan

REVIEWED = Path(__file__).with_name("moves")
EMBEDDED = {"mode": "embedded"}
EXISTING = {
    "mode": "standalone",
    "server": {"kind": "existing", "host": "db.example.com", "tls": "require", "admin": {"secretName": "db-admin"}},
}
# File by file: what the stack file said, and what it says then.
STEPS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "embedded-to-existing-1-move": (
        {"postgresql": EMBEDDED},
        {"postgresql": EXISTING, "moveFrom": EMBEDDED},
    ),
    "embedded-to-existing-2-let-go": (
        {"postgresql": EXISTING, "moveFrom": EMBEDDED},
        {"postgresql": EXISTING},
    ),
    "existing-to-embedded-1-move": (
        {"postgresql": EXISTING},
        {"postgresql": EMBEDDED, "moveFrom": EXISTING},
    ),
    "existing-to-embedded-2-let-go": (
        {"postgresql": EMBEDDED, "moveFrom": EXISTING},
        {"postgresql": EMBEDDED},
    ),
    "embedded-to-existing-turned-back": (
        {"postgresql": EXISTING, "moveFrom": EMBEDDED},
        {"postgresql": EMBEDDED},
    ),
}


@pytest.mark.parametrize("step", STEPS)
def test_step_changes_what_was_reviewed(step: str) -> None:
    before, after = STEPS[step]
    file = REVIEWED / f"{step}.txt"
    now = changes(plan(**before), plan(**after))
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        file.write_text(now)
    reviewed = file.read_text() if file.exists() else ""
    if told := difference(file.name, reviewed, now):
        pytest.fail(f"{step} does not change what was reviewed\n{told}", pytrace=False)


@pytest.mark.parametrize("step", STEPS)
def test_no_secret_is_shown(step: str) -> None:
    before, after = STEPS[step]
    assert GENERATED not in changes(plan(**before), plan(**after))


def test_every_reviewed_text_has_its_step() -> None:
    assert {file.stem for file in REVIEWED.iterdir()} == STEPS.keys()


def test_same_plans_have_no_changes() -> None:
    assert changes(plan(), plan()) == ""


def test_a_changed_secret_is_told_and_not_shown() -> None:
    told = changes(plan(), plan(postgresql=EXISTING, moveFrom=EMBEDDED))
    assert "~ lakehouse/airbyte-database/airbyte-database-secret kubernetes:core/v1:Secret" in told
    assert "    data.host: [secret] -> [secret]" in told
