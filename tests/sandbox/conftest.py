from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from sandbox.processes import Processes
from tests.sandbox.deployments import AIRBYTE, DAGSTER, FULL_APPS, STACK_FILES, App
from tests.sandbox.diagnosis import cluster_now
from tests.sandbox.owned import OwnedStack
from tests.sandbox.stack import Stack
from tests.support.cluster import SANDBOX

RUNNING = ("apiserver", "kubelet", "containerd")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure what the cluster looks like before anything is taken away."""
    report = yield
    if report.failed:
        report.sections.append(("cluster", cluster_now()))
    return report


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The stack that `make up` deployed. Tests add rows and runs to it and change nothing else."""
    gone = [name for name in RUNNING if Processes(SANDBOX).pid(name) is None]
    assert not gone, f"the sandbox does not run ({', '.join(gone)}): start it with make up"
    return Stack.of_checkout("sandbox", tmp_path_factory.mktemp("sandbox"))


@pytest.fixture(scope="session")
def _twin(sandbox: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnedStack]:
    with OwnedStack(STACK_FILES / "twin.yaml", tmp_path_factory.mktemp("twin"), ["twin"]) as stack:
        yield stack


@pytest.fixture
def twin(_twin: OwnedStack) -> OwnedStack:
    """The second stack with both apps, deployed as its file says."""
    _twin.settle()
    return _twin


@pytest.fixture(scope="module")
def shared(sandbox: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnedStack]:
    """A light stack with default names in one namespace; nothing is deployed of it at first."""
    with OwnedStack(STACK_FILES / "shared.yaml", tmp_path_factory.mktemp("shared"), ["lakehouse"]) as stack:
        yield stack


@pytest.fixture(scope="session")
def _pooled(sandbox: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnedStack]:
    namespaces = ["pooled-airbyte", "pooled-dagster"]
    with OwnedStack(STACK_FILES / "pooled.yaml", tmp_path_factory.mktemp("pooled"), namespaces) as stack:
        yield stack


@pytest.fixture
def pooled(_pooled: OwnedStack) -> OwnedStack:
    """Both apps behind poolers, with backup sets; deployed as its file says."""
    _pooled.settle()
    return _pooled


@pytest.fixture(params=FULL_APPS, ids=str)
def app(request: pytest.FixtureRequest, sandbox: Stack) -> App:
    """Each app of both full stacks."""
    if request.param.stack == "twin":
        request.getfixturevalue("twin")
    return request.param


@pytest.fixture(params=[AIRBYTE, DAGSTER], ids=str)
def sandbox_app(request: pytest.FixtureRequest, sandbox: Stack) -> App:
    """Each app of the sandbox's own stack."""
    return request.param


@pytest.fixture
def dumps(tmp_path: Path) -> Path:
    """Folder for files that commands write."""
    return tmp_path
