"""Record what an official chart asks for: ``python -m tests.contract.record CHART VERSION --source TEXT``.

CHART is a folder or an archive of the chart, as ``helm pull`` leaves it. All values files of the chart's name and major
version are rendered; the result is ``facts/NAME-VERSION.json``, which the tests compare with. The values are written
first: they are what the program gives the chart in each stack of ``NAME_cases.py``. Needs ``helm`` on PATH.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.contract import airbyte_cases, dagster_cases
from tests.contract.facts import facts, render

HERE = Path(__file__).resolve().parent
CASES = {"airbyte": airbyte_cases, "dagster": dagster_cases}


def metadata(chart: Path) -> dict[str, Any]:
    """Return the chart's Chart.yaml."""
    shown = subprocess.run(["helm", "show", "chart", str(chart)], capture_output=True, text=True, check=True)
    return yaml.safe_load(shown.stdout)


def defaults(chart: Path) -> dict[str, Any]:
    """Return the part of the chart's own values that the program repeats: Dagster's user-code servers."""
    shown = subprocess.run(["helm", "show", "values", str(chart)], capture_output=True, text=True, check=True)
    user_code = yaml.safe_load(shown.stdout).get("dagster-user-deployments")
    return {"user code": user_code["deployments"]} if user_code else {}


def write_values(name: str, cases: str) -> None:
    """Write what the program gives the chart in the cases whose names begin so, in place of what is there."""
    for file in (HERE / "values").glob(f"{cases}*.yaml"):
        file.unlink()
    for case in CASES[name].STACKS:
        if case.startswith(cases):
            text = yaml.safe_dump(CASES[name].values(case), default_flow_style=None, width=110)
            (HERE / "values" / f"{case}.yaml").write_text(text)


def main() -> int:
    """Write the file and name it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chart", type=Path)
    parser.add_argument("version", help="version that the facts are of")
    parser.add_argument("--source", required=True, help="where the chart comes from, in a few words")
    given = parser.parse_args()
    name = metadata(given.chart)["name"]
    major = given.version.partition(".")[0]
    write_values(name, f"{name}-{major}-")
    files = sorted((HERE / "values").glob(f"{name}-{major}*.yaml"))
    if not files:
        print(f"no values for {name} {major}.x in {HERE / 'values'}", file=sys.stderr)
        return 1
    cases: dict[str, Any] = {}
    for file in files:
        values = yaml.safe_load(file.read_text())
        cases[file.stem] = facts(render("helm", given.chart, name, values))
    recorded = {"chart": name, "version": given.version, "source": given.source, **defaults(given.chart)}
    recorded["cases"] = cases
    target = HERE / "facts" / f"{name}-{given.version}.json"
    target.write_text(json.dumps(recorded, indent=1) + "\n")
    print(f"{target}: {len(cases)} cases")
    return 0


if __name__ == "__main__":
    sys.exit(main())
