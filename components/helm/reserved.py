"""Chart values that a stack file may not set, with reasons, and the types of values that the program adds to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import NoneType
from typing import Any, cast

from pydantic import AfterValidator

from components.forms.base import KeyPath, Refusal, refuse_each


@dataclass(frozen=True)
class Reserved:
    """Reserved values of one chart, each with the reason.

    Attributes:
        paths: dotted paths, `*` standing for any key or part of one.
        environment: names of environment variables, with `*`, wherever the chart allows one.
        lists: dotted paths of lists that the program adds to, `*` standing for an item of a list.
        mappings: dotted paths of mappings that the program adds to; null would remove what it adds.
    """

    paths: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    lists: Sequence[str] = ()
    mappings: Sequence[str] = ()


def without_reserved(reserved: Reserved) -> AfterValidator:
    """Annotation of chart values that refuses reserved ones, and wrong types of values that the program adds to."""

    def check(values: dict[str, Any]) -> dict[str, Any]:
        refuse_each(_reserved(values, reserved, ()))
        return values

    return AfterValidator(check)


def _reserved(value: object, reserved: Reserved, path: KeyPath) -> Iterator[Refusal]:
    """Refusals of values at or below `path`; none below a refused one."""
    for pattern, reason in reserved.paths.items():
        if _matches(path, pattern.split(".")):
            yield Refusal(path, value, f"any chart value but this: {reason}")
            return
    form = _form(path, reserved)
    if form is not None and not isinstance(value, form):
        word = "a list" if list in form else "a mapping"
        yield Refusal(path, value, f"{word}: the program adds to it")
        return
    variable = _environment_variable(path, value)
    for pattern, reason in reserved.environment.items():
        if fnmatchcase(variable, pattern):
            given = variable if isinstance(path[-1], int) else value
            yield Refusal(path, given, f"any environment variable but {variable}: {reason}")
            return
    if isinstance(value, Mapping):
        for key, child in cast("Mapping[str, object]", value).items():
            yield from _reserved(child, reserved, (*path, key))
    elif isinstance(value, list):
        for number, child in enumerate(cast("list[object]", value)):
            yield from _reserved(child, reserved, (*path, number))


def _form(path: KeyPath, reserved: Reserved) -> tuple[type, ...] | None:
    """The type of a value at `path` if the program adds to it or to a list below it."""
    if any(_matches(path, pattern.split(".")) for pattern in reserved.mappings):
        return (dict,)
    for pattern in reserved.lists:
        parts = pattern.split(".")
        if path and _matches(path, parts[: len(path)]):
            return (list if len(parts) == len(path) or parts[len(path)] == "*" else dict, NoneType)
    return None


def _matches(path: KeyPath, pattern: Sequence[str]) -> bool:
    return len(path) == len(pattern) and all(map(fnmatchcase, map(str, path), pattern))


def _environment_variable(path: KeyPath, value: object) -> str:
    """Name of the variable that this value sets, in a mapping, as `name:`, or as `NAME=value`; else empty."""
    if path[-1:] == ("name",) and isinstance(value, str):
        return value
    if isinstance(value, str) and isinstance(path[-1], int):
        return value.partition("=")[0]
    return str(path[-1]) if len(path) > 1 and path[-2] in {"env_vars", "secrets", "env"} else ""
