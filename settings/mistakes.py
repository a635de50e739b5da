"""What is wrong with a stack file, in its own terms: path of the key, what was found, what is allowed."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from settings.base import Found, KeyPath, Refusal, alternatives, nested_models
from settings.stack import Stack

_ALLOWED = {
    "missing": "a value; this setting has no default",
    "string_type": "text (in quotes, if it looks like a number)",
    "string_too_short": "text that is not empty",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of settings",
    "model_attributes_type": "a mapping of settings",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes:
        path: keys from the top of the settings.
        found: the value there, or a `Found`.
        allowed: what may be there instead.
        reads: paths of other values that the rule behind it looked at.
    """

    path: KeyPath
    found: object
    allowed: str
    reads: tuple[KeyPath, ...] = ()

    def touches(self, paths: Iterable[KeyPath]) -> bool:
        """Whether it is about a value above, at or below one of these paths."""
        return any(mine[: len(path)] == path[: len(mine)] for path in paths for mine in (self.path, *self.reads))


@dataclass(frozen=True)
class _Place:
    """Where one of pydantic's errors is: `path` in the stack file, and the models that its last key belongs to."""

    path: KeyPath
    models: Sequence[type[BaseModel]]
    kinds: Mapping[str, type[BaseModel]]


def mistake(details: ErrorDetails) -> Mistake:
    """The mistake behind one of pydantic's errors of a `Stack`."""
    place = _place(details["loc"])
    kind, context, found = details["type"], details.get("ctx", {}), details["input"]
    match kind:
        case "refused":
            refusal = cast("Refusal", context["refusal"])
            above = place.path[: len(place.path) - len(refusal.path)]
            return Mistake(place.path, found, refusal.allowed, tuple((*above, *path) for path in refusal.reads))
        case "extra_forbidden":
            return Mistake(place.path, found, _nearest(str(place.path[-1]), place.models))
        case "union_tag_invalid" | "union_tag_not_found":
            key = context["discriminator"].strip("'")
            return Mistake((*place.path, key), found.get(key, Found.NOTHING), one_of(list(place.kinds)))
        case "literal_error":
            return Mistake(place.path, found, context["expected"].replace("'", ""))
        case "missing":
            return Mistake(place.path, Found.NOTHING, _ALLOWED[kind])
        case _:
            allowed = _ALLOWED[kind].format(**context) if kind in _ALLOWED else details["msg"]
            return Mistake(place.path, found, allowed)


def one_of(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _place(location: Sequence[int | str]) -> _Place:
    path: list[str | int] = []
    models: list[type[BaseModel]] = []
    below: list[type[BaseModel]] = [Stack]
    kinds: dict[str, type[BaseModel]] = {}
    for part in location:
        # After the key of a setting that is one of several kinds, pydantic names the kind.
        if isinstance(part, str) and part in kinds:
            below, kinds = [kinds[part]], {}
            continue
        path.append(part)
        if isinstance(part, int):
            continue
        models = below
        fields = [field for model in models for field in model.model_fields.values() if field.alias == part]
        below = [model for field in fields for model in nested_models(field.annotation)]
        kinds = {word: model for field in fields for word, model in alternatives(field).items()}
    return _Place(tuple(path), models, kinds)


def _nearest(key: str, models: Sequence[type[BaseModel]]) -> str:
    known = sorted({str(field.alias) for model in models for field in model.model_fields.values()})
    first, dot, rest = key.partition(".")
    if dot and first in known:
        return f"`{rest}` inside `{first}`; on the command line, that is `pulumi config set --path`"
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    hint = f"did you mean `{near[0]}`?" if near else "no such setting."
    return f"{hint} Known here: {', '.join(known)}"
