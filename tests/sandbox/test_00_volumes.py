"""The volume provisioner's own tests, on real loop devices."""

import os
import subprocess
from pathlib import Path

from sandbox import gotoolchain
from sandbox.gotools import tools
from sandbox.paths import PACKAGE, Sandbox
from sandbox.steps import Step


def test_volumes_are_made_grown_and_removed_on_real_disks(tmp_path: Path) -> None:
    go = gotoolchain.go(Sandbox.of(PACKAGE.parent).cache, Step("go", tmp_path / "log"))
    (volumes,) = [tool for tool in tools() if tool.name == "volumes"]
    env = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    done = subprocess.run(
        [go, "test", "-trimpath", "-count=1", "./..."],
        cwd=volumes.source,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
