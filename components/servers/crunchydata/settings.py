"""A PostgreSQL that CrunchyData's operator runs in the cluster, called PGO: several instances, backups, PgBouncer."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from components.forms.base import Model, Refusal, refuse, refuse_each
from components.forms.names import Form, Namespace, ObjectName, PostgresName, ReleaseName
from components.forms.parameters import Kept, Parameter, without
from components.forms.pins import PGO_CHART
from components.forms.quantity import Cpu, MemorySize, VolumeSize
from components.helm.chart import Chart
from components.helm.known_values import unknown_values
from components.helm.reserved import Reserved, refuse_reserved
from components.postgres.sizing import size_refusals, wal_refusals
from components.servers.crunchydata.backup_settings import Backups
from components.servers.crunchydata.pooler_settings import PgBouncer

# The longest label that is made of the name is that of an instance's revision: `<name>-instance1-abcd-0123456789`.
ClusterName = Annotated[
    str,
    Form(
        r"[a-z]([-a-z0-9]*[a-z0-9])?",
        37,
        "lower-case letters, digits and '-', beginning with a letter and not ending in '-'",
    ),
]
"""Name of a PostgresCluster."""

# It stands in the name of the role's Secret, so the operator takes no '_' (its schema of `spec.users`).
USERNAME = Form(r"(?!pg-)[a-z]([-a-z0-9]*[a-z0-9])?", 40, "lower-case letters, digits and '-', beginning with a letter")
Username = Annotated[str, USERNAME]
"""Name of a role that the operator makes."""

# Its chart brings images of these (chart's `relatedImages`); for older ones an image must be named.
_OLDEST_WITH_IMAGE = 15
# Path, tag such as `ubi9-17.7-2547` with the version in it, perhaps a digest.
_IMAGE = re.compile(
    r"[^\s:@]+(?::[0-9]+)?(?:/[^\s:@]+)*"
    r":(?:[a-z][a-z0-9]*-)?(?P<major>[0-9]+)\.[0-9]+[-.\w]*"
    r"(?:@sha256:[0-9a-f]{64})?"
)

# What the operator keeps to itself (its schema refuses it), and what durability and access rest on.
_KEPT = (
    "archive_command",
    "archive_mode",
    "cluster_name",
    "config_file",
    "data_directory",
    "external_pid_file",
    "fsync",
    "full_page_writes",
    "hba_file",
    "hot_standby",
    "ident_file",
    "listen_addresses",
    "log_file_mode",
    "logging_collector",
    "password_encryption",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "recovery_min_apply_delay",
    "recovery_target",
    "restore_command",
    "ssl",
    "synchronous_commit",
    "synchronous_standby_names",
    "wal_level",
    "wal_log_hints",
    "include*",
    "recovery_target_*",
    "ssl_*",
    "unix_socket_*",
)
_REFUSED = (
    Kept(("max_connections",), "nothing here: it is the setting `maxConnections`"),
    Kept(_KEPT, "any PostgreSQL setting but those that the operator makes or durability and access rest on"),
)

OTHER_CONNECTIONS = 20
"""Connections that the operator, replicas, pgBackRest and Jobs take beside PgBouncer's."""


_RESERVED = Reserved(
    paths={"singleNamespace": "the operator must see the server's namespace"}, environment={}, lists=(), mappings=()
)


def _values(values: dict[str, Any]) -> dict[str, Any]:
    return refuse_reserved(values, _RESERVED)


def _image(value: str) -> str:
    if _IMAGE.fullmatch(value) is None:
        refuse("an image of crunchy-postgres with an exact tag, such as crunchy-postgres:ubi9-17.7-2547")
    return value


def _users(value: dict[str, list[str]]) -> dict[str, list[str]]:
    refuse_each(_refused_users(value))
    return value


def _refused_users(value: dict[str, list[str]]) -> Iterator[Refusal]:
    for name, databases in value.items():
        if name == "postgres" or not USERNAME.fits(name):
            allowed = f"names of roles: {USERNAME.words}, not postgres"
            yield Refusal((name,), databases, allowed)
        if not databases or len(set(databases)) < len(databases):
            yield Refusal((name,), databases, "one or more databases, each once")
        for taken in {"postgres", "template0", "template1"} & set(databases):
            yield Refusal((name,), taken, "any database but the server's own (postgres, template0, template1)")


