"""No value anywhere in a stack file crashes the check, and what it tells is about that value."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from components.forms.base import Placeholder
from components.forms.report import report
from stack.check import Mistakes, check

# Every setting but those that exclude another.
WHOLE: dict[str, Any] = {
    "cluster": {"context": "kind", "kubeconfig": "/home/me/kubeconfig", "createNamespaces": True},
    "namespace": "lakehouse",
    "retainData": True,
    "postgresql": {"mode": "embedded", "image": "postgres:17.1", "startTimeoutSeconds": 300},
    "airbyte": {
        "enabled": True,
        "releaseName": "airbyte",
        "chart": {"version": "2.2.0", "repository": "https://charts.example.com"},
        "url": "https://airbyte.example.com",
        "timeoutSeconds": 900,
        "database": {"name": "airbyte", "username": "airbyte", "secretName": "airbyte-database", "passwordRotation": 1},
        "storage": {
            "kind": "s3",
            "region": "eu-central-1",
            "bucket": "my-bucket",
            "credentials": {"secretName": "s3", "accessKeyIdKey": "id", "secretAccessKeyKey": "key"},
        },
        "values": {"server": {"env_vars": {"A": "b"}, "extraEnv": [{"name": "A", "value": "b"}]}},
    },
    "dagster": {
        "enabled": True,
        "releaseName": "dagster",
        "chart": {"oci": "oci://example.com/charts/dagster"},
        "database": {
            "embedded": {
                "storageSize": "8Gi",
                "storageClass": "fast",
                "memory": "1Gi",
                "cpu": "250m",
                "cpuLimit": 2,
                "maxConnections": 100,
                "parameters": {"jit": False},
                "nodeSelector": {"disk": "ssd"},
                "adminPasswordRotation": 1,
            }
        },
        "values": {"runLauncher": {"config": {"k8sRunLauncher": {"envVars": ["A=b"]}}}},
    },
}
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    1e300,
    "",
    "{x} %s {",
    "\n\0\x1b",
    "ü" * 300,
    [],
    [None],
    {},
    {"": {"": []}},
]


def paths(tree: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of all values below mappings."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield (*above, key)
            yield from paths(value, (*above, key))


def changed(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    tree = copy.deepcopy(WHOLE)
    place = tree
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return tree


def test_the_whole_is_right() -> None:
    check(WHOLE)


EVERY_PATH = list(paths(WHOLE))
FREE = {"values", "parameters", "nodeSelector"}
KNOWN_KEYS_ALONE = [path for path in EVERY_PATH if not FREE & set(path)]


@pytest.mark.parametrize("path", EVERY_PATH, ids=".".join)
def test_any_value_is_accepted_or_told(path: tuple[str, ...]) -> None:
    for junk in JUNK:
        try:
            check(changed(path, junk))
        except Mistakes as error:
            assert all(mistake.touches([path]) for mistake in error.mistakes), junk
            assert len(report(error.mistakes, stack="test").split("\n\n")) == len(error.mistakes) + 1, junk


@pytest.mark.parametrize("path", KNOWN_KEYS_ALONE, ids=".".join)
def test_an_unknown_key_is_told_wherever_it_is(path: tuple[str, ...]) -> None:
    with pytest.raises(Mistakes) as error:
        check(changed((*path[:-1], "unknown{key}"), 1))
    (mistake,) = error.value.mistakes
    assert mistake.path == (*path[:-1], "unknown{key}")
    assert "Known here: " in mistake.allowed


@pytest.mark.parametrize("path", [("airbyte", "storage", key) for key in ("region", "bucket")])
def test_what_is_missing_is_told(path: tuple[str, ...]) -> None:
    tree = copy.deepcopy(WHOLE)
    del tree["airbyte"]["storage"][path[-1]]
    with pytest.raises(Mistakes) as error:
        check(tree)
    (mistake,) = error.value.mistakes
    assert (mistake.path, mistake.found) == (path, Placeholder.NOTHING)


def test_what_is_checked_is_left_as_it_was() -> None:
    tree = changed(("dagster", "releaseName"), 1)
    before = copy.deepcopy(tree)
    with pytest.raises(Mistakes):
        check(tree)
    assert tree == before
