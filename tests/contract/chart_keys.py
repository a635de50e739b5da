"""Which keys the values of a chart may have, read from the chart itself.

A key is a tuple of words, `*` standing for an item of a list. What is below a key that is not the beginning of another
is not looked into.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import yaml

Key = tuple[str, ...]
Fields = dict[str, Any]

# `.Values.global.image` and `index .Values "dagster-user-deployments"`, in templates.
_READ = re.compile(r"\.Values((?:\.[A-Za-z]\w*)+)")
_INDEXED = re.compile(r'index \$?\.Values "([\w-]+)"')


def keys(chart: Path) -> set[Key]:
    """All keys of a chart's folder: two levels of its defaults and of what its templates read, and its schema's."""
    found = _below(yaml.safe_load((chart / "values.yaml").read_text()) or {}, 2)
    for template in sorted((chart / "templates").rglob("*.*")):
        found |= _read_by(template.read_text())
    schema = chart / "values.schema.json"
    if schema.exists():
        document = json.loads(schema.read_text())
        found |= set(_of_schema(document, document, ()))
    for dependency in yaml.safe_load((chart / "Chart.yaml").read_text()).get("dependencies") or []:
        name: str = dependency.get("alias") or dependency["name"]
        found |= {(name,), *_of_subchart(chart / "charts" / dependency["name"], name)}
    return found


def _of_subchart(chart: Path, name: str) -> Iterator[Key]:
    # Those of other publishers have a version of their own, and pages of values.
    own = chart / "values.yaml"
    if own.exists() and name not in {"postgresql", "rabbitmq", "redis", "minio"}:
        for key in keys(chart):
            yield key if key[0] == "global" else (name, *key)


def _below(values: Fields, levels: int, above: Key = ()) -> set[Key]:
    found: set[Key] = set()
    for name, value in values.items():
        found.add((*above, name))
        if levels > 1 and isinstance(value, dict):
            found |= _below(cast("Fields", value), levels - 1, (*above, name))
    return found


def _read_by(template: str) -> set[Key]:
    found = {tuple(match.strip(".").split("."))[:2] for match in _READ.findall(template)}
    return {*found, *((name,) for name in _INDEXED.findall(template)), *((key[0],) for key in found)}


def _of_schema(schema: Fields, document: Fields, above: Key) -> Iterator[Key]:
    """Keys of a JSON Schema whose objects list all that they may have, as one made from models does."""
    for option in (schema, *schema.get("anyOf", ())):
        if (reference := option.get("$ref", "")).startswith("#"):
            definition = document["$defs"][reference.rpartition("/")[2]]
            yield from _of_schema(definition, document, above)
        elif option.get("additionalProperties", False) is False or "properties" in option:
            for name, below in option.get("properties", {}).items():
                yield (*above, name)
                yield from _of_schema(below, document, (*above, name))
            if "items" in option:
                yield from _of_schema(option["items"], document, (*above, "*"))
