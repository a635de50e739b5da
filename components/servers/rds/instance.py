"""Settings of an RDS instance that the program creates."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from components.forms.base import Model, Placeholder, Refusal, refuse
from components.forms.computed import OrOutput, TextInput, known
from components.servers.cloud import NewInstance
from components.servers.rds import aws, windows
from components.servers.rds.connections import default_max_connections
from components.servers.rds.parameters import RdsParameters
from components.servers.rds.restore import RdsRestore

CaIdentifier = Literal["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"]
"""CA that signs the server's certificate (RDS User Guide, "Using SSL/TLS to encrypt a connection")."""

# "gp3 storage" in the RDS User Guide: PostgreSQL's volumes are striped from 400 GiB on, and only then can IOPS and
# throughput be bought; what they include is the least.
STRIPED_GIB = 400
LEAST_IOPS, MOST_IOPS = 12_000, 64_000
LEAST_THROUGHPUT, MOST_THROUGHPUT = 500, 4_000
IOPS_PER_THROUGHPUT = 4
SMALLEST_GIB, LARGEST_GIB = 20, 65_536

REPLICA_SUFFIX = "-replica"


def _version(value: str) -> str:
    if re.fullmatch(r"1[3-7](\.[0-9]{1,2})?", value) is None:
        refuse("PostgreSQL 13 to 17: a major version such as 17, or an exact one such as 17.6")
    return value


