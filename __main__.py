"""The Pulumi program: check the stack file, create the platform, export where everything is."""

import gc

import pulumi

from components.platform.component import Platform
from components.servers.provider_config import load_provider_config
from stack.load import load

# The SDK's classes stay to the end. Python would search all of them for garbage again and again, and once more when it
# exits: a fifth of what a preview costs.
gc.freeze()

platform = Platform("lakehouse", load(), provider_config=load_provider_config())
for app, outputs in platform.outputs.items():
    pulumi.export(app, outputs.to_dict())
if platform.connections:
    pulumi.export("connections", platform.connections)
if platform.server_outputs:
    pulumi.export("postgresql", platform.server_outputs)
