"""A PostgreSQL that CrunchyData's operator (PGO) runs in the cluster: several instances, backups, PgBouncer."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from components.forms.base import Refusal, refuse, refuse_each
from components.forms.names import Form, PostgresName
from components.forms.quantity import Cpu, MemorySize, VolumeSize
from components.postgres.database_settings import SYSTEM_DATABASES
from components.postgres.pooler.budget import Capacity, server_reserve
from components.postgres.sizing import ServerSize, wal_refusals
from components.servers.crunchydata.backups import CrunchyDataBackups
from components.servers.crunchydata.operator import CrunchyDataOperator
from components.servers.crunchydata.parameters import CrunchyDataParameters
from components.servers.crunchydata.pins import PGO_CHART
from components.servers.crunchydata.pooler import OPERATOR, CrunchyDataPooler
from components.servers.crunchydata.restore import CrunchyDataRestore
from components.servers.kind import Surroundings
from components.servers.operators import OperatedSettings

# The longest label that contains the name is that of an instance's revision: `<name>-instance1-abcd-0123456789`.
_CLUSTER_NAME = Form(
    r"[a-z]([-a-z0-9]*[a-z0-9])?",
    37,
    "lower-case letters, digits and '-', beginning with a letter and not ending in '-'",
)

# It is part of the name of the role's Secret, so the operator takes no '_' (its schema of `spec.users`).
_USERNAME = Form(
    r"(?!pg-)[a-z]([-a-z0-9]*[a-z0-9])?", 40, "lower-case letters, digits and '-', beginning with a letter"
)

# Its chart brings images of these (chart's `relatedImages`); for older ones an image must be named.
_OLDEST_WITH_IMAGE = 15
# Path, tag such as `ubi9-17.7-2547` with the version in it, perhaps a digest.
_IMAGE = re.compile(
    r"[^\s:@]+(?::[0-9]+)?(?:/[^\s:@]+)*"
    r":(?:[a-z][a-z0-9]*-)?(?P<major>[0-9]+)\.[0-9]+[-.\w]*"
    r"(?:@sha256:[0-9a-f]{64})?"
)


def _image(value: str) -> str:
    if _IMAGE.fullmatch(value) is None:
        refuse("an image of crunchy-postgres with an exact tag, such as crunchy-postgres:ubi9-17.7-2547")
    return value


def _users(value: dict[str, list[str]]) -> dict[str, list[str]]:
    refuse_each(_refused_users(value))
    return value


def _refused_users(value: dict[str, list[str]]) -> Iterator[Refusal]:
    for name, databases in value.items():
        if name == "postgres" or not _USERNAME.fits(name):
            allowed = f"names of roles: {_USERNAME.words}, not postgres"
            yield Refusal((name,), databases, allowed)
        if not databases or len(set(databases)) < len(databases):
            yield Refusal((name,), databases, "one or more databases, each once")
        for taken in (database for database in SYSTEM_DATABASES if database in databases):
            yield Refusal((name,), taken, f"any database but the server's own ({', '.join(SYSTEM_DATABASES)})")


class CrunchyDataSettings(OperatedSettings, ServerSize):
    """A `PostgresCluster`. Its clients always use TLS and check the server's certificate."""

    renamed = {"replicas": "instances", "pgBouncer": "pooler"}

    kind: Literal["crunchydata"] = "crunchydata"  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """`crunchydata`: a PostgresCluster of CrunchyData's operator, in this cluster."""
    name: Annotated[str, _CLUSTER_NAME] = "postgresql"
    """Name of the PostgresCluster. Cannot be changed once the server exists."""
    operator: CrunchyDataOperator = CrunchyDataOperator()  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """The operator."""
    postgres_version: Annotated[int, Field(ge=13, le=17)] = 17
    """Major version. Cannot be changed once the server exists: the operator upgrades it by a `PGUpgrade`."""
    image: Annotated[str, AfterValidator(_image)] | None = None
    """Image of PostgreSQL by exact tag, such as `crunchy-postgres:ubi9-17.7-2547`; absent, the operator's own of that
    version."""
    instances: Annotated[int, Field(ge=1, le=9)] = 3
    """Instances of PostgreSQL: one primary, the others replicas, of which one is promoted when it fails."""
    synchronous: bool = True
    """Whether a commit is acknowledged only once another instance has it, as long as there is one."""
    storage_size: VolumeSize = "50Gi"
    wal_storage_size: VolumeSize | None = None
    """Size of a volume for the WAL alone; absent, WAL is on the data volume."""
    memory: MemorySize = "4Gi"
    cpu: Cpu = "1"
    cpu_limit: Cpu = "4"
    max_connections: Annotated[int, Field(ge=20, le=5000)] = 400
    parameters: CrunchyDataParameters = {}
    """PostgreSQL settings on top of the derived ones, such as `log_min_duration_statement: 500`."""
    node_spread: Literal["required", "preferred"] = "required"
    """`required`: two instances never share a node; `preferred`: where possible."""
    zone_spread: Literal["required", "preferred", "none"] = "preferred"
    """`required`: two instances never share a zone; `preferred`: where possible; `none`: zones do not matter."""
    admin_username: Annotated[str, _USERNAME] = "lakehouse-admin"
    """The role that creates the apps' roles and databases; no superuser. The operator generates its password."""
    users: Annotated[dict[str, list[PostgresName]], AfterValidator(_users)] = {}
    """Further roles, each with the databases that it may use, such as `reports: [reports]`; the operator creates both.
    The Secret `<name>-login-<role>` in `postgresql.namespace` has what a client needs for the first of them."""
    backups: CrunchyDataBackups
    """Where backups are stored, when they are taken, and for how long they are retained."""
    pooler: CrunchyDataPooler | None = None
    """PgBouncer between apps and server; absent, apps connect to the primary."""
    restore_from: CrunchyDataRestore | None = None
    """Backups that the server is created from; absent, it begins empty. Read only when the server is created: remove it
    afterwards, which changes nothing."""

    @property
    def capacity(self) -> Capacity:
        """The connections that it accepts."""
        return Capacity(self.max_connections, self.capacity_setting, (*server_reserve(self.parameters), OPERATOR))

    @property
    def is_copy(self) -> bool:
        """Whether it begins as a copy of another server."""
        return self.restore_from is not None

    @property
    def given_pooler(self) -> CrunchyDataPooler | None:
        """PgBouncer between apps and server."""
        return self.pooler

    @property
    def synchronous_mode(self) -> bool:
        """Whether a commit waits for another instance."""
        return self.synchronous and self.instances > 1

    def refusals(self) -> Iterator[Refusal]:
        """Sizes that do not fit each other, versions without an image, roles that are named twice."""
        yield from super().refusals()
        yield from self._image_refusals()
        yield from self._wal_refusals()
        if self.instances == 1 and "synchronous" in self.model_fields_set and self.synchronous:
            allowed = "false with `instances: 1`: there is no other instance to wait for"
            yield Refusal(("synchronous",), True, allowed, (("instances",), ("synchronous",)))
        if self.admin_username in self.users:
            allowed = f"any role but the admin, {self.admin_username}"
            reads = (("adminUsername",), ("users",))
            yield Refusal(("users", self.admin_username), self.users[self.admin_username], allowed, reads)
        if self.admin_username == "postgres":
            allowed = "another role than postgres, the superuser, which takes no connection from outside its pod"
            yield Refusal(("adminUsername",), self.admin_username, allowed)

    def _image_refusals(self) -> Iterator[Refusal]:
        reads = (("image",), ("postgresVersion",), ("operator",))
        if self.image is None and self.operator.is_official and self.postgres_version < _OLDEST_WITH_IMAGE:
            allowed = (
                f"{_OLDEST_WITH_IMAGE} or later: operator {PGO_CHART.version} brings no image of older ones, so `image`"
                " must name one"
            )
            yield Refusal(("postgresVersion",), self.postgres_version, allowed, reads)
        match = _IMAGE.fullmatch(self.image or "")
        if match is not None and int(match["major"]) != self.postgres_version:
            allowed = f"an image of PostgreSQL {self.postgres_version}, as `postgresVersion` says"
            yield Refusal(("image",), self.image, allowed, reads)

    def _wal_refusals(self) -> Iterator[Refusal]:
        key, size = ("storageSize", self.storage_size)
        if self.wal_storage_size is not None:
            key, size = ("walStorageSize", self.wal_storage_size)
        reads = (("storageSize",), ("walStorageSize",), ("memory",))
        yield from wal_refusals(self.memory, key, size, reads)

    def rules(self, around: Surroundings) -> Iterator[Refusal]:
        """Also roles and databases of the apps that the operator would create."""
        yield from super().rules(around)
        server = (around.setting, "server")
        if self.restore_from is not None:
            yield from self.restore_from.rules(server, name=self.name, namespace=around.namespace, backups=self.backups)
        reads = ((*server, "adminUsername"), (*server, "users"))
        for key, tenant in around.tenants.items():
            username = tenant.database.username
            if username in {self.admin_username, *self.users}:
                yield Refusal(
                    (key, "database", "username"), username, "a role that the operator does not create", reads
                )
            for user, databases in self.users.items():
                for name in sorted({*databases} & tenant.databases.keys()):
                    allowed = f"any database but {key}'s, which the bootstrap Job creates"
                    yield Refusal((*server, "users", user), name, allowed, reads[1:])
