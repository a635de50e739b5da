"""Where a server stands, and what the program around it gives it."""

from dataclasses import dataclass, field

import pulumi

from components.forms.images import POSTGRES_IMAGE
from components.kubernetes.pods import Pods
from components.postgres.pooler.budget import PGBOUNCERS_POOL_SIZE
from components.servers.provider_config import ProviderConfig


@dataclass(frozen=True)
class Placement:
    """What a server's component needs beside the server's settings.

    Attributes:
        namespace: namespace of the admin's Secret, of the Jobs that use it and, where it runs in the cluster, of the
            server.
        client_image: image with `psql`, for Jobs that connect to the server.
        start_timeout_seconds: how long Pulumi waits for the server, or for each of its instances.
        retain_data: whether volumes outlive the stack.
        pods: what holds for every pod.
        admin_password: password of an existing server's admin, where no Secret has it.
        pool_size: server connections that each pod of its pooler opens to one database.
        provider_config: configuration of Pulumi's packages, such as `aws:defaultTags`.
    """

    namespace: str
    client_image: str = POSTGRES_IMAGE
    start_timeout_seconds: int = 300
    retain_data: bool = True
    pods: Pods = field(default_factory=Pods)
    admin_password: pulumi.Input[str] | None = None
    pool_size: int = PGBOUNCERS_POOL_SIZE
    provider_config: ProviderConfig = field(default_factory=ProviderConfig)
