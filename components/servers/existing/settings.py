"""A PostgreSQL that is already there and that somebody else runs."""

import ipaddress
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from components.forms.base import Found, Model, Refusal, refuse
from components.forms.certificates import Certificates
from components.forms.names import DatabaseName, HostName, ObjectName, SecretKey


class ExistingAdmin(Model):
    """A role that may create roles and databases; it need not be a superuser."""

    secret_name: ObjectName | None = None
    """Secret in `postgresql.namespace` that you make, with the role's name and password; absent, the program makes one
    from `username` and `lakehouse:adminPassword`."""
    username_key: SecretKey = "username"
    """Key of the role's name in that Secret."""
    password_key: SecretKey = "password"
    """Key of its password."""
    username: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    """The role's name, where there is no such Secret."""
    database: DatabaseName = "postgres"
    """Database that it connects to first."""

    def refusals(self) -> Iterator[Refusal]:
        """No way in, or two."""
        reads = (("secretName",), ("username",))
        if self.secret_name is None and self.username is None:
            allowed = "either `secretName`, or `username` beside the encrypted `lakehouse:adminPassword`"
            yield Refusal(("secretName",), Found.NOTHING, allowed, reads)
        if self.secret_name is not None and self.username is not None:
            yield Refusal(("username",), self.username, "not both `secretName` and `username`", reads)
        if self.secret_name is None:
            for name, key in (("username_key", "usernameKey"), ("password_key", "passwordKey")):
                if name in self.model_fields_set:
                    yield Refusal((key,), getattr(self, name), "no key without `secretName`", (("secretName",),))


def _no_ipv6_address(value: object) -> object:
    # Airbyte's chart puts the host as it is into a JDBC URL, which needs brackets, and into a variable of Temporal,
    # which must have none; Dagster's puts it into YAML, where brackets are a list, and from there into a URL.
    try:
        ipaddress.IPv6Address(str(value).strip("[]"))
    except ValueError:
        return value
    refuse("a DNS name for an IPv6 address: the charts of both apps write the host into URLs without brackets")


class ExistingServer(Model):
    """Any PostgreSQL 13 to 17 that the cluster can reach."""

    kind: Literal["existing"]
    """`existing`: a PostgreSQL 13 to 17 that is already there."""
    host: Annotated[HostName, BeforeValidator(_no_ipv6_address)]
    """Name or IPv4 address at which pods reach it; a server with an IPv6 address needs a name."""
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    """TCP port."""
    tls: Literal["disable", "require", "verify-full"] = "verify-full"
    """How clients connect: `verify-full` checks the server's certificate and name, `require` only encrypts."""
    ca_certificate: Certificates | None = None
    """Certificate of the authority that signed the server's, in PEM form; needed by `verify-full`."""
    admin: ExistingAdmin | None = None
    """The role that makes the apps' roles and databases; absent, they are there already, and each app's
    `database.username` logs in with the encrypted `lakehouse:airbytePassword` or `lakehouse:dagsterPassword`."""

    def refusals(self) -> Iterator[Refusal]:
        """A check without anything to check against, or the other way round."""
        reads = (("tls",), ("caCertificate",))
        if self.tls == "verify-full" and self.ca_certificate is None:
            allowed = "the authority's certificate in PEM form; without it, `tls: require` encrypts and checks nothing"
            yield Refusal(("caCertificate",), Found.NOTHING, allowed, reads)
        if self.tls != "verify-full" and self.ca_certificate is not None:
            yield Refusal(("tls",), self.tls, "verify-full, since `caCertificate` is there", reads)
