"""From a stack's settings of an RDS server to its component. Imported where a stack has one: it needs pulumi-aws."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.apps.from_settings import given_admin
from components.postgres.endpoint import TlsMode
from components.postgres.server import ServerComponent
from components.servers.cloud import as_text
from components.servers.provider_config import ProviderConfig
from components.servers.rds import settings as rds
from components.servers.rds.certificates import rds_authorities
from components.servers.rds.component import RdsReadReplica, RdsServer, RdsServerArgs, RdsStorage
from components.servers.rds.existing import ExistingRdsServer, ExistingRdsServerArgs
from components.servers.rds.instance import RdsInstance
from components.servers.rds.network import RdsNetwork
from components.servers.rds.provider import aws_settings
from components.servers.standalone import StandalonePostgreSQL


def rds_server(
    name: str,
    settings: StandalonePostgreSQL,
    server: rds.RdsServer,
    admin_password: str | None,
    opts: pulumi.ResourceOptions,
    *,
    provider_config: ProviderConfig,
) -> ServerComponent:
    """Make the instance, or take the one that is there.

    Args:
        name: name of the component.
        settings: what the stack file says of the standalone server.
        server: the part of it that is RDS's.
        admin_password: password of an existing instance's admin, where the stack file holds it.
        opts: options of the component.
        provider_config: what the stack file says to Pulumi's packages beside it.
    """
    provider = aws_settings(provider_config)
    if server.existing is not None:
        args = ExistingRdsServerArgs(
            identifier=server.existing.identifier,
            namespace=settings.namespace,
            admin=given_admin(server.existing.admin, admin_password),
            client_image=settings.image,
            region=server.region,
            profile=server.profile,
            provider=provider,
            port=server.existing.port,
            admin_database=server.existing.admin.database,
            tls=TlsMode(server.tls),
            ca_certificate=_authorities(server),
        )
        return ExistingRdsServer(name, args, opts)
    if server.instance is None:
        raise ValueError("settings without an instance are refused before")
    return RdsServer(name, _made(settings, server, server.instance, provider), opts)


def _made(
    settings: StandalonePostgreSQL, server: rds.RdsServer, it: RdsInstance, provider: Mapping[str, Any]
) -> RdsServerArgs:
    final_snapshot = it.backup.final_snapshot_identifier or f"{it.identifier}-final"
    return RdsServerArgs(
        namespace=settings.namespace,
        client_image=settings.image,
        region=server.region,
        network=RdsNetwork(
            vpc_id=it.network.vpc_id,
            subnets=it.network.subnet_group or it.network.subnet_ids or [],
            allowed_security_groups=it.network.allowed_security_groups,
            allowed_cidrs=it.network.allowed_cidrs,
            type=it.network.network_type,
        ),
        profile=server.profile,
        provider=provider,
        tags=server.tags,
        identifier=it.identifier,
        version=it.version,
        auto_minor_version_upgrade=it.auto_minor_version_upgrade,
        allow_major_version_upgrade=it.allow_major_version_upgrade,
        instance_class=it.instance_class,
        multi_az=it.multi_az,
        storage=RdsStorage(
            allocated=it.storage.allocated,
            maximum=it.storage.maximum,
            iops=it.storage.iops,
            throughput=it.storage.throughput,
            kms_key_arn=it.storage.kms_key_arn,
        ),
        backup_retention_days=it.backup.retention_days,
        backup_window=it.backup.window,
        final_snapshot=final_snapshot if it.backup.final_snapshot else None,
        maintenance_window=it.maintenance_window,
        apply_immediately=it.apply_immediately,
        # AllowedValues of a boolean in a parameter group.
        parameters=as_text(it.parameters, true="1", false="0"),
        performance_insights_days=it.performance_insights.retention_days if it.performance_insights.enabled else None,
        iam_authentication=it.iam_authentication,
        log_exports=it.log_exports,
        ca_identifier=it.ca_identifier,
        deletion_protection=it.deletion_protection,
        read_replica=RdsReadReplica(it.read_replica.instance_class, it.read_replica.multi_az)
        if it.read_replica
        else None,
        admin_password_rotation=it.admin_password_rotation,
        tls=TlsMode(server.tls),
        ca_certificate=_authorities(server),
    )


def _authorities(server: rds.RdsServer) -> str | None:
    if server.tls != "verify-full":
        return None
    return server.ca_certificates or rds_authorities(server.region)
