"""What is made from the models, and what repeats them, agrees with them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from components.platform.settings import Stack
from stack.load import SECRET_SETTINGS, parse
from stack.schema import (
    BEGIN,
    END,
    PROJECT,
    README,
    SCHEMA_FILE,
    SERVERS,
    server_tables,
    settings_table,
    stack_schema,
)
from tests.support.stacks import ROOT, STACK_FILES, as_text, project_file, stack_name
from tests.unit.test_wrong_stacks import CASES

UPDATE = "out of date: type .venv/bin/python -m stack.schema"
# Reads the source of all models now: CPython 3.11 fails to build a syntax tree if finalizers run meanwhile (gh-106905),
# such as those of the event loops that other tests leave.
VALIDATOR = Draft202012Validator(stack_schema())
JSON_TYPES = {"string": str, "boolean": bool, "object": dict}


def test_schema_file_is_up_to_date() -> None:
    assert json.loads((ROOT / SCHEMA_FILE).read_text()) == stack_schema(), UPDATE


@pytest.mark.parametrize(
    ("file", "tables"), [(README, settings_table), (SERVERS, server_tables)], ids=[README, SERVERS]
)
def test_tables_for_people_are_up_to_date(file: str, tables: Callable[[], str]) -> None:
    shown = (ROOT / file).read_text().partition(BEGIN)[2].partition(END)[0]
    assert shown == tables(), UPDATE


def test_table_has_every_setting_with_its_meaning() -> None:
    rows = [line.strip("| ").split(" | ") for line in settings_table().splitlines()[2:]]
    paths = [row[0] for row in rows]
    assert {"`retainData`", "`airbyte.storage.region (s3)`", "`dagster.database.embedded.memory`"} <= set(paths)
    assert {"`postgresql.server (standalone)`", "`postgresql.namespace (standalone)`"} <= set(paths)
    assert {"| `host` | required", "| `instances` | `3`", "| `region` | required"} <= {
        " |".join(line.split(" |")[:2]) for line in server_tables().splitlines()
    }
    assert len(set(paths)) == len(paths)
    assert [row for row in rows if not row[-1].endswith(".")] == []


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(stack_schema())


@pytest.mark.parametrize("path", STACK_FILES, ids=stack_name)
def test_stack_file_is_valid_by_the_schema(path: Path) -> None:
    VALIDATOR.validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("path", STACK_FILES, ids=stack_name)
def test_stack_file_names_the_schema_for_editors(path: Path) -> None:
    assert path.read_text().startswith(f"# yaml-language-server: $schema=./{SCHEMA_FILE}\n")


def test_a_boolean_that_pulumi_has_written_is_valid() -> None:
    VALIDATOR.validate({"config": {"lakehouse:retainData": "false"}})


def test_keys_of_other_packages_and_of_pulumi_are_valid() -> None:
    VALIDATOR.validate({"secretsprovider": "passphrase", "encryptionsalt": "v1", "config": {"kubernetes:context": "x"}})


# What only the program can tell: rules over several settings and over what is inside a value.
UNKNOWN_KEYS = [case for case in CASES if "typo" in case["name"] and not any(":" in key for key in case["stack"])]


@pytest.mark.parametrize("case", UNKNOWN_KEYS, ids=[case["name"] for case in UNKNOWN_KEYS])
def test_unknown_key_is_not_valid_by_the_schema(case: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid({"config": {f"{PROJECT}:{key}": value for key, value in case["stack"].items()}})


@pytest.mark.parametrize(
    "settings",
    [
        {"retainData": "yes"},
        {"retainData": 1},
        {"namespace": "Upper"},
        {"airbyte": {"timeoutSeconds": 1}},
        {"airbyte": {"storage": {"kind": "azure"}}},
        {"dagster": {"database": {"embedded": {"storageSize": "8GB"}}}},
        {"dagster": {"database": {"embedded": {"cpu": "two"}}}},
        {"dagster": {"database": {"embedded": {"parameters": {"x": [1]}}}}},
        {"dagster": {"database": {"username": "pg_x"}}},
    ],
    ids=str,
)
def test_wrong_value_is_not_valid_by_the_schema(settings: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid({"config": {f"{PROJECT}:{key}": value for key, value in settings.items()}})


def test_project_is_named_as_the_program_takes_it() -> None:
    assert project_file()["name"] == PROJECT


def test_project_declares_the_settings_and_no_other() -> None:
    assert set(project_file()["config"]) == {f"{PROJECT}:{field.alias}" for field in Stack.model_fields.values()}


@pytest.mark.parametrize("key", project_file()["config"])
def test_declared_setting_has_a_type_a_description_and_a_default(key: str) -> None:
    declared = project_file()["config"][key]
    assert isinstance(declared["default"], JSON_TYPES[declared["type"]])
    assert declared["description"].endswith(".")
    # What is encrypted is an object in the file and text to Pulumi.
    assert _json_type(key) == ("object" if key.removeprefix(f"{PROJECT}:") in SECRET_SETTINGS else declared["type"])
    parse({key: as_text(declared["default"])}, PROJECT)


def _json_type(key: str) -> str:
    schema = stack_schema()
    property_ = schema["properties"]["config"]["properties"][key]
    candidates = [property_, *property_.get("anyOf", []), *property_.get("oneOf", [])]
    candidates += [inner for it in property_.get("anyOf", []) for inner in it.get("oneOf", [])]
    resolved = [schema["$defs"][c["$ref"].rpartition("/")[2]] if "$ref" in c else c for c in candidates]
    (found,) = {json.dumps(c["type"]) for c in resolved if c.get("type", "null") != "null"}
    return "boolean" if "boolean" in found else json.loads(found)


def test_declared_defaults_are_the_models() -> None:
    config = {key: as_text(declared["default"]) for key, declared in project_file()["config"].items()}
    assert parse(config, PROJECT) == Stack()
