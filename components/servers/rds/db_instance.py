"""The DB instance of an RDS server, and its read replica."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_aws.rds import Instance, InstanceRestoreToPointInTimeArgs

from components.forms.moment import rfc3339
from components.postgres.admin import Admin
from components.postgres.credentials import PORT
from components.servers.rds.instance import (
    LEAST_IOPS,
    LEAST_THROUGHPUT,
    REPLICA_SUFFIX,
    STRIPED_GIB,
    RdsInstance,
    RdsReadReplica,
)
from components.servers.rds.restore import RdsRestore
from components.servers.restoring import read_once

_ORIGIN = ["snapshotIdentifier", "restoreToPointInTime"]


def shared_arguments(
    instance: RdsInstance,
    *,
    security_group: pulumi.Input[str],
    parameter_group: pulumi.Input[str],
    tags: Mapping[str, str],
) -> dict[str, Any]:
    """Arguments that are the same for the instance and its replica, by name."""
    return {
        "auto_minor_version_upgrade": instance.auto_minor_version_upgrade,
        "storage_encrypted": True,
        # The provider's word for no autoscaling is 0.
        "max_allocated_storage": instance.storage.maximum or 0,
        "vpc_security_group_ids": [security_group],
        "network_type": instance.network.network_type,
        "publicly_accessible": False,
        "parameter_group_name": parameter_group,
        "maintenance_window": instance.maintenance_window,
        "apply_immediately": instance.apply_immediately,
        "copy_tags_to_snapshot": True,
        "performance_insights_enabled": instance.performance_insights.enabled,
        "performance_insights_retention_period": instance.insights_days,
        "iam_database_authentication_enabled": instance.iam_authentication,
        "enabled_cloudwatch_logs_exports": instance.log_exports,
        "ca_cert_identifier": instance.ca_identifier,
        "deletion_protection": instance.deletion_protection,
        "tags": tags or None,
    }


def db_instance(
    name: str,
    instance: RdsInstance,
    admin: Admin,
    shared: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    *,
    subnet_group: pulumi.Input[str],
) -> Instance:
    """The DB instance `<name>-instance`.

    Args:
        name: prefix of the resource's name.
        instance: its settings.
        admin: its admin.
        shared: what `shared_arguments` returns.
        opts: options of the resource.
        subnet_group: name of its subnet group.
    """
    storage, striped = instance.storage, instance.storage.allocated >= STRIPED_GIB
    options = read_once(restored=instance.restore_from is not None, properties=_ORIGIN)
    return Instance(
        f"{name}-instance",
        # Nothing that another size, class or version changes is part of a name: those are updates.
        identifier=instance.identifier,
        engine="postgres",
        engine_version=instance.version,
        allow_major_version_upgrade=instance.allow_major_version_upgrade,
        instance_class=instance.instance_class,
        multi_az=instance.multi_az,
        storage_type="gp3",
        allocated_storage=storage.allocated,
        # What a large volume includes is given, too: for growing to that size, the provider would otherwise request
        # the small volume's IOPS, which AWS refuses for a large one.
        iops=storage.iops or (LEAST_IOPS if striped else None),
        storage_throughput=storage.throughput or (LEAST_THROUGHPUT if striped else None),
        kms_key_id=storage.kms_key_arn,
        db_subnet_group_name=subnet_group,
        port=PORT,
        username=admin.username,
        password=admin.password,
        backup_retention_period=instance.backups.retention_days,
        backup_window=instance.backups.window,
        # What is deleted by mistake can be restored for as long as backups are kept.
        delete_automated_backups=False,
        skip_final_snapshot=instance.final_snapshot is None,
        final_snapshot_identifier=instance.final_snapshot,
        # Of a restored instance, the provider sets everything else once it is there, the admin's password included.
        **_origin(instance.restore_from),
        **shared,
        opts=pulumi.ResourceOptions.merge(
            pulumi.ResourceOptions.merge(opts, options),
            pulumi.ResourceOptions(protect=instance.deletion_protection),
        ),
    )


def _origin(restore: RdsRestore | None) -> dict[str, Any]:
    """Arguments that say what a new instance is restored from."""
    if restore is None:
        return {}
    if restore.snapshot is not None:
        return {"snapshot_identifier": restore.snapshot}
    return {
        "restore_to_point_in_time": InstanceRestoreToPointInTimeArgs(
            source_db_instance_identifier=restore.instance,
            source_db_instance_automated_backups_arn=restore.automated_backups,
            restore_time=None if restore.at is None else rfc3339(restore.at),
            use_latest_restorable_time=True if restore.at is None else None,
        )
    }


def read_replica(
    name: str,
    instance: RdsInstance,
    replica: RdsReadReplica,
    shared: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    *,
    source: Instance,
) -> Instance:
    """The DB instance `<name>-replica`, which replicates `source`; other arguments as for `db_instance`."""
    # Engine, subnets, key and admin are the source's. What the provider would otherwise take for `false`, and for a
    # reason to replace the replica, is among the shared arguments.
    return Instance(
        f"{name}-replica",
        identifier=f"{instance.identifier}{REPLICA_SUFFIX}",
        replicate_source_db=source.identifier,
        instance_class=replica.instance_class or instance.instance_class,
        multi_az=replica.multi_az,
        # AWS takes no final snapshot of a replica: all of it is in its source.
        skip_final_snapshot=True,
        **shared,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=instance.deletion_protection)),
    )
