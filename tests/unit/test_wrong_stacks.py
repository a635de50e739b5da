"""Every wrong stack file of the folder `wrong_stacks` is refused with all its mistakes in one message."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.forms.report import report
from stack.check import Mistakes
from stack.load import parse
from tests.support.stacks import as_text

FILES = sorted(Path(__file__).with_name("wrong_stacks").glob("*.yaml"))
CASES: list[dict[str, Any]] = [case for file in FILES for case in yaml.safe_load(file.read_text())]


def _full(key: str) -> str:
    return key if ":" in key else f"lakehouse:{key}"


def message_of(case: dict[str, Any]) -> str:
    config = {_full(key): as_text(value) for key, value in case["stack"].items()}
    with pytest.raises(Mistakes) as error:
        parse(config, "lakehouse", [_full(key) for key in case.get("encrypted", [])])
    return report(error.value.mistakes, stack="test")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_wrong_stack_is_refused(case: dict[str, Any]) -> None:
    message = message_of(case)
    head, *blocks = message.split("\n\n")
    count = len(case["mistakes"])
    assert head == f"Pulumi.test.yaml has {count} mistake{'s' * (count > 1)}; nothing was created.", message
    told = {lines[0]: lines[1:] for lines in (block.splitlines() for block in blocks)}
    assert sorted(told) == sorted(f"  {_full(path)}" for path in case["mistakes"]), message
    for path, (found, allowed) in case["mistakes"].items():
        found_line, allowed_line = told[f"  {_full(path)}"]
        assert found_line == f"    found    {found}"
        assert allowed_line.startswith("    allowed  ")
        assert allowed in allowed_line
    assert "hunter2" not in message


def test_cases_are_told_apart_by_name() -> None:
    names = [case["name"] for case in CASES]
    assert len(names) >= 55
    assert len(set(names)) == len(names)
