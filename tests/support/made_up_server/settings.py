"""A made-up database service: one server in an account."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Refusal
from components.forms.names import Form
from components.postgres.endpoint import TlsMode
from components.servers.kind import ServerSettings, Surroundings

_ACCOUNT = Form(r"[a-z]{3,20}", None, "3 to 20 lower-case letters, such as lakehouse")


class HarborSettings(ServerSettings):
    """A server of the made-up service Harbor."""

    reserved_names = ("harbor_",)

    kind: Literal["harbor"] = "harbor"  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """`harbor`: a server of Harbor, a service that does not exist."""
    account: Annotated[str, _ACCOUNT]
    """Account of the server, such as `lakehouse`."""
    max_connections: Annotated[int, Field(ge=10, le=500)] = 100
    """Connections that the server accepts."""

    @property
    def client_tls(self) -> TlsMode:
        """How apps connect."""
        return TlsMode.REQUIRE

    def rules(self, around: Surroundings) -> Iterator[Refusal]:
        """Roles that may open more connections together than the server accepts."""
        yield from super().rules(around)
        for key, tenant in around.tenants.items():
            limit = tenant.database.connection_limit
            if limit is not None and limit > self.max_connections:
                allowed = f"at most {self.max_connections}, the server's `maxConnections`"
                reads = ((around.setting, "server", "maxConnections"),)
                yield Refusal((key, "database", "connectionLimit"), limit, allowed, reads)
