"""The provider of a server's resources in AWS."""

from typing import Any

import pulumi
from pulumi_aws import Provider, ProviderArgs

from components.servers.provider_arguments import provider_arguments
from components.servers.provider_config import ProviderConfig
from components.servers.rds.settings import RdsSettings


def aws_provider(name: str, settings: RdsSettings, config: ProviderConfig, opts: pulumi.ResourceOptions) -> Provider:
    """The provider `<name>-aws`, with the server's region and profile on top of the configuration of pulumi-aws.

    Args:
        name: prefix of its name.
        settings: the server. Without a profile, that of `config` counts, or the environment's.
        config: configuration of all packages.
        opts: options of the provider.

    Raises:
        pulumi.RunError: pulumi-aws does not know a key of its configuration, or takes a value of another type.
    """
    own = (
        {"region": settings.region}
        if settings.profile is None
        else {"region": settings.region, "profile": settings.profile}
    )
    arguments: dict[str, Any] = {**provider_arguments("aws", ProviderArgs, config), **own}
    return Provider(f"{name}-aws", ProviderArgs(**arguments), opts)
