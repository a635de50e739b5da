"""The kinds of server that may be shared by both apps, one module each."""

from typing import Annotated

from pydantic import Field

from components.servers.cloudnativepg.settings import CloudNativePG
from components.servers.cloudsql.settings import CloudSqlServer
from components.servers.crunchydata.settings import CrunchyDataServer
from components.servers.existing.settings import ExistingServer
from components.servers.rds.settings import RdsServer

Server = Annotated[
    ExistingServer  # one line a kind
    | CloudNativePG
    | CrunchyDataServer
    | RdsServer
    | CloudSqlServer,
    Field(discriminator="kind"),
]
