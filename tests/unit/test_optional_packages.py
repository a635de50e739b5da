"""A cloud's SDK is imported where a stack has its server, and nowhere else; a missing one is named with its remedy."""

import subprocess
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from components.servers.optional import OptionalPackage
from tests.support.kinds import STACK
from tests.support.stacks import ROOT, STACK_FILES, config_of, plan_program, stack_name

PRINT_IMPORTED = "print([name for name in ('pulumi_aws', 'pulumi_gcp') if name in sys.modules])\n"
SDKS = {"prod-aws": ("pulumi_aws", "requirements-aws.txt"), "prod-gcp": ("pulumi_gcp", "requirements-gcp.txt")}


class _Missing(MetaPathFinder):
    """Makes a package look as if it were not installed, or as if it missed another one itself."""

    def __init__(self, package: str, missing: str = "") -> None:
        self.package = package
        self.missing = missing

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        if fullname.partition(".")[0] == self.package:
            name = self.missing or fullname
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def output_of(program: str) -> str:
    """What the program prints, in a process of its own: in this one, other tests have imported both SDKs."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("stack", SDKS)
def test_missing_sdk_is_reported_with_the_command_that_installs_it(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package, requirements = SDKS[stack]
    for name in list(sys.modules):
        if name.startswith(package):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Missing(package), *sys.meta_path])
    registered: list[str] = []
    register = mocks.MockMonitor.RegisterResource

    def note(monitor: mocks.MockMonitor, request: Any) -> Any:
        registered.append(request.type)
        return register(monitor, request)

    monkeypatch.setattr(mocks.MockMonitor, "RegisterResource", note)
    with pytest.raises(pulumi.RunError) as error:
        plan_program(config_of(ROOT / f"Pulumi.{stack}.yaml"), stack)
    assert registered == [STACK]
    assert package.replace("_", "-") in str(error.value)
    assert f"{sys.executable} -m pip install --requirement {requirements}" in str(error.value)
    assert (ROOT / requirements).exists()


def test_another_missing_package_is_reported_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pulumi_aws", raising=False)
    monkeypatch.setattr(sys, "meta_path", [_Missing("pulumi_aws", "no_such_package"), *sys.meta_path])
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        OptionalPackage("aws", "requirements-aws.txt").load()


@pytest.mark.parametrize("kind", ["rds", "cloudsql"])
def test_settings_are_checked_without_the_sdk(kind: str) -> None:
    program = f"import sys\nimport components.servers.{kind}.settings\n{PRINT_IMPORTED}"
    assert output_of(program) == "[]"


@pytest.mark.parametrize("path", STACK_FILES, ids=stack_name)
def test_stack_imports_the_sdk_of_its_own_cloud_alone(path: Path) -> None:
    program = (
        "import pathlib, sys\n"
        "from tests.support.stacks import config_of, plan_program\n"
        f"plan_program(config_of(pathlib.Path({str(path)!r})), {stack_name(path)!r})\n"
        f"{PRINT_IMPORTED}"
    )
    package, _ = SDKS.get(stack_name(path), ("", ""))
    assert output_of(program) == str([package] if package else [])


@pytest.mark.parametrize("requirements", ["requirements-aws.txt", "requirements-gcp.txt"])
def test_requirement_is_the_one_that_the_tests_run_with(requirements: str) -> None:
    (pin,) = [line for line in (ROOT / requirements).read_text().splitlines() if line.startswith("pulumi-")]
    assert pin.replace("-", "_") in (ROOT / "constraints.txt").read_text().splitlines()
