"""The JSON Schema of a stack file, for editors, and the table of settings, for people: `python -m stack.schema`."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from components.forms.kinds import alternatives, discriminator, nested_models
from components.platform.settings import Stack
from components.servers.standalone import StandalonePostgreSQL
from stack.docs import descriptions

PROJECT = "lakehouse"
SCHEMA_FILE = "stack.schema.json"
README = "README.md"
SERVERS = "docs/servers.md"
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->"
_SERVER = "postgresql.server"


def stack_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a `Pulumi.<stack>.yaml`."""
    model = Stack.model_json_schema(by_alias=True)
    definitions = model.pop("$defs")
    models = {kind.__name__: kind for kind in _all_models(Stack)}
    for name, definition in [*definitions.items(), (Stack.__name__, model)]:
        _describe(definition, models[name])
        _require_kinds(definitions, models[name])
    settings = {f"{PROJECT}:{key}": _as_in_the_file(value) for key, value in model["properties"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": settings,
                # The file also has the configuration of other packages; the project has no other keys.
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
        for inner in nested_models(field):
            yield from _all_models(inner)


def _describe(definition: dict[str, Any], model: type[BaseModel]) -> None:
    texts = descriptions(model)
    for name, field in model.model_fields.items():
        definition["properties"][field.alias]["description"] = texts[name]


def _require_kinds(definitions: dict[str, Any], model: type[BaseModel]) -> None:
    """Require the word for the kind: in Python it has a default, in a stack file it chooses the model."""
    for field in model.model_fields.values():
        key = discriminator(field)
        for kind in alternatives(field).values() if key is not None else ():
            required: list[str] = definitions[kind().__name__].setdefault("required", [])
            if key not in required:
                required.append(str(key))


def _as_in_the_file(setting: dict[str, Any]) -> dict[str, Any]:
    if any(kind.get("format") == "password" for kind in setting.get("anyOf", [])):
        encrypted = {"type": "object", "properties": {"secure": {"type": "string"}}, "additionalProperties": False}
        return {"description": setting["description"], **encrypted}
    if setting.get("type") != "boolean":
        return setting
    # Pulumi writes a boolean in quotes when it saves the file.
    return {**setting, "type": ["boolean", "string"], "enum": [True, False, "true", "false"]}


def settings_table() -> str:
    """A Markdown table of every setting with its default and meaning, but for those of a shared server."""
    rows = [row for row in _rows(Stack, "") if not row[0].startswith(f"{_SERVER}.")]
    place = next(number for number, row in enumerate(rows) if row[0].startswith("postgresql.namespace"))
    kinds = ", ".join(f"`{kind}`" for kind in _server_kinds())
    server = (
        f"{_SERVER} (standalone)",
        "required",
        f"Who runs it, of kind {kinds}; settings in [{SERVERS}]({SERVERS}).",
    )
    return _table([*rows[:place], server, *rows[place:]])


def server_tables() -> str:
    """For each kind of shared server a heading and a table of its settings, paths below `postgresql.server`."""
    return "\n".join(
        f"### `{kind}`\n\n{_table(_rows(model, '', chosen_by='kind'))}" for kind, model in _server_kinds().items()
    )


def _server_kinds() -> dict[str, type[BaseModel]]:
    return {word: model() for word, model in alternatives(StandalonePostgreSQL.model_fields["server"]).items()}


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    lines = ["| setting | default | meaning |", "|---|---|---|"]
    lines += [f"| `{path}` | {default} | {meaning} |" for path, default, meaning in rows]
    return "\n".join(lines) + "\n"


def _rows(
    model: type[BaseModel], above: str, kind: str = "", optional: str = "", chosen_by: str | None = None
) -> Iterator[tuple[str, str, str]]:
    """Rows of a model's settings: path, default, meaning.

    Args:
        model: the model.
        above: path of the model with a dot behind it; empty at the top.
        kind: the word for the innermost kind that the model is part of; it follows the path.
        optional: path of the innermost block that a stack file may leave out.
        chosen_by: name of the field by which a stack file chooses the model; None for a model that is there anyway.
    """
    texts = descriptions(model)
    described: dict[tuple[type[BaseModel], ...], str] = {}
    for name, field in model.model_fields.items():
        path = f"{above}{field.alias}"
        inner_models = tuple(nested_models(field))
        if not inner_models:
            required = field.is_required() or name == chosen_by
            default = _required_in(optional) if required else _default(field)
            yield f"{path} ({kind})" if kind else path, default, " ".join(texts[name].split())
        words = {inner(): word for word, inner in alternatives(field).items()}
        if words and inner_models in described:
            meaning = f"{' '.join(texts[name].split())} Settings as in `{described[inner_models]}`."
            yield path, _default(field), meaning
            continue
        described[inner_models] = path
        below = optional if field.is_required() else path
        for inner in inner_models:
            key = None if isinstance(field.default, inner) else discriminator(field)
            yield from _rows(inner, f"{path}.", words.get(inner) or kind, below, key)


def _required_in(optional: str) -> str:
    return f"required in `{optional}`" if optional else "required"


def _default(field: FieldInfo) -> str:
    return "" if field.default is None else f"`{json.dumps(field.default)}`"


def main() -> None:
    """Write the schema file, and the tables between their marks in README.md and on the page of the servers."""
    Path(SCHEMA_FILE).write_text(json.dumps(stack_schema(), indent=2) + "\n")
    for file, table in ((README, settings_table()), (SERVERS, server_tables())):
        before, _, rest = Path(file).read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        Path(file).write_text(f"{before}{BEGIN}{table}{END}{after}")
    sys.stdout.write(f"{SCHEMA_FILE} and the tables in {README} and {SERVERS} are up to date\n")


if __name__ == "__main__":
    main()
