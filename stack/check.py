"""Checks settings against the models and finds every mistake at once."""

import copy
from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError

from components.forms.base import Found, KeyPath
from components.platform.settings import Stack
from stack.mistakes import Mistake, mistake

_ABSENT = object()


class Mistakes(Exception):  # noqa: N818 - it is what they are
    """Settings that are wrong.

    Attributes:
        mistakes: one or more, sorted by path.
    """

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__(f"{len(mistakes)} mistakes in the settings")
        self.mistakes = mistakes


def check(raw: Mapping[str, Any]) -> Stack:
    """The settings that `raw`, the decoded keys of a stack file, holds.

    Raises:
        Mistakes: they are not as they should be.
    """
    try:
        return _validate(raw)
    except ValidationError as error:
        found = _all_mistakes(raw, error)
    raise Mistakes(sorted(found, key=lambda it: [str(part) for part in it.path]))


def _validate(raw: Mapping[str, Any]) -> Stack:
    return Stack.model_validate(raw, by_alias=True, by_name=False)


def _all_mistakes(raw: Mapping[str, Any], error: ValidationError) -> list[Mistake]:
    # Rules over several settings are asked only once each setting by itself is right. So what is wrong is taken out,
    # and the rest is asked again; what then looks wrong only because something is gone is not told.
    rest = copy.deepcopy(dict(raw))
    told: list[Mistake] = []
    removed: list[KeyPath] = []
    while True:
        found = [mistake(details) for details in error.errors(include_url=False)]
        told += [it for it in found if not it.touches(removed)]
        wrong = [path for it in found for path in _to_remove(it)]
        if not sum(_remove(rest, path) for path in wrong):
            return told
        removed += wrong
        try:
            _validate(rest)
        except ValidationError as next_error:
            error = next_error
        else:
            return told


def _to_remove(it: Mistake) -> list[KeyPath]:
    # What misses a part is of no use without it.
    return [it.path[:-1] if it.found is Found.NOTHING else it.path, *it.reads]


def _remove(tree: dict[str, Any], path: KeyPath) -> bool:
    """Take out what is at `path`, or the list that it is in. Returns whether there was something."""
    for part in path[:-1]:
        below = tree.get(cast("str", part))
        if not isinstance(below, dict):
            return tree.pop(cast("str", part), _ABSENT) is not _ABSENT
        tree = cast("dict[str, Any]", below)
    return bool(path) and tree.pop(cast("str", path[-1]), _ABSENT) is not _ABSENT
