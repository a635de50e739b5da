"""What may move where."""

from collections.abc import Iterator

from components.forms.base import Found, Refusal
from components.servers.embedded.settings import EmbeddedPostgreSQL
from components.servers.standalone import StandalonePostgreSQL

PostgreSQL = EmbeddedPostgreSQL | StandalonePostgreSQL
_ADMIN = "an admin: a move stops the app's role on one server and makes databases on the other"
_SERVERS = (("postgresql",), ("moveFrom",))


def refusals(postgresql: PostgreSQL, move_from: PostgreSQL | None) -> Iterator[Refusal]:
    """A move that is none, or that would need two shared servers at once.

    Args:
        postgresql: where the data are to be.
        move_from: where they are.
    """
    match postgresql, move_from:
        case StandalonePostgreSQL(has_admin=False), EmbeddedPostgreSQL() | StandalonePostgreSQL():
            yield Refusal(("postgresql", "server", "admin"), Found.NOTHING, _ADMIN, _SERVERS)
        case _, StandalonePostgreSQL(has_admin=False):
            yield Refusal(("moveFrom", "server", "admin"), Found.NOTHING, _ADMIN, _SERVERS)
        case EmbeddedPostgreSQL(), EmbeddedPostgreSQL():
            allowed = "a standalone server: `postgresql` is embedded too, so there is nothing to move"
            yield Refusal(("moveFrom", "mode"), "embedded", allowed, _SERVERS)
        case StandalonePostgreSQL(), StandalonePostgreSQL():
            if postgresql.server == move_from.server:
                allowed = "another server than that of `postgresql`: there is nothing to move"
            else:
                allowed = "embedded: from one standalone server to another, move to embedded first, then on"
            yield Refusal(("moveFrom", "mode"), "standalone", allowed, _SERVERS)
        case _:
            pass
