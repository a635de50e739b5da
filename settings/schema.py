"""The JSON Schema of a stack file, for editors, and the table of settings, for people: `python -m settings.schema`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings.base import alternatives, nested_models
from settings.docs import descriptions
from settings.stack import Stack

PROJECT = "lakehouse"
SCHEMA_FILE = "stack.schema.json"


def stack_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a `Pulumi.<stack>.yaml`."""
    model = Stack.model_json_schema(by_alias=True)
    definitions = model.pop("$defs")
    models = {kind.__name__: kind for kind in _all_models(Stack)}
    for name, definition in [*definitions.items(), (Stack.__name__, model)]:
        _describe(definition, models[name])
    settings = {f"{PROJECT}:{key}": _as_in_the_file(value) for key, value in model["properties"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": settings,
                # Other packages' configuration stands beside the project's, which has no other keys.
                "patternProperties": {f"^(?!{PROJECT}:)": {}},
                "additionalProperties": False,
            },
            "encryptionsalt": {"type": "string"},
            "encryptedkey": {"type": "string"},
            "secretsprovider": {"type": "string"},
            "environment": {},
        },
        "$defs": definitions,
    }


def _all_models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for inner in nested_models(field.annotation):
            yield from _all_models(inner)


def _describe(definition: dict[str, Any], model: type[BaseModel]) -> None:
    texts = descriptions(model)
    for name, field in model.model_fields.items():
        definition["properties"][field.alias]["description"] = texts[name]


def _as_in_the_file(setting: dict[str, Any]) -> dict[str, Any]:
    if any(kind.get("format") == "password" for kind in setting.get("anyOf", [])):
        encrypted = {"type": "object", "properties": {"secure": {"type": "string"}}, "additionalProperties": False}
        return {"description": setting["description"], **encrypted}
    if setting.get("type") != "boolean":
        return setting
    # Pulumi writes a boolean in quotes when it saves the file.
    return {**setting, "type": ["boolean", "string"], "enum": [True, False, "true", "false"]}


def settings_table() -> str:
    """A Markdown table of every setting with its default and meaning."""
    lines = ["| setting | default | meaning |", "|---|---|---|"]
    lines += [f"| `{path}` | {default} | {meaning} |" for path, default, meaning in _rows(Stack, "")]
    return "\n".join(lines) + "\n"


def _rows(model: type[BaseModel], above: str, kind: str = "") -> Iterator[tuple[str, str, str]]:
    """Rows of a model's settings, those of one kind with its word behind: the innermost, which tells the others."""
    texts = descriptions(model)
    for name, field in model.model_fields.items():
        path = f"{above}{field.alias}"
        inner_models = nested_models(field.annotation)
        if not inner_models:
            yield f"{path} ({kind})" if kind else path, _default(field), " ".join(texts[name].split())
        words = {inner: word for word, inner in alternatives(field).items()}
        for inner in inner_models:
            yield from _rows(inner, f"{path}.", words.get(inner) or _only_kind(inner) or kind)


def _only_kind(model: type[BaseModel]) -> str:
    """The word of a model that says its kind, though there is no other kind yet; empty for any other model."""
    field = model.model_fields.get("kind")
    words = get_args(field.annotation) if field is not None else ()
    return str(words[0]) if len(words) == 1 else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return "" if field.default is None else f"`{json.dumps(field.default)}`"


def main() -> None:
    """Write the schema file, and the table between its marks in README.md."""
    Path(SCHEMA_FILE).write_text(json.dumps(stack_schema(), indent=2) + "\n")
    readme = Path("README.md")
    begin, end = "<!-- settings -->\n", "<!-- /settings -->"
    before, _, rest = readme.read_text().partition(begin)
    _, _, after = rest.partition(end)
    readme.write_text(f"{before}{begin}{settings_table()}{end}{after}")
    sys.stdout.write(f"{SCHEMA_FILE} and the table in README.md are up to date\n")


if __name__ == "__main__":
    main()
