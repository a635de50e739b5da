"""What the rules of a server need to know of an app."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

from components.postgres.database_settings import DatabaseSettings
from components.postgres.term import Demand


class Tenant(Protocol):
    """An app with databases on a server."""

    has_ceiling: ClassVar[bool]
    """Whether it opens no more connections than `demand`, however busy it is."""

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

    @property
    def session_databases(self) -> tuple[str, ...]:
        """Databases whose connections a pooler may not share between clients."""
        ...

    @property
    def demand(self) -> Demand:
        """The most connections that it opens, or the fewest that it works with where it has no ceiling of its own."""
        ...


Tenants = Mapping[str, Tenant]
"""The apps that are deployed, by their key in the stack file."""
