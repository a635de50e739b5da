"""The Pulumi program: check the stack file, build the platform, tell where everything is."""

import pulumi

from components.platform import Platform, PlatformArgs
from settings.load import load
from settings.provider_config import load_provider_config

platform = Platform("lakehouse", PlatformArgs(stack=load(), provider_config=load_provider_config()))
for app, outputs in platform.outputs.items():
    pulumi.export(app, outputs.to_dict())
if platform.server_outputs:
    pulumi.export("postgresql", platform.server_outputs)
