"""Checks settings against the models and reports all mistakes at once."""

import copy
from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError

from components.forms.base import KeyPath, Placeholder
from components.forms.mistake import Mistake
from components.platform.settings import Stack
from stack.mistakes import mistake

_ABSENT = object()


class Mistakes(Exception):  # noqa: N818 - the plural is meant
    """Mistakes in the settings.

    Attributes:
        mistakes: one or more, sorted by path.
    """

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__(f"{len(mistakes)} mistakes in the settings")
        self.mistakes = mistakes


def check(raw: Mapping[str, Any]) -> Stack:
    """The settings of `raw`, the decoded keys of a stack file.

    Raises:
        Mistakes: there is one or more.
    """
    try:
        return _validate(raw)
    except ValidationError as error:
        mistakes = _all_mistakes(raw, error)
    raise Mistakes(sorted(mistakes, key=lambda each: [str(part) for part in each.path]))


def _validate(raw: Mapping[str, Any]) -> Stack:
    return Stack.model_validate(raw, by_alias=True, by_name=False)


def _all_mistakes(raw: Mapping[str, Any], error: ValidationError) -> list[Mistake]:
    # Rules over several settings are checked only if each setting by itself is valid. So invalid settings are removed
    # and the rest is checked again. Mistakes that are only due to a removal are not reported.
    rest = copy.deepcopy(dict(raw))
    reported: list[Mistake] = []
    removed: list[KeyPath] = []
    while True:
        mistakes = [mistake(details) for details in error.errors(include_url=False)]
        reported += [each for each in mistakes if not each.touches(removed)]
        wrong = [path for each in mistakes for path in _to_remove(each)]
        if not sum(_remove(rest, path) for path in wrong):
            return reported
        removed += wrong
        try:
            _validate(rest)
        except ValidationError as next_error:
            error = next_error
        else:
            return reported


def _to_remove(wrong: Mistake) -> list[KeyPath]:
    # A block without a required setting is removed as a whole.
    return [wrong.path[:-1] if wrong.found is Placeholder.NOTHING else wrong.path, *wrong.reads]


def _remove(tree: dict[str, Any], path: KeyPath) -> bool:
    """Remove the value at `path`, or the list that contains it. Returns whether there was one."""
    for part in path[:-1]:
        below = tree.get(cast("str", part))
        if not isinstance(below, dict):
            return tree.pop(cast("str", part), _ABSENT) is not _ABSENT
        tree = cast("dict[str, Any]", below)
    return bool(path) and tree.pop(cast("str", path[-1]), _ABSENT) is not _ABSENT
