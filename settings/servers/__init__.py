"""The kinds of server that may be shared by both apps, one module each."""

from typing import Annotated

from pydantic import Field

from settings.servers.cloudnativepg import CloudNativePG
from settings.servers.cloudsql import CloudSqlServer
from settings.servers.crunchydata import CrunchyDataServer
from settings.servers.existing import ExistingServer
from settings.servers.rds import RdsServer

Server = Annotated[
    ExistingServer  # one line a kind
    | CloudNativePG
    | CrunchyDataServer
    | RdsServer
    | CloudSqlServer,
    Field(discriminator="kind"),
]
