"""The standalone server: one PostgreSQL that both apps share, whoever runs it."""

from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Model
from components.forms.names import Namespace, PostgresImage
from components.forms.pins import POSTGRES_IMAGE
from components.servers.cloudnativepg.settings import CloudNativePG
from components.servers.cloudsql.settings import CloudSqlAuthProxy, CloudSqlServer, ExistingCloudSqlInstance
from components.servers.crunchydata.settings import CrunchyDataServer
from components.servers.existing.settings import ExistingAdmin, ExistingServer
from components.servers.kinds import Server
from components.servers.rds.settings import ExistingRdsInstance, RdsServer


class StandalonePostgreSQL(Model):
    """Both apps share one PostgreSQL, each with a role and databases of its own."""

    mode: Literal["standalone"]
    """`standalone`: one server for both apps."""
    server: Server
    """Who runs it."""
    namespace: Namespace = "postgresql"
    """Namespace of the admin's Secret, of the Jobs that use it and, where it runs in the cluster, of the server."""
    image: PostgresImage = POSTGRES_IMAGE
    """Image with `psql` and `pg_dump`, for Jobs: the official one, or one made from it; version 17, exact tag."""
    start_timeout_seconds: Annotated[int, Field(ge=60, le=3600)] = 300
    """How long `pulumi up` waits for a server that is still starting."""

    @property
    def namespace_is_there(self) -> bool:
        """Whether the program has no namespace to make: somebody's Secret is in it already, or nothing ever will be."""
        # Where the server itself is in it, never: a namespace that is let go takes the volumes with it.
        return not self.has_admin or (self.given_admin is not None and self.given_admin.secret_name is not None)

    @property
    def given_admin(self) -> ExistingAdmin | None:
        """The admin of a server that is there already; None where the program makes server and admin."""
        match self.server:
            case ExistingServer(admin=admin):
                return admin
            case RdsServer(existing=ExistingRdsInstance(admin=admin)):
                return admin
            case CloudSqlServer(existing=ExistingCloudSqlInstance(admin=admin)):
                return admin
            case _:
                return None

    @property
    def has_admin(self) -> bool:
        """Whether the program can make roles and databases."""
        return not (isinstance(self.server, ExistingServer) and self.server.admin is None)

    @property
    def admin_username(self) -> str | None:
        """The role of a given admin, where the stack file says it."""
        return self.given_admin.username if self.given_admin is not None else None

    @property
    def tls(self) -> Literal["disable", "require", "verify-full"]:
        """How apps connect."""
        match self.server:
            case CloudSqlServer(auth_proxy=CloudSqlAuthProxy()):
                return "disable"  # to the proxy, which does the rest
            case ExistingServer(tls=tls) | RdsServer(tls=tls) | CloudSqlServer(tls=tls):
                return tls
            case CloudNativePG() | CrunchyDataServer():
                return "verify-full"