class CrunchyDataOperator(Model):
    """The operator, which serves the whole cluster."""

    install: bool = True
    """Whether the program installs it; `false` where one is there already. Its chart brings the CRDs on the first
    installation only: a newer chart's CRDs are applied by hand."""
    namespace: Namespace = "postgres-operator"
    """Namespace of its release."""
    create_namespace: bool = True
    """Whether the program makes that namespace."""
    release_name: ReleaseName = "pgo"
    """Name of its Helm release."""
    chart: Chart = Chart()
    """Which chart, if not the official one in the version that this program is tested with."""
    values: Annotated[dict[str, Any], AfterValidator(_values)] = {}
    """Chart values of your own, merged over the program's. Those that look like misspelt ones are refused."""
    timeout_seconds: Annotated[int, Field(ge=60, le=3600)] = 300
    """How long `pulumi up` waits for it before it fails."""

    @property
    def is_official(self) -> bool:
        """Whether the images are those of the chart that this program is tested with."""
        return self.install and not self.chart.model_fields_set - {"unknown_values"}

    def refusals(self) -> Iterator[Refusal]:
        """Misspelt values, and words about a release that is somebody else's."""
        if self.install and self.chart.unknown_values == "refuse":
            for it in unknown_values(self.values, "pgo-5", {}, complete=False):
                yield Refusal(("values", *it.path), it.found, it.allowed, (("chart", "unknownValues"),))
        if not self.install:
            for name in sorted(self.model_fields_set - {"install"}):
                field = type(self).model_fields[name]
                found = self.model_dump(by_alias=True, exclude_unset=True)[field.alias or name]
                yield Refusal((field.alias or name,), found, "nothing with `install: false`", (("install",),))


class CrunchyDataServer(Model):
    """A `PostgresCluster`. Its clients always use TLS and check the certificate of the operator's own authority."""

    kind: Literal["crunchydata"]
    """`crunchydata`: a PostgresCluster of CrunchyData's operator."""
    name: ClusterName = "postgresql"
    """Name of the PostgresCluster in `postgresql.namespace`."""
    operator: CrunchyDataOperator = CrunchyDataOperator()
    """The operator."""
    postgres_version: Annotated[int, Field(ge=13, le=17)] = 17
    """Major version. Fixed once the server is there: the operator moves to another one by a `PGUpgrade`."""
    image: Annotated[str, AfterValidator(_image)] | None = None
    """Image of PostgreSQL by exact tag; absent, the operator's own of that version."""
    replicas: Annotated[int, Field(ge=1, le=9)] = 3
    """Instances: one writes, the others follow and one of them takes over when it fails."""
    synchronous: bool = True
    """Whether a commit is acknowledged only once another instance has it, as long as there is one."""
    storage_size: VolumeSize = "50Gi"
    """Size of each instance's data volume. May grow, never shrink."""
    wal_storage_size: VolumeSize | None = None
    """Size of a volume for the WAL alone; absent, it is on the data volume."""
    storage_class: ObjectName | None = None
    """Storage class of these volumes; the cluster's default one if absent."""
    memory: MemorySize = "4Gi"
    """Memory of each instance, requested and limited alike; its settings are derived from it."""
    cpu: Cpu = "1"
    """CPU that each instance requests."""
    cpu_limit: Cpu = "4"
    """CPU that each instance may take at most."""
    max_connections: Annotated[int, Field(ge=20, le=5000)] = 200
    """Connections that the server accepts."""
    parameters: Annotated[dict[str, Parameter], without(*_REFUSED)] = {}
    """PostgreSQL settings on top of the derived ones, such as `log_min_duration_statement: 500`."""
    node_selector: dict[str, str] = {}
    """Labels of the nodes that instances may run on."""
    node_spread: Literal["required", "preferred"] = "required"
    """Whether no two instances may share a node (`required`), or only should not."""
    zone_spread: Literal["required", "preferred", "none"] = "preferred"
    """Whether instances must, should or need not be in different zones."""
    admin_username: Username = "lakehouse-admin"
    """The role that makes the apps' roles and databases: no superuser. The operator makes its password."""
    users: Annotated[dict[str, list[PostgresName]], AfterValidator(_users)] = {}
    """Further roles, each with the databases that it may use, such as `reports: [reports]`; the operator makes both. A
    Secret `<name>-login-<role>` in `postgresql.namespace` has what a client needs for the first of them."""
    backups: Backups
    """Where backups go, when, and for how long."""
    pg_bouncer: PgBouncer | None = None
    """PgBouncer between the apps and the server; absent, they connect to the server."""
    deletion_protection: bool = True
    """Whether `pulumi destroy` is refused: the volumes go with the server, whatever `retainData` says."""

    def refusals(self) -> Iterator[Refusal]:
        """Sizes that do not fit each other, versions without an image, roles that are named twice."""
        yield from self._image_refusals()
        yield from size_refusals(self)
        yield from self._wal_refusals()
        if self.replicas == 1 and "synchronous" in self.model_fields_set and self.synchronous:
            allowed = "false with `replicas: 1`: there is nobody to wait for"
            yield Refusal(("synchronous",), True, allowed, (("replicas",), ("synchronous",)))
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
