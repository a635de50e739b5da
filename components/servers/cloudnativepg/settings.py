"""A PostgreSQL cluster that the CloudNativePG operator runs, in this Kubernetes cluster."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from components.forms.base import Model, Refusal, refuse
from components.forms.names import Form, ObjectName
from components.forms.parameters import OURS, Kept, Parameter, without
from components.forms.pins import CLOUDNATIVEPG_IMAGE
from components.forms.quantity import Cpu, MemorySize, VolumeSize
from components.postgres.sizing import size_refusals, wal_refusals
from components.servers.cloudnativepg.backup_settings import GcsBackups, S3Backups
from components.servers.cloudnativepg.operator_settings import CloudNativePGOperator
from components.servers.cloudnativepg.pooler_settings import RESERVED_CONNECTIONS, Pooler

# What operator 1.28 refuses to be given (its `FixedConfigurationParameters`), each name or beginning of one.
_OPERATORS = (
    "allow_system_table_mods",
    "archive_cleanup_command",
    "archive_command",
    "archive_mode",
    "bonjour",
    "cluster_name",
    "config_file",
    "data_directory",
    "data_sync_retry",
    "event_source",
    "external_pid_file",
    "hba_file",
    "hot_standby",
    "ident_file",
    "jit_provider",
    "listen_addresses",
    "log_destination",
    "log_directory",
    "log_file_mode",
    "log_filename",
    "log_rotation_age",
    "log_rotation_size",
    "log_truncate_on_rotation",
    "logging_collector",
    "pg_failover_slots.primary_dsn",
    "pg_failover_slots.standby_slot_names",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_end_command",
    "recovery_min_apply_delay",
    "recovery_target*",
    "restart_after_crash",
    "restore_command",
    "shared_preload_libraries",
    "ssl",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_crl_file",
    "ssl_dh_params_file",
    "ssl_ecdh_curve",
    "ssl_key_file",
    "ssl_passphrase_command*",
    "ssl_prefer_server_ciphers",
    "stats_temp_directory",
    "synchronized_standby_slots",
    "synchronous_standby_names",
    "syslog_*",
    "temp_tablespaces",
    "unix_socket_*",
)
_KEPT = (
    Kept(_OPERATORS, "any PostgreSQL setting but those that the operator keeps for itself"),
    Kept(
        (*OURS, "wal_level"),
        f"any PostgreSQL setting but those that durability and access rest on: {', '.join((*OURS, 'wal_level'))}",
    ),
)

ClusterName = Annotated[
    str,
    Form(
        r"[a-z]([-a-z0-9]*[a-z0-9])?",
        50,
        "lower-case letters, digits and '-', beginning with a letter and not ending in '-'",
    ),
]
"""Name of a `Cluster`, which begins the names of all that the operator makes for it; 50 is the operator's limit."""


def _image(value: str) -> str:
    if re.fullmatch(r"[^\s:@]+(:[0-9]+)?(/[^\s:@]+)*:17\.[0-9]+[-.\w]*(@sha256:[0-9a-f]{64})?", value) is None:
        refuse(f"an image for CloudNativePG with an exact 17.x tag, such as {CLOUDNATIVEPG_IMAGE}")
    if value.partition(":")[0] in {"postgres", "library/postgres", "docker.io/postgres", "docker.io/library/postgres"}:
        refuse(f"an image made for CloudNativePG, such as {CLOUDNATIVEPG_IMAGE}; it cannot run the official `postgres`")
    return value


class Synchronous(Model):
    """Whether a commit waits for standbys, and for how many."""

    enabled: bool = True
    """Whether an acknowledged commit is on a standby, too; `false` trades that for speed."""
    method: Literal["any", "first"] = "any"
    """`any` standbys that answer soonest, or always the `first` ones."""
    number: Annotated[int, Field(ge=1, le=8)] = 1
    """Standbys that must have a commit before it is acknowledged."""
    data_durability: Literal["required", "preferred"] = "required"
    """`required`: without enough standbys writes wait; `preferred`: then they go on, on the primary alone."""
    failover_quorum: bool = True
    """Whether a standby is promoted only where it is sure to have every acknowledged commit."""

    def refusals(self) -> Iterator[Refusal]:
        """Details of what is off."""
        if not self.enabled and len(self.model_fields_set) > 1:
            allowed = "`true`, or none of the other settings of `synchronous`"
            yield Refusal(("enabled",), self.enabled, allowed)


