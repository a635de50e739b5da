"""A plan as text for review: every resource, in a stable order, with secrets masked."""

import hashlib
from pathlib import Path
from typing import Any

import yaml

from components.postgres import scripts
from tests.support.kinds import STACK
from tests.support.recording import Plan, Recorded, mask

SCRIPTS = Path(scripts.__file__).parent
CERTIFICATE = "-----BEGIN CERTIFICATE-----"


def render(plan: Plan) -> str:
    """The plan in YAML: resources by the names of their parents and their own, and the outputs."""
    by_urn = {r.urn: r for r in plan.resources}
    resources = {path: _resource(r, by_urn) for path, r in resource_paths(plan).items()}
    document = {"outputs": mask(plan.outputs), "resources": resources}
    return yaml.dump(document, Dumper=_Dumper, width=110, allow_unicode=True)


def resource_paths(plan: Plan) -> dict[str, Recorded]:
    """Every resource by the names of its parents, its own name and its type."""
    by_urn = {r.urn: r for r in plan.resources}
    return {_path(r, by_urn): r for r in plan.resources if r.type != STACK}


def _path(r: Recorded, by_urn: dict[str, Recorded]) -> str:
    names = [r.name]
    above = r
    while (above := by_urn[above.parent]).type != STACK:
        names.insert(0, above.name)
    return f"{'/'.join(names)} {r.type}"


def _resource(r: Recorded, by_urn: dict[str, Recorded]) -> dict[str, Any]:
    # These are part of the type.
    inputs = {key: value for key, value in r.inputs.items() if key not in ("apiVersion", "kind")}
    parts = {
        "inputs": script_digests(inputs),
        "needs": sorted(_short(by_urn[urn]) for urn in r.depends_on),
        "options": {
            name: sorted(_short(by_urn[urn]) for urn in value) if name == "replaceWith" else value
            for name, value in r.options.items()
        },
    }
    return {name: value for name, value in parts.items() if value}


def _short(r: Recorded) -> str:
    return f"{r.name} {r.type.rpartition(':')[2]}"


def script_digests(value: Any) -> Any:
    """The value without absent values, and with digests of certificates, which are not readable, and of scripts, which
    are reviewed in their own files.
    """
    if isinstance(value, dict):
        return {key: script_digests(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [script_digests(inner) for inner in value]
    if isinstance(value, str) and (count := value.count(CERTIFICATE)):
        digest = hashlib.sha256(value.encode()).hexdigest()[:16]
        return f"{count} certificate{'s' * (count > 1)}, {len(value)} characters, sha256 {digest}"
    if isinstance(value, str) and "\n" in value:
        for file in SCRIPTS.iterdir():
            if file.is_file() and file.read_text() == value:
                digest = hashlib.sha256(value.encode()).hexdigest()[:16]
                return f"{file.relative_to(SCRIPTS.parents[2])}, {value.count(chr(10))} lines, sha256 {digest}"
    return value


class _Dumper(yaml.SafeDumper):
    """Writes multi-line text as such, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
