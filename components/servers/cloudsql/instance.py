"""Settings of a Cloud SQL instance that the program creates."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.computed import OrOutput, TextInput
from components.postgres.pooler.budget import whole_number
from components.servers.cloud import NewInstance
from components.servers.cloudsql import gcp
from components.servers.cloudsql.connections import default_max_connections
from components.servers.cloudsql.parameters import CloudSqlParameters
from components.servers.cloudsql.restore import CloudSqlRestore

Edition = Literal["ENTERPRISE", "ENTERPRISE_PLUS"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

# transactionLogRetentionDays of BackupConfiguration.
MOST_LOG_DAYS = {"ENTERPRISE": 7, "ENTERPRISE_PLUS": 35}
LARGEST_GB, LARGEST_SHARED_GB, SMALLEST_HYPERDISK_GB = 65_536, 3_062, 20


class CloudSqlDisk(Model):
    """The data disk."""

    type: Literal["PD_SSD", "PD_HDD", "HYPERDISK_BALANCED"] = "PD_SSD"
    """Kind of disk: Hyperdisk with tiers db-c4a-…, PD with all others. Cannot be changed once the instance exists."""
    size: Annotated[int, Field(ge=10, le=LARGEST_GB)] = 100
    """Size in GB. May grow, never shrink. Where `autoresize` is true, only the initial size."""
    autoresize: bool = True
    """Whether Cloud SQL grows the disk by itself. For a size by hand, set this to `false` with the new `size`."""
    autoresize_limit: Annotated[int, Field(ge=0, le=LARGEST_GB)] = 500
    """Size in GB up to which the disk grows by itself; 0 for no limit."""
    kms_key: Annotated[TextInput, OrOutput(gcp.KmsKey)] | None = None
    """Key that the disk is encrypted with, as `projects/<project>/locations/<region>/keyRings/<ring>/cryptoKeys/<key>`;
    absent, Google's. Cannot be changed once the instance exists."""

    def refusals(self) -> Iterator[Refusal]:
        """A limit below the size, or without effect."""
        sizes = (("size",), ("autoresizeLimit",), ("autoresize",))
        if self.autoresize and 0 < self.autoresize_limit < self.size:
            if "autoresize_limit" in self.model_fields_set:
                allowed = f"at least `size`, which is {self.size}, or 0 for no limit"
                yield Refusal(("autoresizeLimit",), self.autoresize_limit, allowed, sizes)
            else:
                allowed = f"at most `autoresizeLimit`, which is {self.autoresize_limit}"
                yield Refusal(("size",), self.size, allowed, sizes)
        if not self.autoresize and "autoresize_limit" in self.model_fields_set:
            yield Refusal(("autoresizeLimit",), self.autoresize_limit, "no limit where `autoresize` is false", sizes)


class CloudSqlNetwork(Model):
    """The instance's network, in which it has a private address and no public one."""

    network: Annotated[TextInput, OrOutput(gcp.Network)]
    """The cluster's VPC network, with private services access, such as `projects/my-project/global/networks/default`; a
    Shared VPC's has the host project in its name."""
    allocated_range: gcp.RangeName | None = None
    """Range of private services access from which the address is taken; absent, any of them."""


class CloudSqlBackups(Model):
    """Automated backups, and the logs with which any point in time can be restored."""

    enabled: bool = True
    """Whether Cloud SQL takes daily backups."""
    start_time: gcp.StartTime = "02:00"
    """Start of the four hours in which the daily backup is taken, in UTC, such as `02:00`."""
    retained: Annotated[int, Field(ge=1, le=365)] = 14
    """Number of daily backups that are retained."""
    point_in_time_recovery: bool = True
    """Whether write-ahead logs are retained as well, so that any point in time can be restored."""
    log_retention_days: Annotated[int, Field(ge=1, le=35)] = 7
    """Days back to which any point in time can be restored: up to 7, with ENTERPRISE_PLUS 35."""
    location: gcp.RangeName | None = None
    """Region or multi-region of the backups, such as `eu`; absent, the nearest multi-region."""
    final_retention_days: Annotated[int, Field(ge=0, le=365)] = 30
    """Days for which a last backup is retained when the instance is deleted; 0 for none."""

    def refusals(self) -> Iterator[Refusal]:
        """Logs without backups that they could be replayed on."""
        if not self.enabled and self.point_in_time_recovery:
            reads = (("enabled",), ("pointInTimeRecovery",))
            if "point_in_time_recovery" in self.model_fields_set:
                yield Refusal(("pointInTimeRecovery",), True, "false where `enabled` is false", reads)
            else:
                yield Refusal(("enabled",), False, "true, or `pointInTimeRecovery: false` beside it", reads)
        if self.enabled and self.point_in_time_recovery and self.log_retention_days > self.retained:
            reads = (("retained",), ("logRetentionDays",))
            allowed = f"at least {self.log_retention_days}: each day of `logRetentionDays` needs a backup"
            yield Refusal(("retained",), self.retained, allowed, reads)


class CloudSqlInsights(Model):
    """The server's load by query."""

    enabled: bool = True
    """Whether Cloud SQL records the load."""
    query_string_length: Annotated[int, Field(ge=256, le=4500)] = 1024
    """Bytes of a query's text that are recorded."""
    query_plans_per_minute: Annotated[int, Field(ge=0, le=20)] = 5
    """Query plans that are recorded in a minute."""
    record_application_tags: bool = True
    """Whether tags in a query's comments are recorded."""
    record_client_address: bool = False
    """Whether addresses of clients are recorded."""


