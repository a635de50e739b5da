"""Keys that the official charts know: what a stack file's `values` says beside them, Helm would ignore without a word.

The lists in this folder are of all versions of a major version, recorded by `tests/contract/record_values.py`. At the
top they are complete. Below, a newer version may know more: there, a key is refused only if it looks misspelt.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

from components.forms.base import KeyPath, Refusal
from components.forms.near import nearest

_FOLDER = Path(__file__).parent
_ANYWAY = "The chart would ignore it; for one that does not, say `chart.unknownValues: allow`."


@dataclass
class _Mapping:
    """The keys of a mapping (`*` for items of a list), each with those below; none where any may be there."""

    below: "dict[str, _Mapping]" = field(default_factory=dict[str, "_Mapping"])


# Dagster's chart reads the old name, too, and prefers it: what the program says under the new one would be lost.
_RENAMED: Mapping[str, Mapping[KeyPath, str]] = {
    "dagster-1": {
        ("dagit",): "dagsterWebserver",
        ("ingress", "dagit"): "dagsterWebserver",
        ("ingress", "readOnlyDagit"): "readOnlyDagsterWebserver",
    }
}


def unknown_values(
    values: Mapping[str, Any], chart: str, others: Mapping[str, str], *, complete: bool = True
) -> Iterator[Refusal]:
    """Values that the chart does not know, by their paths in `values`.

    Args:
        values: what a stack file says.
        chart: name of the list, such as `airbyte-2`.
        others: lists of other major versions, each with words for them such as `1.x`.
        complete: whether the list has all keys of the top; else only those that look misspelt are refused there, too.
    """
    if values:
        known = _known(chart)
        new = () if complete else tuple(key for key in values if nearest(str(key), known.below) is None)
        yield from _unknown({key: it for key, it in values.items() if key not in new}, known, (), chart, others)


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
            yield Refusal(here, inner, f"`{new}`, its name since chart 1.4 (or say `chart.unknownValues: allow`)")
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
