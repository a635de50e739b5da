"""`pulumi up` from nothing against `helm upgrade --install --wait` of the same databases and charts, one by one."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.bench.measure import Ratio, in_turn, seconds
from tests.bench.project import config_file, new_stack
from tests.support.cluster import kubectl, ok
from tests.support.manifests import manifests, plain, to_yaml
from tests.support.recording import Plan
from tests.support.stacks import ROOT, as_text, plan_program

ROUNDS = 2
APPS = ("airbyte", "dagster")


def measure() -> list[Ratio]:
    """Seconds from an empty cluster (images on the node) until both apps are ready, in turn."""
    print("deploy: pulumi up, and helm upgrade --install --wait one after the other", file=sys.stderr)
    stack = yaml.safe_load((ROOT / "Pulumi.sandbox.yaml").read_text())["config"]
    for app in APPS:
        stack[f"lakehouse:{app}"]["namespace"] = f"bench-{app}"
    with tempfile.TemporaryDirectory() as folder:
        ours, other = in_turn(
            ROUNDS, {"ours": lambda: _pulumi(Path(folder), stack), "helm": lambda: _helm(Path(folder), stack)}
        )
    return [Ratio("pulumi up of everything / helm, one after the other", ours, other, "s", 0.8, more_is_better=False)]


def _pulumi(folder: Path, settings: dict[str, object]) -> float:
    with new_stack(folder) as stack:
        config_file(stack, settings)
        try:
            return seconds(lambda: stack.run("up", "--yes", "--skip-preview"))
        finally:
            stack.run("destroy", "--yes", "--skip-preview")


def _helm(folder: Path, settings: dict[str, object]) -> float:
    plan = plan_program({key: as_text(value) for key, value in settings.items()}, "bench")
    with _namespaces():
        return seconds(lambda: [_install(folder, plan, app) for app in APPS])


@contextmanager
def _namespaces() -> Iterator[None]:
    names = [f"bench-{app}" for app in APPS]
    try:
        for name in names:
            kubectl("create", "namespace", name)
        yield
    finally:
        kubectl("delete", "namespace", "--ignore-not-found", "--wait", *names)


def _install(folder: Path, plan: Plan, app: str) -> None:
    """The app's database as a chart of its own, then the app's chart with the values that the program gives."""
    chart = folder / f"{app}-database"
    (chart / "templates").mkdir(parents=True, exist_ok=True)
    (chart / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": chart.name, "version": "1.0.0"}))
    objects = manifests(plan, lambda resource: resource.name.startswith(f"{app}-"))
    (chart / "templates" / "all.yaml").write_text(to_yaml(objects))
    release = plan.one("kubernetes:helm.sh/v3:Release", app)
    values = folder / f"{app}-values.yaml"
    values.write_text(yaml.safe_dump(plain(release.raw["values"])))
    common = ("--namespace", f"bench-{app}", "--wait", "--wait-for-jobs", "--timeout", "10m")
    ok("helm", "upgrade", "--install", chart.name, str(chart), *common, seconds=700)
    ok("helm", "upgrade", "--install", app, release.inputs["chart"], "--values", str(values), *common, seconds=700)
