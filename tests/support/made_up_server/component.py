"""A server of the made-up service Harbor. A real kind would create it; this one only generates its admin."""

import pulumi
from components.servers.harbor.settings import HarborSettings

from components.postgres.admin import admin_secret, generated_admin
from components.postgres.server import ServerComponent, ServerConnection
from components.servers.placement import Placement


class HarborServer(ServerComponent):
    """The server and its admin's Secret."""

    def __init__(
        self, name: str, settings: HarborSettings, place: Placement, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:postgres:HarborServer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.connection = ServerConnection(
            host=f"{settings.account}.harbor.example.com",
            port=5432,
            tls=settings.client_tls,
            namespace=place.namespace,
            admin=admin_secret(name, place.namespace, generated_admin(name, 1, child), child),
            client_image=place.client_image,
        )
        self.register_outputs({})
