"""Mistakes in a stack file, in its own terms: path of the key, the value found, and what is allowed."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from components.forms.base import KeyPath, Model, Placeholder, Refusal, one_of
from components.forms.kinds import alternatives, nested_models
from components.forms.mistake import Mistake, key_of
from components.forms.near import nearest
from components.forms.redact import HIDDEN, redact
from components.platform.settings import Stack

_ALLOWED = {
    "missing": "a value; this setting has no default",
    "string_type": "text",
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
class _Place:
    """The place of a pydantic error: `path` in the stack file, and the models that its last key belongs to."""

    path: KeyPath
    models: Sequence[type[BaseModel]]
    kinds: Collection[str]


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
            return Mistake(place.path, found, _known(str(place.path[-1]), place.models))
        case "union_tag_invalid" | "union_tag_not_found":
            key = context["discriminator"].strip("'")
            return Mistake((*place.path, key), found.get(key, Placeholder.NOTHING), one_of([*place.kinds]))
        case "literal_error":
            allowed = context["expected"].replace("'", "")
            return Mistake(place.path, found, f"{allowed}{_no_text(found)}")
        case "missing":
            return Mistake(place.path, Placeholder.NOTHING, _ALLOWED[kind])
        case _:
            allowed = _ALLOWED[kind].format(**context) if kind in _ALLOWED else details["msg"]
            as_text = f"{_no_text(found)}{_quoted(place.path, found)}" if kind == "string_type" else ""
            return Mistake(place.path, found, f"{allowed}{as_text}")


def _place(location: Sequence[int | str]) -> _Place:
    path: list[str | int] = []
    models: list[type[BaseModel]] = []
    below: list[type[BaseModel]] = [Stack]
    kinds: dict[str, Callable[[], type[BaseModel]]] = {}
    for part in location:
        # After the key of a setting that is one of several kinds, pydantic names the kind.
        if isinstance(part, str) and part in kinds:
            below, kinds = [kinds[part]()], {}
            continue
        path.append(part)
        if isinstance(part, int):
            continue
        models = below
        fields = [field for model in models for field in model.model_fields.values() if field.alias == part]
        kinds = {word: model for field in fields for word, model in alternatives(field).items()}
        below = [] if kinds else [model for field in fields for model in nested_models(field)]
    return _Place(tuple(path), models, kinds)


def _no_text(found: object) -> str:
    """The type that YAML gives a value that may be meant as text."""
    match found:
        case None:
            return "; without quotes, this is no value at all"
        case bool():
            return "; without quotes, this is a boolean"
        case int() | float():
            return "; without quotes, this is a number"
        case _:
            return ""


def _quoted(path: KeyPath, found: object) -> str:
    """The value in quotes; nothing if it may be a password."""
    if found is None:
        return ": leave the setting out"
    if not isinstance(found, bool | int | float) or redact(found, key_of(path)) == HIDDEN:
        return ""
    written = json.dumps(json.dumps(found))
    # 1.10 and 1.1 are the same number.
    return f": write {written}" + (" (or the original text in quotes)" if isinstance(found, float) else "")


def _known(key: str, models: Sequence[type[BaseModel]]) -> str:
    for model in models:
        if issubclass(model, Model) and key in model.renamed:
            new = model.renamed[key]
            names = [f"`{name}`" for name in ((new,) if isinstance(new, str) else new)]
            return f"{one_of(names)}, the new name of this setting"
    known = sorted({str(field.alias) for model in models for field in model.model_fields.values()})
    first, dot, rest = key.partition(".")
    if dot and first in known:
        return f"`{rest}` inside `{first}`; on the command line, that is `pulumi config set --path`"
    near = nearest(key, known)
    hint = f"did you mean `{near}`?" if near else "no such setting."
    return f"{hint} Known here: {', '.join(known)}"
