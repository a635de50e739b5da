import shutil

import pytest

from sandbox.paths import Sandbox
from tests.support.stacks import ROOT


@pytest.fixture(scope="session")
def helm() -> str:
    """Helm, from PATH or as the sandbox built it."""
    built = sorted(Sandbox.of(ROOT).cache.glob("tools/helm-*/helm"), key=lambda path: path.stat().st_mtime)
    found = shutil.which("helm") or (str(built[-1]) if built else None)
    if found is None:
        pytest.fail("helm is neither on PATH nor built: run make up, or install it")
    return found
