"""The Job that tells how long an app stood still for a move: the last thing that a move does."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.move import MoveArgs, side
from components.postgres.move_job import downtime_job_spec
from components.postgres.scripts import read


@dataclass(frozen=True)
class DowntimeArgs:
    """What must be known to tell it.

    Attributes:
        move: the move.
        name: name of what is made beside the move.
        app: what people call the app.
    """

    move: MoveArgs
    name: str
    app: str


class Downtime(pulumi.ComponentResource):
    """Give it `depends_on` the move and the app: it counts until it starts."""

    def __init__(self, name: str, args: DowntimeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:Downtime", name, None, opts)
        move = args.move
        labels = {"app.kubernetes.io/name": "postgresql-downtime", "app.kubernetes.io/instance": args.name}
        metadata: ObjectMetaArgsDict = {"name": args.name, "namespace": move.namespace, "labels": labels}
        authority = move.target.ca_certificate
        files = k8s.core.v1.ConfigMap(
            f"{name}-scripts",
            metadata=metadata,
            data={
                **read("downtime.sh", "downtime.sql", "stamps.sql"),
                **({f"target-{CA_CERTIFICATE}": authority} if authority is not None else {}),
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        k8s.batch.v1.Job(
            name,
            metadata={**metadata, "annotations": {"pulumi.com/replaceUnready": "true"}},
            spec=downtime_job_spec(
                server=side("target", move.target, move),
                image=move.target.client_image,
                app=args.app,
                databases=move.databases,
                files_name=args.name,
                labels=labels,
                wait_seconds=move.wait_seconds,
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[files], delete_before_replace=True),
        )
        self.register_outputs({})