class CloudSqlMaintenance(Model):
    """The hour in which Cloud SQL may restart the server."""

    day: Day = "sun"
    """Day of the week, in UTC, such as `sun`."""
    hour: Annotated[int, Field(ge=0, le=23)] = 4
    """Hour of the day, in UTC, from 0 to 23."""
    update_track: Literal["canary", "stable", "week5"] = "stable"
    """How soon after the notice an update comes: after a week (`canary`), two (`stable`) or five."""


class CloudSqlInstance(NewInstance):
    """An instance that the program creates."""

    renamed = {"backup": "backups", "flags": "parameters"}

    name: gcp.InstanceName = "lakehouse"
    """Name of the instance in the project. Cannot be changed once it exists; that of a deleted instance is reserved for
    a week."""
    version: Annotated[int, Field(ge=13, le=17)] = 17
    """PostgreSQL's major version; Google chooses the minor one."""
    edition: Edition = "ENTERPRISE"
    """Edition of Cloud SQL."""
    tier: gcp.Tier = "db-custom-2-7680"
    """Machine type, such as `db-custom-2-7680` with 2 CPUs and 7680 MiB."""
    availability: Literal["REGIONAL", "ZONAL"] = "REGIONAL"
    """`REGIONAL`: a standby in another zone takes over when the server fails. `ZONAL`: there is no standby."""
    zone: gcp.Zone | None = None
    """Zone of the server, such as `europe-west3-a`; absent, Google chooses."""
    secondary_zone: gcp.Zone | None = None
    """Zone of the standby; absent, Google chooses."""
    network: CloudSqlNetwork
    """The instance's network."""
    disk: CloudSqlDisk = CloudSqlDisk()
    """The data disk."""
    backups: CloudSqlBackups = CloudSqlBackups()
    """Backups."""
    insights: CloudSqlInsights = CloudSqlInsights()
    """The server's load by query."""
    maintenance: CloudSqlMaintenance = CloudSqlMaintenance()
    """When Cloud SQL may restart the server."""
    parameters: CloudSqlParameters = {}
    """PostgreSQL settings on top of Cloud SQL's, which calls them database flags, such as `work_mem: 64MB` or
    `log_min_duration_statement: 500`. The output `postgresql` names those that restart the server."""
    deletion_protection: bool = True
    """Whether Google Cloud and Pulumi refuse to delete the instance."""
    restore_from: CloudSqlRestore | None = None  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    admin_password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the admin role a new password."""

    @property
    def max_connections(self) -> int:
        """Connections that it accepts."""
        return whole_number(self.parameters.get("max_connections"), default_max_connections(self.tier))

    def refusals(self) -> Iterator[Refusal]:
        """Settings that Cloud SQL would refuse together."""
        yield from self._machine()
        yield from self._restored_from_itself()
        most = MOST_LOG_DAYS[self.edition]
        if self.backups.log_retention_days > most:
            path = ("backups", "logRetentionDays")
            yield Refusal(
                path, self.backups.log_retention_days, f"at most {most} with {self.edition}", (path, ("edition",))
            )
        if self.availability == "REGIONAL":
            # "About high availability": the standby is restored from backups and logs when it is created again.
            for key, value in (
                ("enabled", self.backups.enabled),
                ("pointInTimeRecovery", self.backups.point_in_time_recovery),
            ):
                if not value:
                    reads = (("availability",), ("backups",))
                    yield Refusal(("backups", key), value, "true where `availability` is REGIONAL", reads)
                    break
        yield from self._zones()

    def _restored_from_itself(self) -> Iterator[Refusal]:
        if self.restore_from is not None and self.restore_from.instance == self.name:
            allowed = "another name than that of `restoreFrom.instance`, which a clone stands beside"
            yield Refusal(("name",), self.name, allowed, (("name",), ("restoreFrom",)))

    def _machine(self) -> Iterator[Refusal]:
        machine = gcp.machine(self.tier)
        if machine.edition != self.edition:
            reads = (("edition",), ("tier",))
            if "tier" in self.model_fields_set:
                yield Refusal(
                    ("tier",), self.tier, f"a tier of {self.edition} (`edition`), not of {machine.edition}", reads
                )
            else:
                allowed = f"{machine.edition}, or a `tier` of {self.edition} such as db-perf-optimized-N-2"
                yield Refusal(("edition",), self.edition, allowed, reads)
        if machine.hyperdisk != (self.disk.type == "HYPERDISK_BALANCED"):
            allowed = "HYPERDISK_BALANCED" if machine.hyperdisk else "PD_SSD or PD_HDD"
            yield Refusal(("disk", "type"), self.disk.type, f"{allowed} with {self.tier}", (("tier",), ("disk",)))
        least = SMALLEST_HYPERDISK_GB if machine.hyperdisk else 10
        most = LARGEST_SHARED_GB if machine.shared else LARGEST_GB
        if not least <= self.disk.size <= most:
            allowed = f"{least} to {most} with {self.tier}"
            yield Refusal(("disk", "size"), self.disk.size, allowed, (("tier",), ("disk",)))

    def _zones(self) -> Iterator[Refusal]:
        if self.secondary_zone is None:
            return
        reads = (("secondaryZone",), ("zone",), ("availability",))
        path = ("secondaryZone",)
        if self.availability != "REGIONAL":
            yield Refusal(path, self.secondary_zone, "no standby's zone where `availability` is ZONAL", reads)
        elif self.zone is None:
            yield Refusal(path, self.secondary_zone, "a standby's zone only beside `zone`", reads)
        elif self.zone == self.secondary_zone:
            yield Refusal(path, self.secondary_zone, "another zone than `zone`", reads)
