"""The standalone server: one PostgreSQL that both apps share, whoever runs it."""

from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Model
from components.forms.images import POSTGRES_IMAGE, PostgresImage
from components.forms.names import Namespace
from components.postgres.endpoint import TlsMode
from components.servers.kind import ServerSettings
from components.servers.kinds import AnyServer


class StandalonePostgreSQL(Model):
    """Both apps share one PostgreSQL server, each with a role and databases of its own."""

    mode: Literal["standalone"] = "standalone"
    """`standalone`: one server for both apps."""
    server: AnyServer
    """Who runs it."""
    namespace: Namespace = "postgresql"
    """Namespace of the admin's Secret, of the Jobs that use it and, where it runs in the cluster, of the server."""
    image: PostgresImage = POSTGRES_IMAGE
    """Image with `psql` and `pg_dump`, for Jobs: the official one, or one made from it; version 17, exact tag."""
    start_timeout_seconds: Annotated[int, Field(ge=60, le=3600)] = 300
    """How long `pulumi up` waits for a server that is still starting."""

    @property
    def server_or_none(self) -> ServerSettings | None:
        """The server that both apps share."""
        return self.server

    @property
    def has_admin(self) -> bool:
        """Whether the program can create roles and databases."""
        return self.server.has_admin

    @property
    def client_tls(self) -> TlsMode:
        """How apps connect."""
        return self.server.client_tls

    @property
    def needs_namespace(self) -> bool:
        """Whether anything is created in the namespace, and it is not one with an existing Secret of the admin's."""
        # Where the server itself is in it, always: a namespace that is let go takes the volumes with it.
        admin = self.server.given_admin
        return self.server.has_admin and (admin is None or admin.secret_name is None)
