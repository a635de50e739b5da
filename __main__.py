"""The Pulumi program: check the stack file, build the platform, tell where everything is."""

import pulumi

from components.platform.component import Platform, PlatformArgs
from components.servers.provider_config import load_provider_config
from stack.load import load

platform = Platform("lakehouse", PlatformArgs(stack=load(), provider_config=load_provider_config()))
for app, outputs in platform.outputs.items():
    pulumi.export(app, outputs.to_dict())
if platform.server_outputs:
    pulumi.export("postgresql", platform.server_outputs)
