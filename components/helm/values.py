"""Chart values: merging, and adding items to lists."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

CREDENTIALS_ROTATION = "lakehouse/credentials-rotation"
"""Pod annotation that changes with the credentials, so that a change restarts the pods."""


def merge_values(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Chart values merged as Helm merges them: mappings key by key, everything else replaced by the second."""
    merged = dict(ours)
    for key, value in theirs.items():
        before = merged.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[key] = merge_values(cast("Mapping[str, Any]", before), cast("Mapping[str, Any]", value))
        else:
            merged[key] = value
    return merged


def with_items(values: Mapping[str, Any], path: Sequence[str], items: Sequence[object]) -> dict[str, Any]:
    """Chart values with `items` at the end of the list at `path`, which Helm's merging would replace.

    Args:
        values: chart values; a key on the path may be absent or null.
        path: keys that lead to the list, at least one.
        items: the items to add.
    """
    key, *rest = path
    existing = values.get(key)
    return {**values, key: with_items(existing or {}, rest, items) if rest else [*(existing or []), *items]}


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without empty ones."""
    return {key: value for key, value in values.items() if value}
