"""The `settings` of a Cloud SQL instance as the API takes them."""

from collections.abc import Mapping
from typing import get_args

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

from components.servers.cloudsql.instance import CloudSqlBackups, CloudSqlInsights, CloudSqlInstance, Day
from components.servers.cloudsql.settings import CloudSqlSettings


def instance_settings(
    settings: CloudSqlSettings, instance: CloudSqlInstance, flags: Mapping[str, str]
) -> DatabaseInstanceSettingsArgs:
    """The `settings` of the instance; `flags` are its parameters as text."""
    proxy, disk, backups, maintenance = settings.auth_proxy, instance.disk, instance.backups, instance.maintenance
    return DatabaseInstanceSettingsArgs(
        tier=instance.tier,
        edition=instance.edition,
        availability_type=instance.availability,
        activation_policy="ALWAYS",
        user_labels=settings.tags or None,
        connector_enforcement="REQUIRED" if proxy is not None and proxy.required else "NOT_REQUIRED",
        location_preference=DatabaseInstanceSettingsLocationPreferenceArgs(
            zone=instance.zone, secondary_zone=instance.secondary_zone
        )
        if instance.zone
        else None,
        ip_configuration=DatabaseInstanceSettingsIpConfigurationArgs(
            ipv4_enabled=False,
            private_network=instance.network.network,
            allocated_ip_range=instance.network.allocated_range,
            ssl_mode="ENCRYPTED_ONLY",
            # An instance's own CA (the default) signs a certificate without a name that a client could check; one of
            # the shared CA carries the instance's DNS name. Whatever `tls` says: so no change of `tls` touches the
            # instance.
            server_ca_mode="GOOGLE_MANAGED_CAS_CA",
            # Certificates of the shared CA end after a year.
            server_certificate_rotation_mode="AUTOMATIC_ROTATION_DURING_MAINTENANCE",
        ),
        disk_type=disk.type,
        disk_size=disk.size,
        disk_autoresize=disk.autoresize,
        disk_autoresize_limit=disk.autoresize_limit if disk.autoresize else 0,
        backup_configuration=_backup_configuration(backups),
        final_backup_config=DatabaseInstanceSettingsFinalBackupConfigArgs(
            enabled=backups.final_retention_days > 0, retention_days=backups.final_retention_days or None
        ),
        # What is deleted by mistake can be restored for as long as backups are kept.
        retain_backups_on_delete=True,
        insights_config=_insights_config(instance.insights),
        maintenance_window=DatabaseInstanceSettingsMaintenanceWindowArgs(
            # Monday is 1.
            day=get_args(Day).index(maintenance.day) + 1,
            hour=maintenance.hour,
            update_track=maintenance.update_track,
        ),
        database_flags=[
            DatabaseInstanceSettingsDatabaseFlagArgs(name=name, value=value) for name, value in flags.items()
        ],
        deletion_protection_enabled=instance.deletion_protection,
    )


def _backup_configuration(backups: CloudSqlBackups) -> DatabaseInstanceSettingsBackupConfigurationArgs:
    if not backups.enabled:
        return DatabaseInstanceSettingsBackupConfigurationArgs(enabled=False, point_in_time_recovery_enabled=False)
    return DatabaseInstanceSettingsBackupConfigurationArgs(
        enabled=True,
        start_time=backups.start_time,
        location=backups.location,
        point_in_time_recovery_enabled=backups.point_in_time_recovery,
        transaction_log_retention_days=backups.log_retention_days if backups.point_in_time_recovery else None,
        backup_retention_settings=DatabaseInstanceSettingsBackupConfigurationBackupRetentionSettingsArgs(
            retained_backups=backups.retained, retention_unit="COUNT"
        ),
    )


def _insights_config(insights: CloudSqlInsights) -> DatabaseInstanceSettingsInsightsConfigArgs:
    if not insights.enabled:
        return DatabaseInstanceSettingsInsightsConfigArgs(query_insights_enabled=False)
    return DatabaseInstanceSettingsInsightsConfigArgs(
        query_insights_enabled=True,
        query_string_length=insights.query_string_length,
        query_plans_per_minute=insights.query_plans_per_minute,
        record_application_tags=insights.record_application_tags,
        record_client_address=insights.record_client_address,
    )
