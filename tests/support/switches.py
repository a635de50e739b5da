"""What `pulumi up` would do after a change of the stack file: which resources come, go, and change in what."""

import json
from collections.abc import Iterator
from typing import Any

from tests.support.recording import Plan
from tests.support.snapshots import described

LONGEST = 100
"""Characters of a value that are shown."""


def switch(before: Plan, after: Plan) -> str:
    """The change in lines for people: `+` comes, `-` goes, `~` changes, with the inputs and options that do."""
    old, new = described(before), described(after)
    lines = [f"- {path}" for path in sorted(old.keys() - new.keys())]
    lines += [f"+ {path}" for path in sorted(new.keys() - old.keys())]
    for path in sorted(old.keys() & new.keys()):
        if changes := list(_changes(old[path], new[path], ())):
            lines += [f"~ {path}", *(f"    {change}" for change in changes)]
    return "".join(f"{line}\n" for line in lines)


def _changes(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[str]:
    old, new = _by_name(old), _by_name(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            # What a resource waits for says nothing of what becomes of it.
            if (*path, key) != ("needs",):
                yield from _changes(old.get(key), new.get(key), (*path, str(key)))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _changes(one, other, (*path, str(number)))
    elif old != new:
        yield f"{'.'.join(path)}: {_show(old)} -> {_show(new)}"


def _by_name(value: Any) -> Any:
    """A list of named things, such as environment variables, as a mapping: one more of them changes no other."""
    if not isinstance(value, list) or not all(isinstance(it, dict) and "name" in it for it in value):
        return value
    named = {it["name"]: {key: inner for key, inner in it.items() if key != "name"} for it in value}
    return named if len(named) == len(value) else value


def _show(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
