"""An existing PostgreSQL server: nothing is created but, where it has none, the Secret of its admin."""

import pulumi

from components.postgres.server import SETTLED_SECONDS, ServerComponent, ServerConnection
from components.servers.existing.settings import ExistingSettings
from components.servers.placement import Placement


class ExistingServer(ServerComponent):
    """A server that somebody else runs."""

    def __init__(
        self, name: str, settings: ExistingSettings, place: Placement, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:postgres:ExistingServer", name, None, opts)
        admin, child = settings.admin, pulumi.ResourceOptions(parent=self)
        self.connection = ServerConnection(
            host=settings.host,
            port=settings.port,
            tls=settings.client_tls,
            namespace=place.namespace,
            admin=None if admin is None else admin.secret(name, place, child),
            client_image=place.client_image,
            ca_certificate=settings.ca_certificates,
            admin_database="postgres" if admin is None else admin.database,
            settling_seconds=SETTLED_SECONDS,
        )
        self.register_outputs({})
