"""What must be known of a Cloud SQL instance to make it, and its settings as the API takes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi_gcp.sql import (
    DatabaseInstanceSettingsArgs,
    DatabaseInstanceSettingsBackupConfigurationArgs,
    DatabaseInstanceSettingsBackupConfigurationBackupRetentionSettingsArgs,
    DatabaseInstanceSettingsDatabaseFlagArgs,
    DatabaseInstanceSettingsFinalBackupConfigArgs,
    DatabaseInstanceSettingsInsightsConfigArgs,
    DatabaseInstanceSettingsIpConfigurationArgs,
    DatabaseInstanceSettingsLocationPreferenceArgs,
    DatabaseInstanceSettingsMaintenanceWindowArgs,
)


@dataclass(frozen=True)
class CloudSqlDisk:
    """A data disk.

    Attributes:
        type: kind of disk, in the API's words.
        size: GB; with `autoresize`, at first.
        autoresize: whether it grows by itself.
        autoresize_limit: GB up to which; 0 for no limit.
        kms_key: key that it is encrypted with, Google's own if None.
    """

    type: str = "PD_SSD"
    size: int = 100
    autoresize: bool = True
    autoresize_limit: int = 500
    kms_key: str | None = None


@dataclass(frozen=True)
class CloudSqlBackup:
    """Automated backups.

    Attributes:
        enabled: whether they are taken.
        start_time: when, `HH:MM` UTC.
        retained: how many are kept.
        log_retention_days: days back to which any point in time can be restored; None for no such recovery.
        location: region or multi-region that they are in, the nearest one if None.
        final_retention_days: days that a last one is kept after a deletion; 0 for none.
    """

    enabled: bool = True
    start_time: str = "02:00"
    retained: int = 14
    log_retention_days: int | None = 7
    location: str | None = None
    final_retention_days: int = 30


@dataclass(frozen=True)
class CloudSqlInsights:
    """What is recorded of queries; see `components.servers.cloudsql.instance.CloudSqlInsights`."""

    query_string_length: int = 1024
    query_plans_per_minute: int = 5
    record_application_tags: bool = True
    record_client_address: bool = False


@dataclass(frozen=True)
class CloudSqlMaintenance:
    """The hour in which the server may be restarted: day of the week (Monday is 1) and hour, UTC."""

    day: int = 7
    hour: int = 4
    update_track: str = "stable"


@dataclass(frozen=True)
class CloudSqlInstanceArgs:
    """An instance.

    Attributes:
        network: its VPC network, by its whole name.
        name: its name in the project.
        version: PostgreSQL's major version.
        edition: Cloud SQL's edition.
        tier: machine type.
        availability: `REGIONAL` or `ZONAL`.
        zone: its zone, Google's choice if None.
        secondary_zone: its standby's zone.
        allocated_range: range that its address is from.
        disk: the data disk.
        backup: backups.
        insights: what is recorded of queries; None for nothing.
        maintenance: when it may be restarted.
        flags: PostgreSQL settings.
        deletion_protection: whether it is protected from deletion, by Google Cloud and by Pulumi.
        admin_password_rotation: raise it for a new admin password.
    """

    network: str
    name: str = "lakehouse"
    version: int = 17
    edition: str = "ENTERPRISE"
    tier: str = "db-custom-2-7680"
    availability: str = "REGIONAL"
    zone: str | None = None
    secondary_zone: str | None = None
    allocated_range: str | None = None
    disk: CloudSqlDisk = field(default_factory=CloudSqlDisk)
    backup: CloudSqlBackup = field(default_factory=CloudSqlBackup)
    insights: CloudSqlInsights | None = field(default_factory=CloudSqlInsights)
    maintenance: CloudSqlMaintenance = field(default_factory=CloudSqlMaintenance)
    flags: Mapping[str, str] = field(default_factory=dict[str, str])
    deletion_protection: bool = True
    admin_password_rotation: int = 1


def instance_settings(
    args: CloudSqlInstanceArgs, *, connectors_only: bool, labels: Mapping[str, str]
) -> DatabaseInstanceSettingsArgs:
    """The `settings` of an instance; `connectors_only` refuses connections that come past the Auth Proxy."""
    return DatabaseInstanceSettingsArgs(
        tier=args.tier,
        edition=args.edition,
        availability_type=args.availability,
        activation_policy="ALWAYS",
        user_labels=labels or None,
        connector_enforcement="REQUIRED" if connectors_only else "NOT_REQUIRED",
        location_preference=DatabaseInstanceSettingsLocationPreferenceArgs(
            zone=args.zone, secondary_zone=args.secondary_zone
        )
        if args.zone
        else None,
        ip_configuration=DatabaseInstanceSettingsIpConfigurationArgs(
            ipv4_enabled=False,
            private_network=args.network,
            allocated_ip_range=args.allocated_range,
            ssl_mode="ENCRYPTED_ONLY",
            # An instance's own authority (the default) signs a certificate without a name that a client could check;
            # one of the shared authority carries the instance's DNS name. Whatever `tls` says: it is cheap, and so no
            # change of `tls` touches the instance.
            server_ca_mode="GOOGLE_MANAGED_CAS_CA",
            # Certificates of the shared authority end after a year.
            server_certificate_rotation_mode="AUTOMATIC_ROTATION_DURING_MAINTENANCE",
        ),
        disk_type=args.disk.type,
        disk_size=args.disk.size,
        disk_autoresize=args.disk.autoresize,
        disk_autoresize_limit=args.disk.autoresize_limit if args.disk.autoresize else 0,
        backup_configuration=_backup(args.backup),
        final_backup_config=DatabaseInstanceSettingsFinalBackupConfigArgs(
            enabled=args.backup.final_retention_days > 0, retention_days=args.backup.final_retention_days or None
        ),
        # What is deleted by mistake can be restored for as long as backups are kept.
        retain_backups_on_delete=True,
        insights_config=_insights(args.insights),
        maintenance_window=DatabaseInstanceSettingsMaintenanceWindowArgs(
            day=args.maintenance.day, hour=args.maintenance.hour, update_track=args.maintenance.update_track
        ),
        database_flags=[
            DatabaseInstanceSettingsDatabaseFlagArgs(name=name, value=value)
            for name, value in sorted(args.flags.items())
        ],
        deletion_protection_enabled=args.deletion_protection,
    )


def _backup(backup: CloudSqlBackup) -> DatabaseInstanceSettingsBackupConfigurationArgs:
    if not backup.enabled:
        return DatabaseInstanceSettingsBackupConfigurationArgs(enabled=False, point_in_time_recovery_enabled=False)
    return DatabaseInstanceSettingsBackupConfigurationArgs(
        enabled=True,
        start_time=backup.start_time,
        location=backup.location,
        point_in_time_recovery_enabled=backup.log_retention_days is not None,
        transaction_log_retention_days=backup.log_retention_days,
        backup_retention_settings=DatabaseInstanceSettingsBackupConfigurationBackupRetentionSettingsArgs(
            retained_backups=backup.retained, retention_unit="COUNT"
        ),
    )


def _insights(insights: CloudSqlInsights | None) -> DatabaseInstanceSettingsInsightsConfigArgs:
    if insights is None:
        return DatabaseInstanceSettingsInsightsConfigArgs(query_insights_enabled=False)
    return DatabaseInstanceSettingsInsightsConfigArgs(
        query_insights_enabled=True,
        query_string_length=insights.query_string_length,
        query_plans_per_minute=insights.query_plans_per_minute,
        record_application_tags=insights.record_application_tags,
        record_client_address=insights.record_client_address,
    )
