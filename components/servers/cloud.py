"""What the servers of all clouds have in common: an instance that the program creates, or an existing one."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

import pulumi

from components.forms.base import KeyPath, Model, Placeholder, Refusal
from components.forms.certificates import Certificates
from components.forms.parameters import ParameterValue
from components.postgres.credentials import PORT
from components.postgres.endpoint import TlsMode
from components.postgres.pooler.budget import Capacity, MaxConnections, server_reserve
from components.postgres.pooler.pgbouncer import CertifiedPgBouncerSettings
from components.postgres.server import SETTLED_SECONDS, AdminSecret, ServerConnection
from components.postgres.term import Term
from components.servers.admin import ExistingAdmin
from components.servers.kind import ServerSettings
from components.servers.placement import Placement
from components.servers.pooled import pooler_refusals

CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
"""A time of day as the clouds write it, `HH:MM`, in UTC."""


class ExistingInstance(Model):
    """An existing instance, which the program connects to and does not change."""

    admin: ExistingAdmin
    """The role that creates the apps' roles and databases."""
    max_connections: MaxConnections | None = None
    """Connections that the server accepts, as far as they are the apps' (`SHOW max_connections`). Absent, it is not
    checked whether they suffice."""


class NewInstance(Model):
    """An instance that the program creates."""

    restore_from: Model | None = None
    """What the instance is restored from; absent, it begins empty. Read only when the instance is created: remove it
    afterwards, which changes nothing."""


class CloudSettings(ServerSettings):
    """A server that a cloud runs."""

    region: str
    """Region of the instance."""
    tags: dict[str, str] = {}
    """Tags of everything that the program creates in the cloud."""
    instance: NewInstance | None = None
    """An instance that the program creates."""
    existing: ExistingInstance | None = None
    """An existing instance, instead of `instance`."""
    tls: Literal["require", "verify-full"] = "verify-full"
    """How clients connect: `verify-full` checks the server's certificate and name, `require` only encrypts."""
    ca_certificates: Certificates | None = None
    """Certificates of the CAs that sign the server's, in PEM form."""
    pooler: CertifiedPgBouncerSettings | None = None
    """PgBouncer between each app and the server, in the app's namespace; absent, apps connect to the server."""

    def refusals(self) -> Iterator[Refusal]:
        """No instance, or two, and a pooler that cannot work."""
        yield from super().refusals()
        yield from pooler_refusals(self)
        reads = (("instance",), ("existing",))
        if self.instance is None and self.existing is None:
            yield Refusal(("instance",), Placeholder.NOTHING, "either `instance` or `existing`", reads)
        if self.instance is not None and self.existing is not None:
            # What another program computes is no text.
            found = self.instance.model_dump(by_alias=True, exclude_unset=True, warnings=False)
            yield Refusal(("instance",), found, "nothing where `existing` names an existing instance", reads)

    @property
    def client_tls(self) -> TlsMode:
        """How apps connect."""
        return TlsMode(self.tls)

    @property
    def capacity_setting(self) -> KeyPath:
        """Path of the setting that says how many connections it accepts."""
        if self.existing is not None:
            return ("existing", "maxConnections")
        return ("instance", "parameters", "max_connections")

    def capacity_with(
        self, connections: int | None, parameters: Mapping[str, ParameterValue], *own: Term
    ) -> Capacity | None:
        """The connections that the instance accepts; None where that is not known.

        Args:
            connections: those of an instance that the program creates.
            parameters: its PostgreSQL settings.
            own: what the cloud keeps for itself.
        """
        if self.existing is not None:
            connections = self.existing.max_connections
        if connections is None:
            return None
        return Capacity(connections, self.capacity_setting, (*server_reserve(parameters), *own))

    @property
    def is_copy(self) -> bool:
        """Whether it begins as a copy of another server."""
        return self.instance is not None and self.instance.restore_from is not None

    @property
    def given_pooler(self) -> CertifiedPgBouncerSettings | None:
        """PgBouncer between apps and server."""
        return self.pooler

    @property
    def given_admin(self) -> ExistingAdmin | None:
        """The admin of an existing instance."""
        return None if self.existing is None else self.existing.admin


def cloud_connection(
    settings: CloudSettings,
    place: Placement,
    *,
    host: pulumi.Input[str],
    admin: AdminSecret,
    ca_certificates: pulumi.Input[str] | None,
    port: int = PORT,
) -> ServerConnection:
    """How to connect to an instance.

    Args:
        settings: the server.
        place: where it stands.
        host: its DNS name or address, or that of a proxy in front of it.
        admin: its admin's Secret.
        ca_certificates: certificates of the CAs that sign the server's, PEM; passed on only where clients check it.
        port: TCP port.
    """
    connection = ServerConnection(
        host=host,
        port=port,
        tls=settings.client_tls,
        namespace=place.namespace,
        admin=admin,
        client_image=place.client_image,
        ca_certificate=ca_certificates if settings.client_tls is TlsMode.VERIFY_FULL else None,
        restored=settings.is_copy,
    )
    if settings.existing is None:
        return connection
    return replace(connection, admin_database=settings.existing.admin.database, settling_seconds=SETTLED_SECONDS)
