"""Keys that the official charts read. Helm ignores any other key in a stack file's `values` without a message.

The lists in this folder cover all versions of a major version, recorded by `tests/contract/record_values.py`. Their top
level is complete. Below it, a newer version may have further keys: there, a key is refused only if it is similar to a
known one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

from components.forms.base import KeyPath, Refusal
from components.forms.near import nearest
from components.helm.chart import Chart

_FOLDER = Path(__file__).parent
_CHART: tuple[KeyPath, ...] = (("chart", "version"), ("chart", "path"), ("chart", "unknownValues"))
_ANYWAY = "The chart would ignore it; for another chart, set `chart.unknownValues: allow`."


@dataclass
class _Mapping:
    """The keys of a mapping (`*` for items of a list), each with those below it; empty if any key is allowed."""

    below: "dict[str, _Mapping]" = field(default_factory=dict[str, "_Mapping"])


# Dagster's chart also reads the old name, and prefers it: the program's values below the new one would be ignored.
_RENAMED: Mapping[str, Mapping[KeyPath, str]] = {
    "dagster-1": {
        ("dagit",): "dagsterWebserver",
        ("ingress", "dagit"): "dagsterWebserver",
        ("ingress", "readOnlyDagit"): "readOnlyDagsterWebserver",
    }
}


def unknown_values(
    chart: Chart,
    values: Mapping[str, Any],
    known: str,
    others: Mapping[str, str] | None = None,
    *,
    complete: bool = True,
) -> Iterator[Refusal]:
    """Refusals of values that a chart does not read; paths begin with `values`.

    Args:
        chart: the chart; nothing is refused if it allows unknown values.
        values: chart values in a stack file.
        known: name of the list, such as `airbyte-2`.
        others: lists of other major versions, each with a name for messages such as `1.x`.
        complete: whether the top level of the list is complete; else its keys are treated as those below it.
    """
    if chart.unknown_values != "refuse" or not values:
        return
    top = _known(known)
    new = () if complete else tuple(key for key in values if nearest(str(key), top.below) is None)
    checked = {key: value for key, value in values.items() if key not in new}
    for refusal in _unknown(checked, top, (), known, others or {}):
        yield Refusal(("values", *refusal.path), refusal.found, refusal.allowed, _CHART)


def _unknown(value: object, known: _Mapping, path: KeyPath, chart: str, others: Mapping[str, str]) -> Iterator[Refusal]:
    if isinstance(value, list) and "*" in known.below:
        for number, item in enumerate(cast("list[object]", value)):
            yield from _unknown(item, known.below["*"], (*path, number), chart, others)
    if not isinstance(value, Mapping) or not known.below:
        return
    for name, inner in cast("Mapping[object, object]", value).items():
        key = str(name)
        here = (*path, key)
        new = _RENAMED.get(chart, {}).get(here)
        if new is not None:
            yield Refusal(here, inner, f"`{new}`, its name since chart 1.4 (or set `chart.unknownValues: allow`)")
        elif key in known.below:
            yield from _unknown(inner, known.below[key], here, chart, others)
        elif not path or nearest(key, known.below):
            yield Refusal(here, inner, _allowed(key, path, known, others))


def _allowed(key: str, path: KeyPath, known: _Mapping, others: Mapping[str, str]) -> str:
    near = nearest(key, known.below)
    theirs = [version for name, version in others.items() if not path and key in _known(name).below]
    if theirs:
        instead = (
            f"`{near}`; charts {theirs[0]} call it `{key}`" if near else f"nothing: only charts {theirs[0]} have it"
        )
        return f"{instead}. {_ANYWAY}"
    hint = f"did you mean `{near}`?" if near else "no such value."
    return f"{hint} {_ANYWAY} Known here: {', '.join(sorted(known.below))}"


@cache
def _known(chart: str) -> _Mapping:
    top = _Mapping()
    for line in (_FOLDER / f"{chart}.txt").read_text().splitlines():
        at = top
        for word in line.split(".") if not line.startswith("#") else ():
            at = at.below.setdefault(word, _Mapping())
    return top