def _retention(value: int) -> int:
    # PerformanceInsightsRetentionPeriod of CreateDBInstance.
    if value not in (7, 731) and not (value % 31 == 0 and 1 <= value // 31 <= 23):
        refuse("7 days (free), months of 31 days up to 23 of them (713), or 731")
    return value


class RdsStorage(Model):
    """The gp3 volume."""

    allocated: Annotated[int, Field(ge=SMALLEST_GIB, le=LARGEST_GIB)] = 100
    """Initial size in GiB. May grow, never shrink."""
    maximum: Annotated[int, Field(ge=SMALLEST_GIB, le=LARGEST_GIB)] | None = 500
    """Size in GiB up to which AWS grows the volume by itself; `null` for never."""
    iops: Annotated[int, Field(ge=LEAST_IOPS, le=MOST_IOPS)] | None = None
    """Provisioned IOPS, with 400 GiB or more; absent, the 3000 or 12000 that the volume includes."""
    throughput: Annotated[int, Field(ge=LEAST_THROUGHPUT, le=MOST_THROUGHPUT)] | None = None
    """Provisioned throughput in MiB/s, with 400 GiB or more; absent, the 125 or 500 that the volume includes."""
    kms_key_arn: Annotated[TextInput, OrOutput(aws.KmsKeyArn)] | None = None
    """ARN of the key that the volume is encrypted with; absent, the account's `aws/rds`. Cannot be changed once the
    instance exists."""

    def refusals(self) -> Iterator[Refusal]:
        """Autoscaling without effect, and performance that the volume cannot have."""
        sizes = (("allocated",), ("maximum",))
        # "Managing capacity automatically with storage autoscaling" in the RDS User Guide: at least 10% more.
        least = -(-self.allocated * 11 // 10)
        if self.maximum is not None and self.maximum < least:
            if "maximum" in self.model_fields_set:
                allowed = f"at least {least}, 10% more than `allocated`, or null for no autoscaling"
                yield Refusal(("maximum",), self.maximum, allowed, sizes)
            else:
                allowed = f"a size that leaves 10% to `maximum`, which is {self.maximum}, or another `maximum`"
                yield Refusal(("allocated",), self.allocated, allowed, sizes)
        for key, value in (("iops", self.iops), ("throughput", self.throughput)):
            if value is not None and self.allocated < STRIPED_GIB:
                allowed = f"nothing with less than {STRIPED_GIB} GiB `allocated`"
                yield Refusal((key,), value, allowed, ((key,), ("allocated",)))
        if self.throughput is not None and self.throughput * IOPS_PER_THROUGHPUT > (self.iops or LEAST_IOPS):
            allowed = f"at most a quarter of `iops`, which is {self.iops or LEAST_IOPS}"
            yield Refusal(("throughput",), self.throughput, allowed, (("iops",), ("throughput",)))


class RdsNetwork(Model):
    """The instance's network, and what may connect to it."""

    vpc_id: Annotated[TextInput, OrOutput(aws.VpcId)]
    """VPC of the instance, such as `vpc-0123456789abcdef0`: the cluster's own, or one that it is peered with."""
    subnet_ids: Annotated[list[Annotated[TextInput, OrOutput(aws.SubnetId)]], Field(min_length=2)] | None = None
    """Private subnets in two or more availability zones, such as `subnet-0123456789abcdef0`; the program creates a
    subnet group of them."""
    subnet_group: Annotated[TextInput, OrOutput(aws.SubnetGroupName)] | None = None
    """Name of an existing subnet group, instead of `subnetIds`."""
    allowed_security_groups: list[Annotated[TextInput, OrOutput(aws.SecurityGroupId)]] = []
    """Security groups of the cluster's nodes (or pods) that may connect, such as `sg-0123456789abcdef0`."""
    allowed_cidrs: list[aws.Cidr] = []
    """Blocks of the cluster's addresses, IPv4 or IPv6, that may connect, such as `10.0.0.0/16`."""
    network_type: Literal["IPV4", "DUAL"] | None = None
    """`DUAL`: the instance has IPv6 addresses as well, and its subnets must have them too. Absent, the instance's type
    is not changed; a new instance is `IPV4`."""

    def refusals(self) -> Iterator[Refusal]:
        """No subnets or two kinds of them, a server that nothing can connect to, and values that are given twice."""
        reads = (("subnetIds",), ("subnetGroup",))
        if self.subnet_ids is None and self.subnet_group is None:
            yield Refusal(("subnetIds",), Placeholder.NOTHING, "either `subnetIds` or `subnetGroup`", reads)
        if self.subnet_ids is not None and self.subnet_group is not None:
            found = known(self.subnet_group)
            yield Refusal(("subnetGroup",), found, "not both `subnetIds` and `subnetGroup`", reads)
        sources = (("allowedSecurityGroups",), ("allowedCidrs",))
        if not self.allowed_security_groups and not self.allowed_cidrs:
            allowed = (
                "the cluster, by `allowedSecurityGroups` or `allowedCidrs`: otherwise nothing can connect to the server"
            )
            yield Refusal(("allowedSecurityGroups",), Placeholder.NOTHING, allowed, sources)
        ipv6 = [block for block in self.allowed_cidrs if aws.is_ipv6(block)]
        if ipv6 and self.network_type != "DUAL":
            allowed = f"DUAL where `allowedCidrs` has IPv6 blocks ({', '.join(ipv6)}): otherwise they cannot connect"
            yield Refusal(
                ("networkType",), self.network_type or Placeholder.NOTHING, allowed, (*sources, ("networkType",))
            )
        lists = {
            "subnetIds": self.subnet_ids or [],
            "allowedSecurityGroups": self.allowed_security_groups,
            "allowedCidrs": self.allowed_cidrs,
        }
        for key, values in lists.items():
            texts = [value for value in values if isinstance(value, str)]
            if len(set(texts)) < len(texts):
                yield Refusal((key,), texts, "each of them once")


class RdsBackups(Model):
    """Automated backups, from which any point in time can be restored."""

    # 0 switches backups off, and with them the recovery to a point in time and replicas.
    retention_days: Annotated[int, Field(ge=1, le=35)] = 14
    """Days back to which any point in time can be restored."""
    window: windows.BackupWindow = "02:00-03:00"
    """When the daily backup is taken, in UTC, such as `02:00-03:00`."""
    final_snapshot: bool = True
    """Whether a snapshot is taken when the instance is deleted."""
    final_snapshot_identifier: aws.SnapshotIdentifier | None = None
    """Identifier of the final snapshot; absent, `<identifier>-final`. No second one with it can be created."""

    def refusals(self) -> Iterator[Refusal]:
        """An identifier without a snapshot."""
        if not self.final_snapshot and self.final_snapshot_identifier is not None:
            reads = (("finalSnapshot",), ("finalSnapshotIdentifier",))
            allowed = "no identifier where `finalSnapshot` is false"
            yield Refusal(("finalSnapshotIdentifier",), self.final_snapshot_identifier, allowed, reads)


class RdsPerformanceInsights(Model):
    """The server's load by query, wait and user."""

    enabled: bool = True
    """Whether AWS records the load."""
    retention_days: Annotated[int, AfterValidator(_retention)] = 7
    """Days for which the load is kept: 7, which are free, months of 31 days up to 713, or 731."""

    def refusals(self) -> Iterator[Refusal]:
        """A retention without records."""
        if not self.enabled and "retention_days" in self.model_fields_set:
            reads = (("enabled",), ("retentionDays",))
            yield Refusal(("retentionDays",), self.retention_days, "no retention where `enabled` is false", reads)


class RdsReadReplica(Model):
    """A second instance that follows the first and answers queries."""

    instance_class: aws.InstanceClass | None = None
    """Class of the replica, such as `db.m7g.large`; absent, the first instance's."""
    multi_az: bool = False
    """Whether the replica has a standby in another availability zone."""


class RdsInstance(NewInstance):
    """An instance that the program creates."""

    renamed = {"backup": "backups"}

    identifier: aws.Identifier = "lakehouse"
    """Identifier of the instance in the account and region. Cannot be changed once it exists."""
    version: Annotated[str, AfterValidator(_version)] = "17"
    """Version of PostgreSQL: `17` where AWS chooses and upgrades the minor version, otherwise an exact one such as
    `17.6`."""
    auto_minor_version_upgrade: bool = True
    """Whether AWS upgrades the minor version in the maintenance window."""
    allow_major_version_upgrade: bool = False
    """Whether `version` may be another major version than the existing instance's, which upgrades it."""
    instance_class: aws.InstanceClass = "db.m7g.large"
    """Class of the instance, which gives its processors and memory."""
    multi_az: bool = True
    """Whether a standby in another availability zone takes over when the server fails."""
    storage: RdsStorage = RdsStorage()
    """The volume."""
    network: RdsNetwork
    """The instance's network, and what may connect to it."""
    backups: RdsBackups = RdsBackups()
    """Backups."""
    maintenance_window: windows.MaintenanceWindow = "sun:04:00-sun:05:00"
    """When AWS may restart the server, in UTC, such as `sun:04:00-sun:05:00`."""
    apply_immediately: bool = True
    """Whether AWS applies a change at once, with its interruption, instead of in the next maintenance window."""
    parameters: RdsParameters = {}
    """PostgreSQL settings on top of RDS's, such as `log_min_duration_statement: 500`, `work_mem: 64MB` or
    `shared_buffers: "{DBInstanceClassMemory/32768}"`. The output `postgresql` names those that wait for a reboot."""
    performance_insights: RdsPerformanceInsights = RdsPerformanceInsights()
    """The server's load by query, wait and user."""
    iam_authentication: bool | None = None
    """Whether roles with `rds_iam` log in with tokens of AWS IAM: for people, since the apps need passwords. Absent, it
    is not changed; a new instance has it off."""
    log_exports: list[Literal["postgresql", "upgrade"]] = ["postgresql", "upgrade"]
    """Logs that RDS exports to CloudWatch."""
    ca_identifier: CaIdentifier = "rds-ca-rsa2048-g1"
    """CA that signs the server's certificate, by its kind of key."""
    deletion_protection: bool = True
    """Whether AWS and Pulumi refuse to delete the instance."""
    read_replica: RdsReadReplica | None = None
    """A read replica for queries; absent, none is created."""
    restore_from: RdsRestore | None = None  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    admin_password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the admin role a new password."""

    def refusals(self) -> Iterator[Refusal]:
        """Settings that AWS would refuse together."""
        reads = (("version",), ("autoMinorVersionUpgrade",))
        exact = "." in self.version
        if exact and self.auto_minor_version_upgrade:
            allowed = (
                f"{self.version.partition('.')[0]}, or `autoMinorVersionUpgrade: false`: AWS upgrades an exact one"
            )
            yield Refusal(("version",), self.version, allowed, reads)
        if not exact and not self.auto_minor_version_upgrade:
            allowed = f"an exact version such as {self.version}.6 where `autoMinorVersionUpgrade` is false"
            yield Refusal(("version",), self.version, allowed, reads)
        if windows.weekly_window(self.maintenance_window).overlaps(windows.daily_window(self.backups.window)):
            both = (("maintenanceWindow",), ("backups", "window"))
            if "maintenance_window" in self.model_fields_set:
                allowed = f"a window apart from the backups' ({self.backups.window})"
                yield Refusal(("maintenanceWindow",), self.maintenance_window, allowed, both)
            else:
                allowed = f"a window apart from the maintenance's ({self.maintenance_window})"
                yield Refusal(("backups", "window"), self.backups.window, allowed, both)
        yield from self._restored_from_itself()
        longest = 63 - len(REPLICA_SUFFIX)
        if self.read_replica is not None and len(self.identifier) > longest:
            allowed = (
                f"at most {longest} characters with `readReplica`, whose identifier is <identifier>{REPLICA_SUFFIX}"
            )
            yield Refusal(("identifier",), self.identifier, allowed, (("identifier",), ("readReplica",)))
        if len(set(self.log_exports)) < len(self.log_exports):
            yield Refusal(("logExports",), self.log_exports, "each of them once")

    def _restored_from_itself(self) -> Iterator[Refusal]:
        restore = self.restore_from
        if restore is not None and known(restore.instance) == self.identifier:
            reads = (("identifier",), ("restoreFrom",))
            allowed = "another identifier than that of `restoreFrom.instance`: AWS restores into a new instance only"
            yield Refusal(("identifier",), self.identifier, allowed, reads)

    @property
    def max_connections(self) -> int | None:
        """Connections that it accepts; None where a formula says it, or for a class of which it is not known."""
        given = self.parameters.get("max_connections", default_max_connections(self.instance_class))
        return given if isinstance(given, int) else None

    @property
    def final_snapshot(self) -> str | None:
        """Identifier of the snapshot that is taken when the instance is deleted; None for none."""
        if not self.backups.final_snapshot:
            return None
        return self.backups.final_snapshot_identifier or f"{self.identifier}-final"

    @property
    def insights_days(self) -> int | None:
        """Days for which Performance Insights keep the load; None if they are off."""
        return self.performance_insights.retention_days if self.performance_insights.enabled else None