class CloudNativePG(Model):
    """PostgreSQL run by the CloudNativePG operator: a primary and standbys that take over by themselves."""

    kind: Literal["cloudnativepg"]
    """`cloudnativepg`: run by the CloudNativePG operator, in this cluster."""
    name: ClusterName = "postgresql"
    """Name of the `Cluster`. Fixed once it is there."""
    image: Annotated[str, AfterValidator(_image)] = CLOUDNATIVEPG_IMAGE
    """Image made for CloudNativePG; version 17, exact tag. A `system` one has Barman Cloud, which backups need."""
    instances: Annotated[int, Field(ge=1, le=9)] = 3
    """Servers: one primary, the others standbys."""
    synchronous: Synchronous = Synchronous()
    """Whether an acknowledged commit survives the primary."""
    storage_size: VolumeSize = "20Gi"
    """Size of each instance's data volume. May grow, never shrink."""
    storage_class: ObjectName | None = None
    """Storage class of the data volumes; the cluster's default one if absent. Fixed once they are there."""
    wal_storage_size: VolumeSize = "8Gi"
    """Size of each instance's volume for WAL, so that it never fills the data's. May grow, never shrink."""
    wal_storage_class: ObjectName | None = None
    """Storage class of the WAL volumes; the cluster's default one if absent. Fixed once they are there."""
    memory: MemorySize = "2Gi"
    """Memory of each instance, requested and limited alike; its settings are derived from it."""
    cpu: Cpu = "500m"
    """CPU that each instance requests."""
    cpu_limit: Cpu = "2"
    """CPU that each instance may take at most."""
    max_connections: Annotated[int, Field(ge=20, le=2000)] = 200
    """Connections that the server accepts."""
    parameters: Annotated[dict[str, Parameter], without(*_KEPT)] = {}
    """PostgreSQL settings on top of the derived ones, such as `log_min_duration_statement: 500`."""
    node_selector: dict[str, str] = {}
    """Labels of the nodes that the instances may run on."""
    anti_affinity: Literal["required", "preferred"] = "required"
    """`required`: two instances never share a node (or a zone, by `topologyKey`); `preferred`: where possible."""
    topology_key: Annotated[str, Field(min_length=1, max_length=316)] = "kubernetes.io/hostname"
    """Label of nodes that says what instances must not share, such as `topology.kubernetes.io/zone`."""
    pod_disruption_budget: bool = True
    """Whether a drained node waits until another instance has taken over; `false` only for clusters of one instance."""
    pooler: Pooler | None = None
    """PgBouncer between apps and server; absent, apps connect to the primary."""
    backups: Annotated[S3Backups | GcsBackups | None, Field(discriminator="kind")] = None
    """Base backups and WAL to object storage; absent, there are none."""
    deletion_protection: bool = True
    """Whether `pulumi destroy` is refused, and every other change that would remove the `Cluster` with its data."""
    admin_password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the server's admin role a new password."""
    operator: CloudNativePGOperator = CloudNativePGOperator()
    """The operator itself."""

    def refusals(self) -> Iterator[Refusal]:
        """Sizes and numbers that do not fit each other."""
        yield from self._too_few_instances()
        yield from size_refusals(self)
        reads = (("walStorageSize",), ("memory",))
        yield from wal_refusals(self.memory, "walStorageSize", self.wal_storage_size, reads)
        yield from self._pooler_connections()

    def _too_few_instances(self) -> Iterator[Refusal]:
        least = self.synchronous.number + 1
        if self.synchronous.enabled and self.instances < least:
            reads = (("instances",), ("synchronous", "number"), ("synchronous", "enabled"))
            allowed = f"at least {least}: a primary and `synchronous.number` standbys; or `synchronous.enabled: false`"
            yield Refusal(("instances",), self.instances, allowed, reads)
        if not self.pod_disruption_budget and self.instances > 1:
            allowed = "`true` with more than one instance: a drain would take them all at once"
            yield Refusal(("podDisruptionBudget",), False, allowed, (("instances",),))

    def _pooler_connections(self) -> Iterator[Refusal]:
        if self.pooler is not None and self.pooler.most_connections > self.max_connections - RESERVED_CONNECTIONS:
            reads = (("maxConnections",), ("pooler",))
            allowed = (
                f"at most {self.pooler.fitting(self.max_connections)}: {self.pooler.instances} poolers open as many to "
                f"each of the apps' four databases, and the server takes {self.max_connections} (`maxConnections`)"
            )
            yield Refusal(("pooler", "maxDbConnections"), self.pooler.max_db_connections, allowed, reads)
