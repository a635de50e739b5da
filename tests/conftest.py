import contextlib
from collections.abc import Iterator

import pytest

from tests.support.stacks import ROOT


@pytest.fixture(scope="session", autouse=True)
def _in_the_checkout() -> Iterator[None]:
    """Chart folders in stack files are relative to Pulumi.yaml, where Pulumi runs the program."""
    with contextlib.chdir(ROOT):
        yield
