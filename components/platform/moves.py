"""The apps' moves from the servers of `moveFrom` to those of `postgresql`."""

from collections.abc import Mapping

from components.platform.settings import Stack
from components.postgres.move import MoveArgs
from components.postgres.server import ServerComponent


def moves(
    stack: Stack, sources: Mapping[str, ServerComponent], targets: Mapping[str, ServerComponent]
) -> dict[str, MoveArgs]:
    """Each app's move, by the app's key; none if nothing is moved.

    Args:
        stack: the stack file.
        sources: the servers that the data are moved from, by the app's key; empty without `moveFrom`.
        targets: the servers that they are moved to.
    """
    wait_seconds = max(postgresql.start_timeout_seconds for postgresql in stack.postgresqls.values())
    planned: dict[str, MoveArgs] = {}
    for key, source in sources.items():
        app, target = stack.apps[key], targets[key]
        # One of the two is embedded, and the program has generated its admin's password. The admin's Secret of the
        # other one may be an existing one or an operator's, so the Job runs in its namespace.
        own, other = (source, target) if source.connection.exclusive else (target, source)
        secret_name = app.database.secret_name
        planned[key] = MoveArgs(
            source=source.connection,
            target=target.connection,
            namespace=other.connection.namespace,
            username=app.database.username,
            databases=list(app.databases),
            # Different names: a Job that an interrupted `pulumi up` has left must not be adopted for the way back.
            name=f"{secret_name}-{'move' if own is source else 'back'}",
            downtime_name=f"{secret_name}-downtime",
            app=key,
            admin_password=own.admin_password,
            wait_seconds=wait_seconds,
        )
    return planned
