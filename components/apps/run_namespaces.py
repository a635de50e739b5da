"""Chart values that set other namespaces for an app's pods than the app's own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from components.forms.base import KeyPath


def run_namespace_refusals(
    values: Mapping[str, Any], paths: Sequence[str], namespace: str
) -> Iterator[tuple[KeyPath, object, str]]:
    """Values that start pods in another namespace, in which the objects that these pods need are not created.

    Args:
        values: chart values in a stack file.
        paths: dotted paths of namespaces in them, `*` standing for each item of a list.
        namespace: the app's own namespace.

    Yields:
        Path, value, and what is allowed.
    """
    for place in paths:
        for path, value in _values_at(values, place.split(".")):
            if value not in (None, "", namespace):
                yield path, value, f"{namespace}, the app's own namespace, or nothing"


def _values_at(value: object, keys: list[str]) -> Iterator[tuple[KeyPath, object]]:
    if not keys:
        yield (), value
    elif keys[0] == "*" and isinstance(value, list):
        for number, item in enumerate(cast("list[object]", value)):
            yield from (((number, *path), inner) for path, inner in _values_at(item, keys[1:]))
    elif isinstance(value, Mapping) and keys[0] in value:
        below = cast("Mapping[str, object]", value)[keys[0]]
        yield from (((keys[0], *path), inner) for path, inner in _values_at(below, keys[1:]))
