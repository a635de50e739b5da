"""A PostgreSQL cluster that the CloudNativePG operator runs, in this Kubernetes cluster."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from components.forms.base import Model, Refusal, refuse
from components.forms.names import Form, ObjectName
from components.forms.quantity import Cpu, MemorySize, VolumeSize
from components.postgres.pooler.budget import Capacity, server_reserve
from components.postgres.sizing import ServerSize, wal_refusals
from components.servers.cloudnativepg.backups import CloudNativePGBackups
from components.servers.cloudnativepg.operator import CloudNativePGOperator
from components.servers.cloudnativepg.parameters import CloudNativePGParameters
from components.servers.cloudnativepg.pins import CLOUDNATIVEPG_IMAGE
from components.servers.cloudnativepg.pooler import OPERATOR, CloudNativePGPooler
from components.servers.cloudnativepg.restore import CloudNativePGRestore
from components.servers.operators import OperatedSettings

# The names of everything that the operator creates for it begin with its name; 50 is the operator's limit.
_CLUSTER_NAME = Form(
    r"[a-z]([-a-z0-9]*[a-z0-9])?",
    50,
    "lower-case letters, digits and '-', beginning with a letter and not ending in '-'",
)


def _image(value: str) -> str:
    if re.fullmatch(r"[^\s:@]+(:[0-9]+)?(/[^\s:@]+)*:17\.[0-9]+[-.\w]*(@sha256:[0-9a-f]{64})?", value) is None:
        refuse(f"an image for CloudNativePG with an exact 17.x tag, such as {CLOUDNATIVEPG_IMAGE}")
    if value.partition(":")[0] in {"postgres", "library/postgres", "docker.io/postgres", "docker.io/library/postgres"}:
        refuse(f"an image made for CloudNativePG, such as {CLOUDNATIVEPG_IMAGE}; it cannot run the official `postgres`")
    return value


class SynchronousReplication(Model):
    """Whether a commit waits for standbys, and for how many."""

    enabled: bool = True
    """Whether a commit is acknowledged only once a standby has it as well; `false` trades that for speed."""
    method: Literal["any", "first"] = "any"
    """`any`: the standbys that answer soonest; `first`: always the same ones."""
    number: Annotated[int, Field(ge=1, le=8)] = 1
    """Standbys that must have a commit before it is acknowledged."""
    data_durability: Literal["required", "preferred"] = "required"
    """`required`: with too few standbys, writes wait; `preferred`: they go on, on the primary alone."""
    failover_quorum: bool = True
    """Whether a standby is promoted only if it is certain to have every acknowledged commit."""

    def refusals(self) -> Iterator[Refusal]:
        """Details of what is off."""
        if not self.enabled and len(self.model_fields_set) > 1:
            allowed = "`true`, or none of the other settings of `synchronous`"
            yield Refusal(("enabled",), self.enabled, allowed)


class CloudNativePGSettings(OperatedSettings, ServerSize):
    """PostgreSQL run by the CloudNativePG operator: a primary, and standbys of which one is promoted when it fails."""

    kind: Literal["cloudnativepg"] = "cloudnativepg"  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """`cloudnativepg`: run by the CloudNativePG operator, in this cluster."""
    name: Annotated[str, _CLUSTER_NAME] = "postgresql"
    """Name of the `Cluster`. Cannot be changed once the server exists."""
    image: Annotated[str, AfterValidator(_image)] = CLOUDNATIVEPG_IMAGE
    """Image made for CloudNativePG; version 17, exact tag. A `system` one has Barman Cloud, which backups need."""
    instances: Annotated[int, Field(ge=1, le=9)] = 3
    """Instances of PostgreSQL: one primary, the others standbys."""
    synchronous: SynchronousReplication = SynchronousReplication()
    """Whether every acknowledged commit survives the loss of the primary."""
    storage_size: VolumeSize = "20Gi"
    wal_storage_size: VolumeSize = "8Gi"
    """Size of each instance's volume for WAL, so that WAL never fills the data volume. May grow, never shrink."""
    wal_storage_class: ObjectName | None = None
    """Storage class of the WAL volumes; absent, the cluster's default one. Cannot be changed once they exist."""
    memory: MemorySize = "4Gi"
    cpu: Cpu = "500m"
    cpu_limit: Cpu = "2"
    max_connections: Annotated[int, Field(ge=20, le=2000)] = 400
    parameters: CloudNativePGParameters = {}
    """PostgreSQL settings on top of the derived ones, such as `log_min_duration_statement: 500`."""
    anti_affinity: Literal["required", "preferred"] = "required"
    """`required`: two instances never share a node (or a zone, by `topologyKey`); `preferred`: where possible."""
    topology_key: Annotated[str, Field(min_length=1, max_length=316)] = "kubernetes.io/hostname"
    """Label of nodes whose value instances must not share, such as `topology.kubernetes.io/zone`."""
    pod_disruption_budget: bool = True
    """Whether draining a node waits until another instance has taken over; `false` only for a single instance."""
    pooler: CloudNativePGPooler | None = None
    """PgBouncer between apps and server; absent, apps connect to the primary."""
    backups: CloudNativePGBackups | None = None
    """Base backups and WAL in object storage; absent, there are none."""
    restore_from: CloudNativePGRestore | None = None
    """Backups that the server is created from; absent, it begins empty. Read only when the server is created: remove it
    afterwards, which changes nothing."""
    admin_password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the server's admin role a new password."""
    operator: CloudNativePGOperator = CloudNativePGOperator()  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """The operator."""

    @property
    def admin_secret_name(self) -> str:
        """Name of the admin's Secret."""
        return f"{self.name}-admin"

    @property
    def capacity(self) -> Capacity:
        """The connections that it accepts."""
        return Capacity(self.max_connections, self.capacity_setting, (*server_reserve(self.parameters), OPERATOR))

    @property
    def is_copy(self) -> bool:
        """Whether it begins as a copy of another server."""
        return self.restore_from is not None

    @property
    def given_pooler(self) -> CloudNativePGPooler | None:
        """PgBouncer between apps and server."""
        return self.pooler

    @property
    def pooler_name(self) -> str:
        """Name of the `Pooler` and its Service, which may not be the Cluster's."""
        return f"{self.name}-pooler"

    def refusals(self) -> Iterator[Refusal]:
        """Sizes and numbers that do not fit each other."""
        yield from super().refusals()
        yield from self._too_few_instances()
        if self.restore_from is not None:
            yield from self.restore_from.rules(self.name, self.backups and self.backups.storage)
        reads = (("walStorageSize",), ("memory",))
        yield from wal_refusals(self.memory, "walStorageSize", self.wal_storage_size, reads)

    def _too_few_instances(self) -> Iterator[Refusal]:
        least = self.synchronous.number + 1
        if self.synchronous.enabled and self.instances < least:
            reads = (("instances",), ("synchronous", "number"), ("synchronous", "enabled"))
            allowed = f"at least {least}: a primary and `synchronous.number` standbys; or `synchronous.enabled: false`"
            yield Refusal(("instances",), self.instances, allowed, reads)
        if not self.pod_disruption_budget and self.instances > 1:
            allowed = "`true` with more than one instance: a drain would take them all at once"
            yield Refusal(("podDisruptionBudget",), False, allowed, (("instances",),))
