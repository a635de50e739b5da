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
    """A server with an empty volume, not prepared; the caller stops it."""
    return DatabaseServer.on_free_port(root, f"server{next(_numbers)}")


def started(server: DatabaseServer) -> DatabaseServer:
    """The server, accepting connections, with the password `admin` for its admin."""
    assert server.prepare("admin").returncode == 0
    server.start()
    return server


@pytest.fixture
def server(root: Root) -> Iterator[DatabaseServer]:
    """A server with an empty volume, not prepared."""
    server = new_server(root)
    yield server
    server.stop()


@pytest.fixture
def running(server: DatabaseServer) -> DatabaseServer:
    """A server that accepts connections, with the password `admin` for its admin."""
    return started(server)


@pytest.fixture
def servers(root: Root) -> Iterator[tuple[DatabaseServer, DatabaseServer]]:
    """Two servers like `running`."""
    both = (started(new_server(root)), started(new_server(root)))
    yield both
    for server in both:
        server.stop()
