"""Where a stack file has `moveFrom`: what each app's move from that server to the one of `postgresql` is."""

from collections.abc import Mapping

from components.platform.settings import Stack
from components.postgres.move import MoveArgs
from components.postgres.server import ServerComponent
from components.servers.embedded.component import EmbeddedServer


def moves(
    stack: Stack, sources: Mapping[str, ServerComponent], targets: Mapping[str, ServerComponent]
) -> dict[str, MoveArgs]:
    """Each app's move, by the app's key; none if nothing is moved.

    Args:
        stack: the stack file.
        sources: the servers that the apps' data come from, by app; empty without `moveFrom`.
        targets: the servers that they go to.
    """
    wait_seconds = max(server.start_timeout_seconds for server in stack.servers)
    found: dict[str, MoveArgs] = {}
    for key, source in sources.items():
        app, _ = stack.apps[key]
        target = targets[key]
        # One of the two is the app's own, whose admin's password the program knows; the other's Secret may be a
        # person's or an operator's, so the Job goes where that is.
        own, other = (source, target) if isinstance(source, EmbeddedServer) else (target, source)
        found[key] = MoveArgs(
            source=source.server,
            target=target.server,
            namespace=other.server.namespace,
            admin_password=own.admin_password if isinstance(own, EmbeddedServer) else None,
            username=app.database.username,
            databases=list(app.databases),
            # A Job that an interrupted `pulumi up` left must not be taken for that of the way back.
            name=f"{app.database.secret_name}-{'move' if own is source else 'back'}",
            wait_seconds=wait_seconds,
        )
    return found
