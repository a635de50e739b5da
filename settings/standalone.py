"""The standalone server: one PostgreSQL that both apps share, whoever runs it."""

from typing import Annotated, Literal

from pydantic import Field

from settings.base import Model
from settings.names import Namespace, PostgresImage
from settings.pins import POSTGRES_IMAGE
from settings.servers import Server
from settings.servers.cloudnativepg import CloudNativePG
from settings.servers.existing import ExistingServer


class StandalonePostgreSQL(Model):
    """Both apps share one PostgreSQL, each with a role and databases of its own."""

    mode: Literal["standalone"]
    """`standalone`: one server for both apps."""
    server: Server
    """Who runs it."""
    namespace: Namespace = "postgresql"
    """Namespace of the admin's Secret, of the Jobs that use it and, where it runs in the cluster, of the server."""
    image: PostgresImage = POSTGRES_IMAGE
    """Image with `psql` and `pg_dump`, for Jobs: the official one, or one made from it; version 17, exact tag."""
    start_timeout_seconds: Annotated[int, Field(ge=60, le=3600)] = 300
    """How long `pulumi up` waits for a server that is still starting."""

    @property
    def namespace_is_there(self) -> bool:
        """Whether somebody made the namespace already, because it holds a Secret of theirs."""
        match self.server:
            case ExistingServer(admin=admin):
                return admin.secret_name is not None
            case CloudNativePG():
                # Never by a setting that may change later: a namespace that is let go takes the volumes with it.
                return False
