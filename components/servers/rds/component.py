"""PostgreSQL as an Amazon RDS instance with all that belongs to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_aws.rds import Instance, InstanceArgs

from components.postgres.admin import Admin, admin_secret, generated_admin
from components.postgres.credentials import PORT
from components.postgres.endpoint import TlsMode
from components.postgres.server import Server, ServerComponent
from components.servers.rds.instance import LEAST_IOPS, LEAST_THROUGHPUT, REPLICA_SUFFIX, STRIPED_GIB
from components.servers.rds.network import RdsNetwork, security_group, subnet_group
from components.servers.rds.parameters import needs_reboot, parameter_group
from components.servers.rds.provider import aws_provider


@dataclass(frozen=True)
class RdsStorage:
    """A gp3 volume.

    Attributes:
        allocated: GiB at first.
        maximum: GiB up to which it grows by itself; None for never.
        iops: provisioned IOPS, those of the volume if None.
        throughput: provisioned MiB/s, those of the volume if None.
        kms_key_arn: key that it is encrypted with, the account's own if None.
    """

    allocated: int = 100
    maximum: int | None = 500
    iops: int | None = None
    throughput: int | None = None
    kms_key_arn: str | None = None


@dataclass(frozen=True)
class RdsReadReplica:
    """A second instance that takes queries; `instance_class` is the first one's if None."""

    instance_class: str | None = None
    multi_az: bool = False


@dataclass(frozen=True)
class RdsServerArgs:
    """What must be known of an instance to make it.

    Attributes:
        namespace: namespace of the admin's Secret and of the Jobs that use it.
        client_image: image with `psql`, for Jobs that talk to the server.
        region: AWS region.
        network: where it is and who reaches it.
        profile: profile of the AWS configuration.
        provider: further arguments of the provider, by name.
        tags: tags of every AWS resource.
        identifier: its name in the region.
        version: PostgreSQL's version: `17` with, `17.6` without `auto_minor_version_upgrade`.
        auto_minor_version_upgrade: whether AWS upgrades the minor version.
        allow_major_version_upgrade: whether another major version may be given later.
        instance_class: processors and memory.
        multi_az: whether it has a standby.
        storage: the volume.
        backup_retention_days: days back to which any point in time can be restored.
        backup_window: when backups are taken, `HH:MM-HH:MM` UTC.
        final_snapshot: identifier of the snapshot at the end; None for none.
        maintenance_window: when AWS may restart it, `ddd:HH:MM-ddd:HH:MM` UTC.
        apply_immediately: whether changes do not wait for that window.
        parameters: PostgreSQL settings.
        performance_insights_days: days that they are kept; None for none.
        iam_authentication: whether IAM tokens open it, too; None for what it has.
        log_exports: logs that go to CloudWatch.
        ca_identifier: authority that signs its certificate.
        deletion_protection: whether it is protected from deletion, by AWS and by Pulumi.
        read_replica: a second instance for queries.
        admin_password_rotation: raise it for a new admin password.
        tls: how clients connect.
        ca_certificate: the region's authorities, PEM; needed by `VERIFY_FULL`.
    """

    namespace: str
    client_image: str
    region: str
    network: RdsNetwork
    profile: str | None = None
    provider: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    identifier: str = "lakehouse"
    version: str = "17"
    auto_minor_version_upgrade: bool = True
    allow_major_version_upgrade: bool = False
    instance_class: str = "db.m7g.large"
    multi_az: bool = True
    storage: RdsStorage = field(default_factory=RdsStorage)
    backup_retention_days: int = 14
    backup_window: str = "02:00-03:00"
    final_snapshot: str | None = "lakehouse-final"
    maintenance_window: str = "sun:04:00-sun:05:00"
    apply_immediately: bool = True
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    performance_insights_days: int | None = 7
    iam_authentication: bool | None = None
    log_exports: Sequence[str] = ("postgresql", "upgrade")
    ca_identifier: str = "rds-ca-rsa2048-g1"
    deletion_protection: bool = True
    read_replica: RdsReadReplica | None = None
    admin_password_rotation: int = 1
    tls: TlsMode = TlsMode.VERIFY_FULL
    ca_certificate: str | None = None


