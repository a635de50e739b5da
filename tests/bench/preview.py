"""`pulumi preview` of the dev stack against that of an empty program that imports `pulumi_kubernetes`.

Beside it, the same resources registered by a plain program (`plain/`), as the SDK's documentation would write it: typed
arguments, one file, no settings, no components. And by a program of nothing but their names and inputs: what Pulumi
and the providers take for them in any program.
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
PLAIN = Path(__file__).with_name("plain")
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
    print("preview: of the dev stack, of an empty program, of the same resources alone and plainly", file=sys.stderr)
    settings = dev_settings()
    with (
        tempfile.TemporaryDirectory() as folder,
        new_stack(Path(folder), "empty") as empty,
        new_stack(Path(folder), "bare") as bare,
        new_stack(Path(folder), "plain") as plain_program,
        new_stack(Path(folder)) as dev,
    ):
        (empty.folder / "__main__.py").write_text("import pulumi_kubernetes\n")
        (bare.folder / "__main__.py").write_text(BARE)
        (bare.folder / "resources.json").write_text(json.dumps(_resources(settings)))
        config_file(dev, settings)
        ours, nothing, same, by_hand = in_turn(
            ROUNDS,
            {
                "ours": lambda: seconds(lambda: dev.run("preview")),
                "empty": lambda: seconds(lambda: _preview(empty)),
                "bare": lambda: seconds(lambda: _preview(bare)),
                "plain": lambda: seconds(lambda: plain_program.run("preview", program=PLAIN)),
            },
        )
    return [
        Ratio("preview of the dev stack / of an empty program", ours, nothing, "s", 1.5, more_is_better=False),
        Ratio("preview of the dev stack / of its resources alone", ours, same, "s", 1.5, more_is_better=False),
        Ratio("preview of the dev stack / of a plain program", ours, by_hand, "s", 1.25, more_is_better=False),
    ]


def _preview(project: Project) -> str:
    return ok("pulumi", "preview", "--stack", NAME, "--non-interactive", cwd=project.folder, env=project.env)


def dev_settings() -> dict[str, Any]:
    """Settings of the dev stack, by their keys in the stack file."""
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
