"""An RDS instance that the program makes: all that a stack file may say of it."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from components.forms.base import Found, Model, Refusal, refuse
from components.servers.cloud import RdsParameters
from components.servers.rds import aws

CaIdentifier = Literal["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"]
"""Authority that signs the server's certificate (RDS User Guide, "Using SSL/TLS to encrypt a connection")."""

# "gp3 storage" in the RDS User Guide: PostgreSQL's volumes are striped from 400 GiB on, and only then can IOPS and
# throughput be bought; what they bring of themselves is the least.
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
    """Size in GiB at first. May grow, never shrink."""
    maximum: Annotated[int, Field(ge=SMALLEST_GIB, le=LARGEST_GIB)] | None = 500
    """Size in GiB up to which AWS grows it by itself; `null` for never."""
    iops: Annotated[int, Field(ge=LEAST_IOPS, le=MOST_IOPS)] | None = None
    """Provisioned IOPS, with 400 GiB or more; absent, the 3000 or 12000 that come with the volume."""
    throughput: Annotated[int, Field(ge=LEAST_THROUGHPUT, le=MOST_THROUGHPUT)] | None = None
    """Provisioned throughput in MiB/s, with 400 GiB or more; absent, the 125 or 500 that come with the volume."""
    kms_key_arn: aws.KmsKeyArn | None = None
    """Key that the volume is encrypted with; absent, the account's `aws/rds`. Fixed once the instance is there."""

    def refusals(self) -> Iterator[Refusal]:
        """Autoscaling that would do nothing, and performance that the volume cannot have."""
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
    """Where the instance is and who reaches it."""

    vpc_id: aws.VpcId
    """VPC of the instance; the cluster's own, or one that it is peered with."""
    subnet_ids: Annotated[list[aws.SubnetId], Field(min_length=2)] | None = None
    """Private subnets in two or more availability zones, of which the program makes a subnet group."""
    subnet_group: aws.SubnetGroupName | None = None
    """A subnet group that is there, instead of `subnetIds`."""
    allowed_security_groups: list[aws.SecurityGroupId] = []
    """Security groups of the cluster's nodes (or pods) that may connect."""
    allowed_cidrs: list[aws.Cidr] = []
    """Blocks of the cluster's addresses, IPv4 or IPv6, that may connect."""
    network_type: Literal["IPV4", "DUAL"] | None = None
    """`DUAL`: the instance has IPv6 addresses, too, and so must its subnets. Absent, what it has; `IPV4` at first."""

    def refusals(self) -> Iterator[Refusal]:
        """No subnets, two sorts of them, or a server that nobody reaches."""
        reads = (("subnetIds",), ("subnetGroup",))
        if self.subnet_ids is None and self.subnet_group is None:
            yield Refusal(("subnetIds",), Found.NOTHING, "either `subnetIds` or `subnetGroup`", reads)
        if self.subnet_ids is not None and self.subnet_group is not None:
            yield Refusal(("subnetGroup",), self.subnet_group, "not both `subnetIds` and `subnetGroup`", reads)
        sources = (("allowedSecurityGroups",), ("allowedCidrs",))
        if not self.allowed_security_groups and not self.allowed_cidrs:
            allowed = "the cluster, by `allowedSecurityGroups` or `allowedCidrs`: else nobody reaches the server"
            yield Refusal(("allowedSecurityGroups",), Found.NOTHING, allowed, sources)
        ipv6 = [block for block in self.allowed_cidrs if aws.is_ipv6(block)]
        if ipv6 and self.network_type != "DUAL":
            allowed = f"DUAL where `allowedCidrs` has IPv6 blocks ({', '.join(ipv6)}): else no such address reaches it"
            yield Refusal(("networkType",), self.network_type or Found.NOTHING, allowed, (*sources, ("networkType",)))
        lists = {
            "subnetIds": self.subnet_ids or [],
            "allowedSecurityGroups": self.allowed_security_groups,
            "allowedCidrs": self.allowed_cidrs,
        }
        for key, values in lists.items():
            if len(set(values)) < len(values):
                yield Refusal((key,), values, "each of them once")


class RdsBackup(Model):
    """Automated backups, which carry the recovery to any point in time."""

    # 0 switches backups off, and with them the recovery to a point in time and replicas.
    retention_days: Annotated[int, Field(ge=1, le=35)] = 14
    """Days back to which any point in time can be restored."""
    window: aws.BackupWindow = "02:00-03:00"
    """When the daily backup is taken, UTC."""
    final_snapshot: bool = True
    """Whether a snapshot is taken when the instance is deleted."""
    final_snapshot_identifier: aws.SnapshotIdentifier | None = None
    """Its identifier; absent, `<identifier>-final`. A second one of that name cannot be made."""

    def refusals(self) -> Iterator[Refusal]:
        """A name for nothing."""
        if not self.final_snapshot and self.final_snapshot_identifier is not None:
            reads = (("finalSnapshot",), ("finalSnapshotIdentifier",))
            allowed = "no name where `finalSnapshot` is false"
            yield Refusal(("finalSnapshotIdentifier",), self.final_snapshot_identifier, allowed, reads)


