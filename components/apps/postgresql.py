"""Who runs PostgreSQL, and what an app may say about its part of it."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.names import DatabaseName, DatabaseSecretName, ExtensionName, RoleName
from components.servers.embedded.settings import EmbeddedPostgreSQL, EmbeddedServer
from components.servers.standalone import StandalonePostgreSQL

PostgreSQL = Annotated[EmbeddedPostgreSQL | StandalonePostgreSQL, Field(discriminator="mode")]
"""Who runs PostgreSQL: a server beside each app, or one that both apps share."""


class AppDatabase(Model):
    """One app's role and databases on the server, whoever runs it."""

    name: DatabaseName
    """The app's database."""
    username: RoleName
    """The app's role, owner of its databases."""
    adopt: bool = False
    """Whether a role and databases of these names are taken over that this stack did not make; the role gets a new
    password."""
    secret_name: DatabaseSecretName
    """Secret in the app's namespace that carries all that a client needs."""
    password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the app's role a new password; the app restarts. Where the password is yours, since the
    server has no `admin`, raise it whenever you have changed that."""
    scram_iterations: Annotated[int, Field(ge=1, le=1_000_000)] = 4096
    """Rounds that a client computes at each login. JDBC refuses fewer than 4096."""
    connection_limit: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Connections that the app's role may have at once; absent, as many as the server takes."""
    statement_timeout_seconds: Annotated[int, Field(ge=0, le=86_400)] = 0
    """Seconds after which the server ends a statement of the app's role; 0 never."""
    idle_in_transaction_timeout_seconds: Annotated[int, Field(ge=0, le=86_400)] = 0
    """Seconds after which the server ends a session that is idle inside a transaction; 0 never."""
    extensions: list[ExtensionName] = []
    """PostgreSQL extensions in the app's database, beside those that the app needs itself."""
    embedded: EmbeddedServer = EmbeddedServer()
    """The app's own server, where `postgresql.mode` is `embedded`."""

    def refusals(self) -> Iterator[Refusal]:
        """Names that the server has already."""
        if self.username == "postgres":
            yield Refusal(("username",), self.username, "any role but the server's admin, postgres")
        if self.name in {"postgres", "template0", "template1"}:
            allowed = "any database but the server's own (postgres, template0, template1)"
            yield Refusal(("name",), self.name, allowed)