class RdsServer(ServerComponent):
    """An RDS instance that is made here. Its outputs tell where the read replica answers, and which parameters wait for
    a reboot.
    """

    def __init__(self, name: str, args: RdsServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:RdsServer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._in_aws = pulumi.ResourceOptions(
            parent=self, provider=aws_provider(name, args.region, args.profile, args.provider, child)
        )
        # In this order the instance never needs what is not there yet.
        admin = generated_admin(name, args.admin_password_rotation, child)
        secret = admin_secret(name, args.namespace, admin, child)
        self._groups = [security_group(name, args.identifier, args.network, self._in_aws, tags=args.tags).id]
        self._parameters = parameter_group(
            f"{name}-parameters", args.identifier, args.version, args.parameters, self._in_aws, tags=args.tags
        ).name
        instance = self._instance(name, args, admin)
        replica = self._replica(name, args, args.read_replica, instance) if args.read_replica else None
        self.outputs = {**_replica_outputs(replica), **_reboot_outputs(args)}
        self.server = Server(
            host=instance.address,
            port=PORT,
            tls=args.tls,
            namespace=args.namespace,
            admin=secret,
            client_image=args.client_image,
            ca_certificate=args.ca_certificate,
        )
        self.register_outputs({})

    def _instance(self, name: str, args: RdsServerArgs, admin: Admin) -> Instance:
        storage = args.storage
        return Instance(
            f"{name}-instance",
            InstanceArgs(
                # Nothing that another size, class or version changes is part of a name: those are updates.
                identifier=args.identifier,
                engine="postgres",
                engine_version=args.version,
                auto_minor_version_upgrade=args.auto_minor_version_upgrade,
                allow_major_version_upgrade=args.allow_major_version_upgrade,
                instance_class=args.instance_class,
                multi_az=args.multi_az,
                storage_type="gp3",
                allocated_storage=storage.allocated,
                # The provider's word for no autoscaling.
                max_allocated_storage=storage.maximum or 0,
                # What comes with a large volume is said, too: growing to that size, the provider would else ask for
                # the small volume's IOPS, which AWS refuses for a large one.
                iops=storage.iops or (LEAST_IOPS if storage.allocated >= STRIPED_GIB else None),
                storage_throughput=storage.throughput
                or (LEAST_THROUGHPUT if storage.allocated >= STRIPED_GIB else None),
                storage_encrypted=True,
                kms_key_id=storage.kms_key_arn,
                db_subnet_group_name=subnet_group(name, args.identifier, args.network, self._in_aws, tags=args.tags),
                vpc_security_group_ids=self._groups,
                network_type=args.network.type,
                publicly_accessible=False,
                port=PORT,
                username=admin.username,
                password=admin.password,
                parameter_group_name=self._parameters,
                backup_retention_period=args.backup_retention_days,
                backup_window=args.backup_window,
                maintenance_window=args.maintenance_window,
                apply_immediately=args.apply_immediately,
                copy_tags_to_snapshot=True,
                # What is deleted by mistake can be restored for as long as backups are kept.
                delete_automated_backups=False,
                skip_final_snapshot=args.final_snapshot is None,
                final_snapshot_identifier=args.final_snapshot,
                performance_insights_enabled=args.performance_insights_days is not None,
                performance_insights_retention_period=args.performance_insights_days,
                iam_database_authentication_enabled=args.iam_authentication,
                enabled_cloudwatch_logs_exports=list(args.log_exports),
                ca_cert_identifier=args.ca_identifier,
                deletion_protection=args.deletion_protection,
                tags=args.tags or None,
            ),
            pulumi.ResourceOptions.merge(self._in_aws, pulumi.ResourceOptions(protect=args.deletion_protection)),
        )

    def _replica(self, name: str, args: RdsServerArgs, replica: RdsReadReplica, source: Instance) -> Instance:
        # Engine, subnets, key and admin are the source's; said again is what the provider would else take for `false`,
        # and for a reason to replace the replica.
        return Instance(
            f"{name}-replica",
            InstanceArgs(
                identifier=f"{args.identifier}{REPLICA_SUFFIX}",
                replicate_source_db=source.identifier,
                auto_minor_version_upgrade=args.auto_minor_version_upgrade,
                instance_class=replica.instance_class or args.instance_class,
                multi_az=replica.multi_az,
                storage_encrypted=True,
                max_allocated_storage=args.storage.maximum or 0,
                vpc_security_group_ids=self._groups,
                network_type=args.network.type,
                publicly_accessible=False,
                parameter_group_name=self._parameters,
                maintenance_window=args.maintenance_window,
                apply_immediately=args.apply_immediately,
                copy_tags_to_snapshot=True,
                # AWS takes no final snapshot of a replica: all of it is in its source.
                skip_final_snapshot=True,
                performance_insights_enabled=args.performance_insights_days is not None,
                performance_insights_retention_period=args.performance_insights_days,
                iam_database_authentication_enabled=args.iam_authentication,
                enabled_cloudwatch_logs_exports=list(args.log_exports),
                ca_cert_identifier=args.ca_identifier,
                deletion_protection=args.deletion_protection,
                tags=args.tags or None,
            ),
            pulumi.ResourceOptions.merge(self._in_aws, pulumi.ResourceOptions(protect=args.deletion_protection)),
        )


def _replica_outputs(replica: Instance | None) -> dict[str, pulumi.Input[str | int]]:
    return {} if replica is None else {"replicaHost": replica.address, "replicaPort": PORT}


def _reboot_outputs(args: RdsServerArgs) -> dict[str, Any]:
    """Parameters that wait for a reboot, and the commands for one: shown as changed only when one of them changes."""
    waiting = {name: value for name, value in sorted(args.parameters.items()) if needs_reboot(name)}
    if not waiting:
        return {}
    name = args.profile or args.provider.get("profile")
    profile = f" --profile {name}" if isinstance(name, str) else ""
    instances = [args.identifier, *([f"{args.identifier}{REPLICA_SUFFIX}"] if args.read_replica else [])]
    commands = [
        f"aws rds reboot-db-instance --region {args.region}{profile} --db-instance-identifier {identifier}"
        for identifier in instances
    ]
    return {"restartParameters": waiting, "restart": f"after a change of these: {' && '.join(commands)}"}
