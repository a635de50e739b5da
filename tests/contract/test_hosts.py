"""What the charts do with the database's host, and why it cannot be an IPv6 address (the kind `existing`)."""

import json
from pathlib import Path
from typing import Any

import pytest

FACTS = Path(__file__).with_name("facts")


def cases(chart: str) -> dict[str, Any]:
    return json.loads((FACTS / f"{chart}.json").read_text())["cases"]


def values_of(tree: Any, key: str) -> set[str]:
    """Every text that stands under a key, wherever."""
    if isinstance(tree, dict):
        own = {value for name, value in tree.items() if name == key and isinstance(value, str)}
        return own.union(*(values_of(inner, key) for inner in tree.values()))
    if isinstance(tree, list):
        return set[str]().union(*(values_of(inner, key) for inner in tree))
    return set()


@pytest.mark.parametrize("chart", sorted(file.stem for file in FACTS.glob("airbyte-*.json")))
def test_airbytes_url_has_the_host_that_temporal_is_told(chart: str) -> None:
    # A URL wants an IPv6 address in brackets, Temporal's start script without.
    for name, case in cases(chart).items():
        (seeds,) = values_of(case, "POSTGRES_SEEDS")
        (url,) = values_of(case, "DATABASE_URL")
        assert url.startswith(f"jdbc:postgresql://{seeds}:"), name


def test_dagsters_instance_has_the_host_as_plain_text() -> None:
    for name, case in cases("dagster-1.13").items():
        waited_for = values_of(case, "host")
        assert values_of(case["instance"], "hostname") == waited_for, name
        assert not any(set("[]/") & set(host) for host in waited_for), name
