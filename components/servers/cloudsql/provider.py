"""The provider of a server's resources in Google Cloud."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_gcp import Provider, ProviderArgs

from components.servers.provider_config import ProviderConfig
from components.servers.provider_settings import provider_settings


def gcp_settings(config: ProviderConfig) -> dict[str, Any]:
    """What a stack file says to pulumi-gcp, as `gcp_provider` takes it.

    Raises:
        pulumi.RunError: a key that pulumi-gcp does not know, or a value of another type.
    """
    return provider_settings("gcp", ProviderArgs, config)


def gcp_provider(
    name: str, project: str, region: str, further: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> Provider:
    """The provider `<name>-gcp`: project and region are the stack file's, not the machine's.

    Args:
        name: prefix of its name.
        project: Google Cloud project.
        region: Google Cloud region.
        further: other arguments of the provider, by name.
        opts: options of the provider.
    """
    arguments: dict[str, Any] = {**further, "project": project, "region": region}
    return Provider(f"{name}-gcp", ProviderArgs(**arguments), opts)
