"""What Pulumi's engine says that it does, from the event log of a command."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Step:
    """One thing done, or planned, to one resource.

    Attributes:
        op: `same`, `create`, `update`, `delete`, `replace`, `create-replacement`, `delete-replaced`, …
        type: type token.
        name: the resource's name in the program.
        started: seconds since 1970.
        ended: seconds since 1970; None if it did not end well.
    """

    op: str
    type: str
    name: str
    started: int
    ended: int | None = None

    def __str__(self) -> str:
        return f"{self.op} {self.type} {self.name}"


def read(log: Path) -> list[dict[str, Any]]:
    """The events that are in a log so far; its last line may be half-written."""
    lines = log.read_text().splitlines() if log.exists() else []
    return list(_decoded(lines))


def _decoded(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            return


def steps(events: Sequence[dict[str, Any]]) -> list[Step]:
    """What was begun, in order, with the time at which each ended."""
    ends = {_key(event["resOutputsEvent"]): event["timestamp"] for event in events if "resOutputsEvent" in event}
    return [_step(event, ends) for event in events if "resourcePreEvent" in event]


def changes(events: Sequence[dict[str, Any]]) -> list[Step]:
    """The steps that change something."""
    return [step for step in steps(events) if step.op not in {"same", "read"}]


def _step(event: dict[str, Any], ends: dict[tuple[str, str], int]) -> Step:
    meta = event["resourcePreEvent"]["metadata"]
    name = meta["urn"].rpartition("::")[2]
    return Step(meta["op"], meta["type"], name, event["timestamp"], ends.get(_key(event["resourcePreEvent"])))


def _key(event: dict[str, Any]) -> tuple[str, str]:
    return event["metadata"]["urn"], event["metadata"]["op"]
