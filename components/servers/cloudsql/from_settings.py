"""From a stack's settings of a Cloud SQL server to its component. Imported where a stack has one: needs pulumi-gcp."""

from typing import get_args

import pulumi

from components.apps.from_settings import given_admin
from components.postgres.endpoint import TlsMode
from components.postgres.server import ServerComponent
from components.servers.cloud import as_text
from components.servers.cloudsql import settings as cloudsql
from components.servers.cloudsql.access import Access, Direct, Place, Proxied
from components.servers.cloudsql.component import CloudSqlServer, CloudSqlServerArgs
from components.servers.cloudsql.existing import ExistingCloudSqlServer, ExistingCloudSqlServerArgs
from components.servers.cloudsql.instance import CloudSqlInstance, Day
from components.servers.cloudsql.instance_settings import (
    CloudSqlBackup,
    CloudSqlDisk,
    CloudSqlInsights,
    CloudSqlInstanceArgs,
    CloudSqlMaintenance,
)
from components.servers.cloudsql.provider import gcp_settings
from components.servers.provider_config import ProviderConfig
from components.servers.standalone import StandalonePostgreSQL


def cloudsql_server(
    name: str,
    settings: StandalonePostgreSQL,
    server: cloudsql.CloudSqlServer,
    admin_password: str | None,
    opts: pulumi.ResourceOptions,
    *,
    provider_config: ProviderConfig,
) -> ServerComponent:
    """Make the instance, or take the one that is there.

    Args:
        name: name of the component.
        settings: what the stack file says of the standalone server.
        server: the part of it that is Cloud SQL's.
        admin_password: password of an existing instance's admin, where the stack file holds it.
        opts: options of the component.
        provider_config: what the stack file says to Pulumi's packages beside it.
    """
    provider = gcp_settings(provider_config)
    place = Place(server.project, server.region, settings.namespace, settings.image, provider, server.tags)
    if server.existing is not None:
        admin = server.existing.admin
        args = ExistingCloudSqlServerArgs(
            place=place,
            instance=server.existing.name,
            admin=given_admin(admin, admin_password),
            access=_access(server),
            admin_database=admin.database,
        )
        return ExistingCloudSqlServer(name, args, opts)
    if server.instance is None:
        raise ValueError("settings without an instance are refused before")
    return CloudSqlServer(name, CloudSqlServerArgs(place, _made(server.instance), _access(server)), opts)


def _access(server: cloudsql.CloudSqlServer) -> Access:
    proxy = server.auth_proxy
    if proxy is not None:
        return Proxied(proxy.service_account, proxy.image, proxy.replicas, proxy.required)
    return Direct(TlsMode(server.tls), server.private_dns, server.private_dns_project, server.ca_certificates)


def _made(it: CloudSqlInstance) -> CloudSqlInstanceArgs:
    recovery = it.backup.enabled and it.backup.point_in_time_recovery
    return CloudSqlInstanceArgs(
        network=it.network.network,
        name=it.name,
        version=it.version,
        edition=it.edition,
        tier=it.tier,
        availability=it.availability,
        zone=it.zone,
        secondary_zone=it.secondary_zone,
        allocated_range=it.network.allocated_range,
        disk=CloudSqlDisk(it.disk.type, it.disk.size, it.disk.autoresize, it.disk.autoresize_limit, it.disk.kms_key),
        backup=CloudSqlBackup(
            enabled=it.backup.enabled,
            start_time=it.backup.start_time,
            retained=it.backup.retained,
            log_retention_days=it.backup.log_retention_days if recovery else None,
            location=it.backup.location,
            final_retention_days=it.backup.final_retention_days,
        ),
        insights=CloudSqlInsights(
            it.insights.query_string_length,
            it.insights.query_plans_per_minute,
            it.insights.record_application_tags,
            it.insights.record_client_address,
        )
        if it.insights.enabled
        else None,
        maintenance=CloudSqlMaintenance(
            # Monday is 1.
            get_args(Day).index(it.maintenance.day) + 1,
            it.maintenance.hour,
            it.maintenance.update_track,
        ),
        flags=as_text(it.flags, true="on", false="off"),
        deletion_protection=it.deletion_protection,
        admin_password_rotation=it.admin_password_rotation,
    )
