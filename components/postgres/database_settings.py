"""An app's role and database on a server, as a stack file describes them."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.names import DatabaseName, DatabaseSecretName, ExtensionName, RoleName

SYSTEM_DATABASES = ("postgres", "template0", "template1")
"""Databases that every server has."""


class DatabaseSettings(Model):
    """A role, its database, and the Secret that a client needs."""

    name: DatabaseName
    """The app's database."""
    username: RoleName
    """The app's role, owner of its databases."""
    adopt: bool = False
    """Whether an existing role and databases of these names are taken over that this stack did not create; the role
    gets a new password."""
    secret_name: DatabaseSecretName
    """Secret in the app's namespace with everything that a client needs."""
    password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the app's role a new password; the app restarts. On a server without `admin`, where you manage
    the password, raise it whenever you have changed it."""
    scram_iterations: Annotated[int, Field(ge=1, le=1_000_000)] = 4096
    """Iterations of SCRAM that a client computes at each login. JDBC refuses fewer than 4096."""
    connection_limit: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Connections that the app's role may have at once; absent, as many as the server accepts."""
    statement_timeout_seconds: Annotated[int, Field(ge=0, le=86_400)] = 0
    """Seconds after which the server cancels a statement of the app's role; 0 never."""
    idle_in_transaction_timeout_seconds: Annotated[int, Field(ge=0, le=86_400)] = 0
    """Seconds after which the server ends a session of the app's role that is idle in a transaction; 0 never."""
    extensions: list[ExtensionName] = []
    """PostgreSQL extensions in the app's database, beside those that the app needs itself."""

    def refusals(self) -> Iterator[Refusal]:
        """Names that every server already uses."""
        if self.username == "postgres":
            yield Refusal(("username",), self.username, "any role but the server's admin, postgres")
        if self.name in SYSTEM_DATABASES:
            allowed = f"any database but the server's own ({', '.join(SYSTEM_DATABASES)})"
            yield Refusal(("name",), self.name, allowed)
