"""What the rules of a server need to know of an app."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from components.postgres.database_settings import DatabaseSettings


class Tenant(Protocol):
    """An app with databases on a server."""

    @property
    def namespace(self) -> str:
        """Namespace of the app."""
        ...

    @property
    def database(self) -> DatabaseSettings:
        """Its role and main database."""
        ...

    @property
    def databases(self) -> Mapping[str, Sequence[str]]:
        """Every database of its role, with the extensions that it needs."""
        ...


Tenants = Mapping[str, Tenant]
"""The apps that are deployed, by their key in the stack file."""
