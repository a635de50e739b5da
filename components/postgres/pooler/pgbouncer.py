"""PgBouncer as the program runs it itself, in front of servers without a pooler of their own."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from components.forms.base import Model
from components.forms.images import image
from components.forms.names import ObjectName
from components.forms.quantity import Cpu, MemorySize
from components.postgres.pooler.pins import PGBOUNCER_IMAGE
from components.postgres.pooler.settings import PoolerSettings
from components.postgres.sizing import ContainerSize

PgBouncerImage = Annotated[
    str, image(r"[0-9]+\.[0-9]+\.[0-9]+", f"an image of PgBouncer by exact tag, such as {PGBOUNCER_IMAGE}")
]
"""An image of PgBouncer."""


class PoolerCertificate(Model):
    """The certificate that PgBouncer shows to apps."""

    secret_name: ObjectName
    """Existing Secret in each app's namespace with `tls.crt`, `tls.key` and `ca.crt`, as cert-manager writes it. The
    certificate is for the name of PgBouncer's Service, `<server>-pooler.<namespace>.svc.cluster.local`, where the
    server's name is that of the app's embedded one."""


class PgBouncerSettings(PoolerSettings, ContainerSize):
    """PgBouncer between each app and its server, in the app's namespace."""

    mode_by_database: ClassVar[bool] = True

    memory: MemorySize = "256Mi"
    cpu: Cpu = "100m"
    cpu_limit: Cpu = "1"
    """CPU limit of each pod; its one process uses no more than one."""
    image: PgBouncerImage = PGBOUNCER_IMAGE
    """Image with PgBouncer 1.25 or later and `psql`, by exact tag."""
    anti_affinity: Literal["required", "preferred"] = "preferred"
    """`required`: two pods never share a node; `preferred`: where possible."""
    stop_timeout_seconds: Annotated[int, Field(ge=30, le=3600)] = 60
    """How long a pod that is to stop may wait for running transactions. A rollout waits half of it for each pod."""


class CertifiedPgBouncerSettings(PgBouncerSettings):
    """PgBouncer in front of a server that apps reach over TLS."""

    certificate: PoolerCertificate | None = None
    """The certificate that it shows to apps; needed unless the apps' connections are in clear."""
