import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox import gotoolchain
from sandbox.gotools import GoTools, tools
from sandbox.paths import PACKAGE, Sandbox
from sandbox.steps import Step


def test_volumes_on_real_disks(tmp_path: Path) -> None:
    """Run the Go tests of the volume provisioner; they take root, loop devices and xfsprogs."""
    if os.geteuid() != 0 or shutil.which("mkfs.xfs") is None:
        pytest.skip("needs root and xfsprogs: make up installs them")
    cache = Sandbox.of(PACKAGE.parent).cache
    volumes = next(tool for tool in tools() if tool.name == "volumes")
    go = gotoolchain.go(cache, Step("go", tmp_path / "log"))
    if not GoTools(cache, go).entry(volumes).exists():
        pytest.skip("not built yet, and compiling takes a minute: make up")
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
