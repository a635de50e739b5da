"""The provider of a server's resources in Google Cloud."""

from typing import Any

import pulumi
from pulumi_gcp import Provider, ProviderArgs

from components.servers.cloudsql.settings import CloudSqlSettings
from components.servers.provider_arguments import provider_arguments
from components.servers.provider_config import ProviderConfig


def gcp_provider(
    name: str, settings: CloudSqlSettings, config: ProviderConfig, opts: pulumi.ResourceOptions
) -> Provider:
    """The provider `<name>-gcp`, with the server's project and region on top of the configuration of pulumi-gcp.

    Args:
        name: prefix of its name.
        settings: the server.
        config: configuration of all packages.
        opts: options of the provider.

    Raises:
        pulumi.RunError: pulumi-gcp does not know a key of its configuration, or takes a value of another type.
    """
    arguments: dict[str, Any] = {
        **provider_arguments("gcp", ProviderArgs, config),
        "project": settings.project,
        "region": settings.region,
    }
    return Provider(f"{name}-gcp", ProviderArgs(**arguments), opts)
