"""A Cloud SQL instance that the program makes: all that a stack file may say of it."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Model, Refusal
from components.servers.cloud import CloudSqlFlags
from components.servers.cloudsql import gcp

Edition = Literal["ENTERPRISE", "ENTERPRISE_PLUS"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

# transactionLogRetentionDays of BackupConfiguration.
MOST_LOG_DAYS = {"ENTERPRISE": 7, "ENTERPRISE_PLUS": 35}
LARGEST_GB, LARGEST_SHARED_GB, SMALLEST_HYPERDISK_GB = 65_536, 3_062, 20


class CloudSqlDisk(Model):
    """The data disk."""

    type: Literal["PD_SSD", "PD_HDD", "HYPERDISK_BALANCED"] = "PD_SSD"
    """Kind of disk: Hyperdisk with tiers db-c4a-…, PD with all others. Fixed once the instance is there."""
    size: Annotated[int, Field(ge=10, le=LARGEST_GB)] = 100
    """Size in GB. May grow, never shrink. Where `autoresize` is true it is the size at first, not looked at later."""
    autoresize: bool = True
    """Whether Cloud SQL grows the disk by itself. To give it a size by hand, set this to false with the new `size`."""
    autoresize_limit: Annotated[int, Field(ge=0, le=LARGEST_GB)] = 500
    """Size in GB up to which it grows by itself; 0 for no limit."""
    kms_key: gcp.KmsKey | None = None
    """Key that the disk is encrypted with; absent, Google's. Fixed once the instance is there."""

    def refusals(self) -> Iterator[Refusal]:
        """A limit below the size."""
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
    """Where the instance is: it has a private address alone."""

    network: gcp.Network
    """The cluster's VPC network, with private services access; a Shared VPC's has the host project in its name."""
    allocated_range: gcp.RangeName | None = None
    """Range of private services access that the address is from; absent, any of them."""


class CloudSqlBackup(Model):
    """Automated backups, and the logs for the recovery to any point in time."""

    enabled: bool = True
    """Whether they are taken."""
    start_time: gcp.StartTime = "02:00"
    """Begin of the four hours in which the daily backup is taken, UTC."""
    retained: Annotated[int, Field(ge=1, le=365)] = 14
    """Number of daily backups that are kept."""
    point_in_time_recovery: bool = True
    """Whether write-ahead logs are kept too."""
    log_retention_days: Annotated[int, Field(ge=1, le=35)] = 7
    """Days back to which any point in time can be restored: up to 7, with ENTERPRISE_PLUS 35."""
    location: gcp.RangeName | None = None
    """Region or multi-region of the backups, such as `eu`; absent, the nearest multi-region."""
    final_retention_days: Annotated[int, Field(ge=0, le=365)] = 30
    """Days that a last backup is kept when the instance is deleted; 0 for none."""

    def refusals(self) -> Iterator[Refusal]:
        """Logs without backups to play them on."""
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
    """Load of the server by query."""

    enabled: bool = True
    """Whether it is recorded."""
    query_string_length: Annotated[int, Field(ge=256, le=4500)] = 1024
    """Bytes of a query's text that are kept."""
    query_plans_per_minute: Annotated[int, Field(ge=0, le=20)] = 5
    """Plans that are kept in a minute."""
    record_application_tags: bool = True
    """Whether tags in a query's comments are recorded."""
    record_client_address: bool = False
    """Whether addresses of clients are recorded."""


class CloudSqlMaintenance(Model):
    """The hour in which Cloud SQL may restart the server."""

    day: Day = "sun"
    """Day of the week, UTC."""
    hour: Annotated[int, Field(ge=0, le=23)] = 4
    """Hour of the day, UTC."""
    update_track: Literal["canary", "stable", "week5"] = "stable"
    """How soon after its notice: a week (`canary`), two (`stable`) or five."""


class CloudSqlInstance(Model):
    """An instance that the program makes."""

    name: gcp.InstanceName = "lakehouse"
    """Its name in the project; one that was deleted is taken for a week. Fixed once it is there."""
    version: Annotated[int, Field(ge=13, le=17)] = 17
    """PostgreSQL's major version; Google chooses the minor one."""
    edition: Edition = "ENTERPRISE"
    """Cloud SQL's edition."""
    tier: gcp.Tier = "db-custom-2-7680"
    """Machine type."""
    availability: Literal["REGIONAL", "ZONAL"] = "REGIONAL"
    """`REGIONAL`: a standby in another zone takes over when the server fails."""
    zone: gcp.Zone | None = None
    """Zone of the server; absent, Google chooses."""
    secondary_zone: gcp.Zone | None = None
    """Zone of its standby; absent, Google chooses."""
    network: CloudSqlNetwork
    """Where the instance is."""
    disk: CloudSqlDisk = CloudSqlDisk()
    """The data disk."""
    backup: CloudSqlBackup = CloudSqlBackup()
    """Backups."""
    insights: CloudSqlInsights = CloudSqlInsights()
    """Load of the server by query."""
    maintenance: CloudSqlMaintenance = CloudSqlMaintenance()
    """When Cloud SQL may restart the server."""
    flags: CloudSqlFlags = {}
    """Database flags (PostgreSQL settings) on top of Cloud SQL's, such as `log_min_duration_statement: 500` or
    `work_mem: 64MB`. The output `postgresql` names those that restart the server."""
    deletion_protection: bool = True
    """Whether neither Google Cloud nor Pulumi deletes the instance before this is false."""
    admin_password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the admin role a new password."""

    def refusals(self) -> Iterator[Refusal]:
        """Settings that Cloud SQL would refuse together."""
        yield from self._machine()
        most = MOST_LOG_DAYS[self.edition]
        if self.backup.log_retention_days > most:
            path = ("backup", "logRetentionDays")
            yield Refusal(
                path, self.backup.log_retention_days, f"at most {most} with {self.edition}", (path, ("edition",))
            )
        if self.availability == "REGIONAL":
            # "About high availability": the standby is restored from backups and logs when it has to be made anew.
            for key, value in (
                ("enabled", self.backup.enabled),
                ("pointInTimeRecovery", self.backup.point_in_time_recovery),
            ):
                if not value:
                    reads = (("availability",), ("backup",))
                    yield Refusal(("backup", key), value, "true where `availability` is REGIONAL", reads)
                    break
        yield from self._zones()

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
