"""The kinds of server that may be shared by both apps, one module each."""

from typing import Annotated

from pydantic import Field

from settings.servers.cloudnativepg import CloudNativePG
from settings.servers.existing import ExistingServer

Server = Annotated[
    CloudNativePG | ExistingServer,
    Field(discriminator="kind"),
]
