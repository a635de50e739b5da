"""All mistakes of a stack file as one message: path of the key, what was found, what is allowed."""

import difflib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from settings.base import nested_models
from settings.stack import Stack

_ALLOWED = {
    "missing": "a value; this setting has no default",
    "string_type": "text (in quotes, if it looks like a number)",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of settings",
    "model_attributes_type": "a mapping of settings",
    "union_tag_invalid": "{expected_tags}",
    "literal_error": "{expected}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}


def report(
    error: ValidationError, raw: Mapping[str, Any], *, stack: str, project: str, secret_keys: Collection[str] = ()
) -> str:
    """The message for people.

    Args:
        error: what the models said of `raw`.
        raw: the decoded configuration, keys without the project's prefix.
        stack: name of the stack, for the name of its file.
        project: name of the project, the prefix of the keys.
        secret_keys: top-level keys whose values must not be shown.
    """
    mistakes = [_mistake(details, raw, project, secret_keys) for details in error.errors(include_url=False)]
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return "\n\n".join([f"Pulumi.{stack}.yaml has {count}; nothing was created.", *mistakes])


def _mistake(details: ErrorDetails, raw: Mapping[str, Any], project: str, secret_keys: Collection[str]) -> str:
    context = details.get("ctx", {})
    path = _path(details["loc"], raw)
    found = details["input"]
    if (key := context.get("key")) is not None:
        path, found = [*path, key], context.get("found")
    secret = bool(path) and path[0] in secret_keys
    return "\n".join(
        [
            f"  {project}:{'.'.join(path)}",
            f"    found    {_show(details['type'], found, secret)}",
            f"    allowed  {_allowed(details, path)}",
        ]
    )


def _path(loc: Sequence[int | str], raw: Mapping[str, Any]) -> list[str]:
    """Keys from the top, without the tags of unions that pydantic puts between them."""
    path: list[str] = []
    inside: Any = raw
    for number, part in enumerate(loc):
        if isinstance(inside, dict) and part in inside:
            inside = cast("Any", inside[part])
        elif number < len(loc) - 1:
            continue
        path.append(str(part))
    return path


def _show(kind: str, found: object, secret: bool) -> str:
    if kind == "missing":
        return "nothing"
    if secret:
        return "(a secret)"
    text = json.dumps(found, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _allowed(details: ErrorDetails, path: Sequence[str]) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return _nearest(path[-1], _known_keys(path[:-1]))
    if kind == "union_tag_not_found":
        return "a mapping with `kind`: minio, s3 or gcs"
    if kind in _ALLOWED:
        return _ALLOWED[kind].format(**context)
    return details["msg"]


def _nearest(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    hint = f"did you mean `{near[0]}`?" if near else "no such setting."
    return f"{hint} Known here: {', '.join(known)}"


def _known_keys(path: Sequence[str]) -> list[str]:
    models: list[type[BaseModel]] = [Stack]
    for part in path:
        fields = [field for model in models for field in model.model_fields.values() if field.alias == part]
        models = [model for field in fields for model in nested_models(field.annotation)]
    return sorted({str(field.alias) for model in models for field in model.model_fields.values()})
