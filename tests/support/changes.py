"""The changes of `pulumi up` from one plan to the next, as text for review."""

from collections.abc import Iterator
from typing import Any

from tests.support.recording import Plan, Recorded, mask, reveal
from tests.support.snapshots import resource_paths, script_digests

# A change of these replaces the object.
_IDENTITY = ("metadata.name", "metadata.namespace")


def changes(before: Plan, after: Plan) -> str:
    """A line for each resource that is created (`+`), deleted (`-`), updated (`~`) or replaced (`±`), by name; below
    it, the differences of its inputs.
    """
    old, new = resource_paths(before), resource_paths(after)
    lines: list[str] = []
    for path in sorted(old.keys() | new.keys()):
        if path not in old:
            lines.append(f"+ {path}")
        elif path not in new:
            lines.append(f"- {path}{' (kept)' if old[path].options.get('retainOnDelete') else ''}")
        else:
            lines += _changed(path, old[path], new[path])
    return "".join(f"{line}\n" for line in lines)


def _changed(path: str, old: Recorded, new: Recorded) -> Iterator[str]:
    before, after = (dict(_leaves(mask(recorded.raw), reveal(recorded.raw))) for recorded in (old, new))
    differ = [key for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]
    if not differ:
        return
    is_job = new.type.endswith(":Job")
    replaced = any(key in _IDENTITY for key in differ) or (is_job and any(key.startswith("spec.") for key in differ))
    yield f"{'±' if replaced else '~'} {path}"
    for key in differ:
        yield f"    {key}: {_shown(before.get(key))} -> {_shown(after.get(key))}"


def _leaves(shown: Any, real: Any, path: str = "") -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Values by their path, masked and actual. The path of a list item has its name, if it has one."""
    if isinstance(shown, dict):
        for key, value in shown.items():
            if value is not None:
                yield from _leaves(value, real[key], f"{path}.{key}" if path else key)
    elif isinstance(shown, list):
        for number, value in enumerate(shown):
            name = value.get("name", number) if isinstance(value, dict) else number
            yield from _leaves(value, real[number], f"{path}[{name}]")
    else:
        yield path, (shown, real)


def _shown(value: tuple[Any, Any] | None) -> str:
    return "(nothing)" if value is None else str(script_digests(value[0]))
