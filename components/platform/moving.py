"""Rules of `moveFrom`: which server can be moved to which."""

from collections.abc import Iterator

from components.forms.base import Placeholder, Refusal
from components.platform.postgresql import AnyPostgreSQL

_ADMIN = "an admin: a move stops the app's role on one server and creates databases on the other"
_SERVERS = (("postgresql",), ("moveFrom",))


def refusals(postgresql: AnyPostgreSQL, move_from: AnyPostgreSQL | None) -> Iterator[Refusal]:
    """A move without admin, to the same server, or between two standalone servers.

    Args:
        postgresql: the servers that the data are moved to.
        move_from: the servers that they are moved from; None if nothing is moved.
    """
    if move_from is None:
        return
    for setting, side in (("postgresql", postgresql), ("moveFrom", move_from)):
        if not side.has_admin:
            yield Refusal((setting, "server", "admin"), Placeholder.NOTHING, _ADMIN, _SERVERS)
            return
    if postgresql.mode != move_from.mode:
        return
    if postgresql.mode == "embedded":
        allowed = "a standalone server: `postgresql` is embedded too, so there is nothing to move"
    elif postgresql.server_or_none == move_from.server_or_none:
        allowed = "another server than that of `postgresql`: there is nothing to move"
    else:
        allowed = "embedded: from one standalone server to another, move to embedded first, then on"
    yield Refusal(("moveFrom", "mode"), move_from.mode, allowed, _SERVERS)
