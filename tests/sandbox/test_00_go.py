"""The sandbox's own Go programs: vetted, and their tests, those of the volume provisioner on real loop devices."""

import os
import subprocess
from pathlib import Path

import pytest

from sandbox import gotoolchain
from sandbox.gotools import FLAGS, tools
from sandbox.paths import PACKAGE, Sandbox
from sandbox.steps import Step


@pytest.mark.parametrize(
    "verb",  # with the flags of the build, so that what it compiled is used
    [("vet", *FLAGS, "./..."), ("test", *FLAGS, "-count=1", "./...")],
    ids=["vet", "test"],
)
@pytest.mark.parametrize("name", ["plugins", "volumes", "temporal"])
def test_go_programs(name: str, verb: tuple[str, ...], tmp_path: Path) -> None:
    go = gotoolchain.go(Sandbox.of(PACKAGE.parent).cache, Step("go", tmp_path / "log"))
    (tool,) = [tool for tool in tools() if tool.name == name]
    env = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    done = subprocess.run([go, *verb], cwd=PACKAGE / tool.own, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
