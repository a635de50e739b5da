"""The provider of a server's resources in AWS."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_aws import Provider, ProviderArgs

from components.servers.provider_config import ProviderConfig
from components.servers.provider_settings import provider_settings


def aws_settings(config: ProviderConfig) -> dict[str, Any]:
    """What a stack file says to pulumi-aws, as `aws_provider` takes it.

    Raises:
        pulumi.RunError: a key that pulumi-aws does not know, or a value of another type.
    """
    return provider_settings("aws", ProviderArgs, config)


def aws_provider(
    name: str, region: str, profile: str | None, further: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> Provider:
    """The provider `<name>-aws`: region and profile are the stack file's, not the machine's.

    Args:
        name: prefix of its name.
        region: AWS region.
        profile: profile of the AWS configuration; that of `further`, or the machine's, if None.
        further: other arguments of the provider, by name.
        opts: options of the provider.
    """
    own = {"region": region} if profile is None else {"region": region, "profile": profile}
    arguments: dict[str, Any] = {**further, **own}
    return Provider(f"{name}-aws", ProviderArgs(**arguments), opts)