class RdsPerformanceInsights(Model):
    """Load of the server by query, wait and user."""

    enabled: bool = True
    """Whether it is recorded."""
    retention_days: Annotated[int, AfterValidator(_retention)] = 7
    """Days that it is kept: 7 are free."""

    def refusals(self) -> Iterator[Refusal]:
        """A retention of nothing."""
        if not self.enabled and "retention_days" in self.model_fields_set:
            reads = (("enabled",), ("retentionDays",))
            yield Refusal(("retentionDays",), self.retention_days, "no retention where `enabled` is false", reads)


class RdsReadReplica(Model):
    """A second instance that follows the first and takes queries."""

    instance_class: aws.InstanceClass | None = None
    """Its class; absent, the first one's."""
    multi_az: bool = False
    """Whether it has a standby in another availability zone."""


class RdsInstance(Model):
    """An instance that the program makes."""

    identifier: aws.Identifier = "lakehouse"
    """Name of the instance in the account and region. Fixed once it is there."""
    version: Annotated[str, AfterValidator(_version)] = "17"
    """PostgreSQL's version: the major one alone where AWS chooses and upgrades the minor one, else an exact one."""
    auto_minor_version_upgrade: bool = True
    """Whether AWS upgrades the minor version in the maintenance window."""
    allow_major_version_upgrade: bool = False
    """Whether another major version may be given to an instance that is there."""
    instance_class: aws.InstanceClass = "db.m7g.large"
    """Processors and memory."""
    multi_az: bool = True
    """Whether a standby in another availability zone takes over when the server fails."""
    storage: RdsStorage = RdsStorage()
    """The volume."""
    network: RdsNetwork
    """Where the instance is and who reaches it."""
    backup: RdsBackup = RdsBackup()
    """Backups."""
    maintenance_window: aws.MaintenanceWindow = "sun:04:00-sun:05:00"
    """When AWS may restart the server, UTC."""
    apply_immediately: bool = True
    """Whether a change is made at once, with its interruption, instead of in the next maintenance window."""
    parameters: RdsParameters = {}
    """PostgreSQL settings on top of RDS's, such as `log_min_duration_statement: 500`, `work_mem: 64MB` or
    `shared_buffers: "{DBInstanceClassMemory/32768}"`. The output `postgresql` names those that wait for a reboot."""
    performance_insights: RdsPerformanceInsights = RdsPerformanceInsights()
    """Load of the server by query."""
    iam_authentication: bool | None = None
    """Whether roles with `rds_iam` log in with tokens of AWS IAM: for people, since the apps need passwords. Absent,
    what the instance has; off at first."""
    log_exports: list[Literal["postgresql", "upgrade"]] = ["postgresql", "upgrade"]
    """Logs that go to CloudWatch."""
    ca_identifier: CaIdentifier = "rds-ca-rsa2048-g1"
    """Authority that signs the server's certificate."""
    deletion_protection: bool = True
    """Whether neither AWS nor Pulumi deletes the instance before this is false."""
    read_replica: RdsReadReplica | None = None
    """A replica for queries, if there is to be one."""
    admin_password_rotation: Annotated[int, Field(ge=1)] = 1
    """Raise it to give the admin role a new password."""

    def refusals(self) -> Iterator[Refusal]:
        """Settings that AWS would refuse together."""
        reads = (("version",), ("autoMinorVersionUpgrade",))
        exact = "." in self.version
        if exact and self.auto_minor_version_upgrade:
            allowed = (
                f"{self.version.partition('.')[0]}, or `autoMinorVersionUpgrade: false`: AWS would leave an exact one"
            )
            yield Refusal(("version",), self.version, allowed, reads)
        if not exact and not self.auto_minor_version_upgrade:
            allowed = f"an exact version such as {self.version}.6 where `autoMinorVersionUpgrade` is false"
            yield Refusal(("version",), self.version, allowed, reads)
        if aws.weekly_window(self.maintenance_window).overlaps(aws.daily_window(self.backup.window)):
            windows = (("maintenanceWindow",), ("backup", "window"))
            if "maintenance_window" in self.model_fields_set:
                allowed = f"a window apart from the backup's ({self.backup.window})"
                yield Refusal(("maintenanceWindow",), self.maintenance_window, allowed, windows)
            else:
                allowed = f"a window apart from the maintenance's ({self.maintenance_window})"
                yield Refusal(("backup", "window"), self.backup.window, allowed, windows)
        longest = 63 - len(REPLICA_SUFFIX)
        if self.read_replica is not None and len(self.identifier) > longest:
            allowed = f"at most {longest} characters where `readReplica` is there, called <identifier>{REPLICA_SUFFIX}"
            yield Refusal(("identifier",), self.identifier, allowed, (("identifier",), ("readReplica",)))
        if len(set(self.log_exports)) < len(self.log_exports):
            yield Refusal(("logExports",), self.log_exports, "each of them once")
