import itertools
from collections.abc import Iterator

import pytest

from tests.support.postgres import DatabaseServer, Root, unpacked_image

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def root() -> Iterator[Root]:
    with unpacked_image() as root:
        yield root


def new_server(root: Root) -> DatabaseServer:
    """A server with an empty volume that nobody prepared yet; whoever starts it stops it."""
    return DatabaseServer.on_free_port(root, f"server{next(_numbers)}")


@pytest.fixture
def server(root: Root) -> Iterator[DatabaseServer]:
    """A server with an empty volume that nobody prepared yet."""
    server = new_server(root)
    yield server
    server.stop()
