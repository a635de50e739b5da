"""The program's Kubernetes objects as manifests, for deploying them without Pulumi."""

from collections.abc import Callable
from typing import Any

import yaml
from pulumi.runtime.rpc import _special_secret_sig, _special_sig_key

from tests.support.recording import Plan, Recorded


def manifests(plan: Plan, wanted: Callable[[Recorded], bool]) -> list[dict[str, Any]]:
    """Objects of the plan's wanted resources, passwords included, without namespaces, releases and resources that are
    only read.
    """
    left_out = ("kubernetes:core/v1:Namespace", "kubernetes:helm.sh/v3:Release")
    created = [r for r in plan.resources if r.type.startswith("kubernetes:") and "read" not in r.options]
    return [plain(r.raw) for r in created if r.type not in left_out and wanted(r)]


def plain(value: Any) -> Any:
    """The value without Pulumi's secret markers, and whole floats as integers."""
    if isinstance(value, dict):
        if value.get(_special_sig_key) == _special_secret_sig:
            return plain(value["value"])
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def to_yaml(objects: list[dict[str, Any]]) -> str:
    """As a file for kubectl or a chart's templates."""
    return yaml.safe_dump_all(objects, sort_keys=False)
