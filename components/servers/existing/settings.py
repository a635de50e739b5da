"""An existing PostgreSQL server that somebody else runs."""

import ipaddress
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from components.forms.base import Placeholder, Refusal, refuse
from components.forms.certificates import Certificates
from components.forms.computed import OrOutput, TextInput
from components.forms.names import HostName
from components.postgres.endpoint import TlsMode
from components.postgres.pooler.budget import Capacity, MaxConnections, server_reserve
from components.postgres.pooler.pgbouncer import CertifiedPgBouncerSettings
from components.servers.admin import ExistingAdmin
from components.servers.kind import ServerSettings
from components.servers.pooled import pooler_refusals


def _no_ipv6_address(value: object) -> object:
    # Airbyte's chart writes the host unchanged into a JDBC URL, which needs brackets, and into a variable of Temporal,
    # which must have none; Dagster's writes it into YAML, where brackets are a list, and from there into a URL.
    try:
        ipaddress.IPv6Address(str(value).strip("[]"))
    except ValueError:
        return value
    refuse("a DNS name for an IPv6 address: the charts of both apps write the host into URLs without brackets")


class ExistingSettings(ServerSettings):
    """Any PostgreSQL 13 to 17 that the cluster can reach."""

    renamed = {"caCertificate": "caCertificates"}

    kind: Literal["existing"] = "existing"  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """`existing`: an existing PostgreSQL server, version 13 to 17."""
    host: Annotated[TextInput, OrOutput(Annotated[HostName, BeforeValidator(_no_ipv6_address)])]
    """Name or IPv4 address at which pods reach it, such as `db.example.com`; a server with an IPv6 address needs a
    name."""
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    """TCP port."""
    tls: Literal["disable", "require", "verify-full"] = "verify-full"
    """How clients connect: `verify-full` checks the server's certificate and name, `require` only encrypts."""
    ca_certificates: Certificates | None = None
    """Certificates of the CA that signed the server's, in PEM form; `verify-full` needs them."""
    max_connections: MaxConnections | None = None
    """Connections that the server accepts, as far as they are the apps' (`SHOW max_connections`). Absent, it is not
    checked whether they suffice."""
    admin: ExistingAdmin | None = None
    """The role that creates the apps' roles and databases. Absent, these must exist already, and each app's
    `database.username` logs in with the encrypted `lakehouse:airbytePassword` or `lakehouse:dagsterPassword`."""

    pooler: CertifiedPgBouncerSettings | None = None
    """PgBouncer between each app and the server, in the app's namespace; absent, apps connect to the server."""

    def refusals(self) -> Iterator[Refusal]:
        """A check without a CA certificate or the other way round, and a pooler that cannot work."""
        yield from super().refusals()
        yield from pooler_refusals(self)
        reads = (("tls",), ("caCertificates",))
        if self.tls == "verify-full" and self.ca_certificates is None:
            allowed = "the CA's certificates in PEM form; without them, `tls: require` encrypts and checks nothing"
            yield Refusal(("caCertificates",), Placeholder.NOTHING, allowed, reads)
        if self.tls != "verify-full" and self.ca_certificates is not None:
            yield Refusal(("tls",), self.tls, "verify-full, since `caCertificates` is given", reads)

    @property
    def client_tls(self) -> TlsMode:
        """How apps connect."""
        return TlsMode(self.tls)

    @property
    def given_admin(self) -> ExistingAdmin | None:
        """The server's admin, if the program may use one."""
        return self.admin

    @property
    def given_pooler(self) -> CertifiedPgBouncerSettings | None:
        """PgBouncer between apps and server."""
        return self.pooler

    @property
    def capacity(self) -> Capacity | None:
        """The connections that it accepts, if the stack file says it."""
        if self.max_connections is None:
            return None
        return Capacity(self.max_connections, self.capacity_setting, server_reserve())

    @property
    def has_admin(self) -> bool:
        """Whether the program can create roles and databases."""
        return self.admin is not None
