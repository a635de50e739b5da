"""`pulumi preview` of the dev stack against that of an empty program that imports `pulumi_kubernetes`.

Beside it, the same resources registered by a program of nothing else, no settings, no components, no typed arguments:
what Pulumi, the SDK and the providers take for them in any program.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.bench.measure import Ratio, in_turn, seconds
from tests.bench.project import NAME, Project, config_file, new_stack
from tests.support.cluster import ok
from tests.support.manifests import plain
from tests.support.stacks import ROOT, as_text, plan_program

ROUNDS = 9
# The official charts' repositories are not reached from everywhere; local folders take their place.
CHARTS = {"airbyte": "sandbox/charts/airbyte", "dagster": "sandbox/charts/dagster"}
BARE = """import json
import pathlib

import pulumi
import pulumi_kubernetes

for type_, name, inputs in json.loads(pathlib.Path("resources.json").read_text()):
    pulumi.CustomResource(type_, name, inputs)
"""


def measure() -> list[Ratio]:
    """Wall-clock seconds of each, in turn."""
    print("preview: pulumi preview of the dev stack, of an empty program, of the same resources alone", file=sys.stderr)
    settings = _dev_settings()
    with (
        tempfile.TemporaryDirectory() as folder,
        new_stack(Path(folder), "empty") as empty,
        new_stack(Path(folder), "bare") as bare,
        new_stack(Path(folder)) as dev,
    ):
        (empty.folder / "__main__.py").write_text("import pulumi_kubernetes\n")
        (bare.folder / "__main__.py").write_text(BARE)
        (bare.folder / "resources.json").write_text(json.dumps(_resources(settings)))
        config_file(dev, settings)
        ours, nothing, same = in_turn(
            ROUNDS,
            {
                "ours": lambda: seconds(lambda: dev.run("preview")),
                "empty": lambda: seconds(lambda: _preview(empty)),
                "bare": lambda: seconds(lambda: _preview(bare)),
            },
        )
    return [
        Ratio("preview of the dev stack / of an empty program", ours, nothing, "s", 1.5, more_is_better=False),
        Ratio("preview of the dev stack / of its resources alone", ours, same, "s", 1.5, more_is_better=False),
    ]


def _preview(project: Project) -> str:
    return ok("pulumi", "preview", "--stack", NAME, "--non-interactive", cwd=project.folder, env=project.env)


def _dev_settings() -> dict[str, Any]:
    settings = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    for app, chart in CHARTS.items():
        settings[f"lakehouse:{app}"] = {**settings.get(f"lakehouse:{app}", {}), "chart": {"path": str(ROOT / chart)}}
    return settings


def _resources(settings: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Type, name and inputs of every resource that a provider makes."""
    plan = plan_program({key: as_text(value) for key, value in settings.items()}, NAME)
    return [
        (it.type, it.name, plain(it.raw)) for it in plan.resources if it.custom and not it.type.startswith("pulumi:")
    ]
