"""`pulumi preview` of the dev stack against that of an empty program that imports `pulumi_kubernetes`."""

import sys
import tempfile
from pathlib import Path

import yaml

from tests.bench.measure import Ratio, in_turn, seconds
from tests.bench.project import NAME, config_file, new_stack
from tests.support.cluster import ok
from tests.support.stacks import ROOT

ROUNDS = 9
# The official charts' repositories are not reached from everywhere; local folders take their place.
CHARTS = {"airbyte": "sandbox/charts/airbyte", "dagster": "sandbox/charts/dagster"}


def measure() -> Ratio:
    """Wall-clock seconds of both, in turn."""
    print("preview: pulumi preview of the dev stack, and of an empty program", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder, new_stack(Path(folder), "empty") as empty:
        (empty.folder / "__main__.py").write_text("import pulumi_kubernetes\n")
        with new_stack(Path(folder)) as dev:
            config_file(dev, _dev_settings())

            def empty_preview() -> str:
                argv = ("pulumi", "preview", "--stack", NAME, "--non-interactive")
                return ok(*argv, cwd=empty.folder, env=empty.env)

            empty_preview()
            dev.run("preview")
            ours, other = in_turn(ROUNDS, lambda: seconds(lambda: dev.run("preview")), lambda: seconds(empty_preview))
    return Ratio("preview of the dev stack / of an empty program", ours, other, "s", 1.5, more_is_better=False)


def _dev_settings() -> dict[str, object]:
    settings = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    for app, chart in CHARTS.items():
        settings[f"lakehouse:{app}"] = {**settings.get(f"lakehouse:{app}", {}), "chart": {"path": chart}}
    return settings
