"""The settings of a drill: those of the stack, on embedded servers, in other namespaces, with little of the apps."""

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from components.apps.airbyte.settings import AirbyteSettings
from components.apps.app import AppSettings
from components.platform.settings import Stack
from components.servers.embedded.settings import EmbeddedPostgreSQL
from ops.clients.failure import Failure
from stack.load import SECRET_SETTINGS

SUFFIX = "-drill"
"""Of each namespace."""
_HERE = Path(__file__).parent
_LEFT_OUT = ("moveFrom", *SECRET_SETTINGS, "retainData", "namespace")
_LONGEST_NAMESPACE = 63


def drill_namespace(app: AppSettings) -> str:
    """The namespace of an app in a drill.

    Raises:
        Failure: the name would be too long.
    """
    name = f"{app.namespace}{SUFFIX}"
    if len(name) > _LONGEST_NAMESPACE:
        raise Failure(f"namespace {name} of a drill has more than 63 characters: choose a shorter {app.key}.namespace")
    return name


def drill_settings(raw: Mapping[str, Any], stack: Stack, *, root: Path, wanted: str, made_by: str) -> dict[str, Any]:
    """Settings of the drill, as a stack file has them below `lakehouse:`.

    Args:
        raw: the stack's settings.
        stack: the same, checked.
        root: the folder that paths in the stack file are relative to.
        wanted: `newest` or the name of a set.
        made_by: project and stack in the sets.

    Raises:
        Failure: the stack has no backups, or a namespace's name is too long.
    """
    if stack.backups is None:
        raise Failure("the stack has no `backups`: there is nothing to restore")
    settings = {key: value for key, value in copy.deepcopy(dict(raw)).items() if key not in _LEFT_OUT}
    settings["retainData"] = False
    settings["cluster"] = {**settings.get("cluster", {}), "createNamespaces": False}
    settings["backups"] = {**settings["backups"], "suspend": True, "beforeUpgrade": False}
    settings["restoreFrom"] = {"set": wanted, "stack": made_by}
    settings["postgresql"] = {"mode": "embedded"}
    if isinstance(stack.postgresql, EmbeddedPostgreSQL):
        settings["postgresql"] = {**raw.get("postgresql", {}), "mode": "embedded"}
    for key, app in stack.apps.items():
        settings[key] = _app(settings.get(key, {}), app, stack, root)
    return settings


def _app(given: dict[str, Any], app: AppSettings, stack: Stack, root: Path) -> dict[str, Any]:
    database = given.get("database", {})
    embedded: dict[str, Any] = {"storageSize": stack.backups.scratch.storage_size} if stack.backups else {}
    if isinstance(stack.postgresql, EmbeddedPostgreSQL):
        embedded = database.get("embedded", {})
    # What only an admin of a shared server needs.
    database = {key: value for key, value in database.items() if key not in ("adopt", "connectionLimit")}
    major = f"-{app.chart_major}" if isinstance(app, AirbyteSettings) else ""
    values = yaml.safe_load((_HERE / app.key / f"values{major}.yaml").read_text())
    drilled = {
        **given,
        "namespace": drill_namespace(app),
        "database": {**database, "embedded": embedded},
        "values": merged(given.get("values", {}), values),
    }
    if "path" in given.get("chart", {}):
        drilled["chart"] = {**given["chart"], "path": str(root / given["chart"]["path"])}
    if isinstance(app, AirbyteSettings) and app.chart_major > 1:
        drilled["storage"] = {"kind": "minio", "storageSize": "1Gi"}
    return drilled


def secret_names(raw: Mapping[str, Any], app: str) -> list[str]:
    """Names of the existing Secrets that a stack file mentions for an app's pods, in any of its settings."""
    read = {key: value for key, value in raw.items() if key in ("backups", "pods", app)}
    return sorted(set(_secret_names(read)))


def _secret_names(tree: object) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for key, value in cast("Mapping[str, object]", tree).items():
            if key in ("secretName", "existingSecret") and isinstance(value, str):
                yield value
            elif key == "imagePullSecrets" and isinstance(value, list):
                for each in cast("list[object]", value):
                    yield str(cast("Mapping[str, object]", each)["name"] if isinstance(each, Mapping) else each)
            else:
                yield from _secret_names(value)
    elif isinstance(tree, list):
        for each in cast("list[object]", tree):
            yield from _secret_names(each)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two trees of values, of which `above` wins, as Helm merges them."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        result[key] = merged(cast("Mapping[str, Any]", under), cast("Mapping[str, Any]", value)) if both else value
    return result
