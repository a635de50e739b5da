"""One role's databases on their way from a server to another: the Job that stops writers, copies and compares."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.kubernetes.secrets import secret
from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.move_job import Side, move_job_spec
from components.postgres.scripts import names, read
from components.postgres.server import AdminSecret, Server

HOURS = 24
"""How long a copy may take before it counts as hung: at a modest 20 MB/s, 1.7 TB."""


@dataclass(frozen=True)
class MoveArgs:
    """What a move needs to know.

    Attributes:
        source: the server that the databases are on.
        target: the server that they go to; its role and databases are bootstrapped, as arriving ones.
        namespace: namespace of the Job: that of one side's admin Secret, or of both.
        admin_password: password of the admin `postgres` of the other side, whose Secret a pod there cannot read.
        username: the role.
        databases: its databases.
        name: name of what is made there, ConfigMap and Secret, and first part of the Job's; value of the label
            `app.kubernetes.io/instance` on the Job's pods.
        wait_seconds: how long to wait for a server that does not answer.
    """

    source: Server
    target: Server
    namespace: str
    username: str
    databases: Sequence[str]
    name: str
    admin_password: pulumi.Input[str] | None = None
    wait_seconds: int = 300


class Move(pulumi.ComponentResource):
    """A finished move. Whoever depends on it finds the data on the target, and no writer on the source."""

    def __init__(self, name: str, args: MoveArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:Move", name, None, opts)
        labels = {"app.kubernetes.io/name": "postgresql-move", "app.kubernetes.io/instance": args.name}
        metadata: ObjectMetaArgsDict = {"name": args.name, "namespace": args.namespace, "labels": labels}
        # As for a bootstrap's files: what is to be deleted must not be what the next move has made of the same name.
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        needed: list[pulumi.Resource] = []
        if args.admin_password is not None:
            # A pod reads Secrets of its own namespace alone.
            admin = {"username": "postgres", "password": args.admin_password}
            needed.append(secret(f"{name}-admin", metadata, admin, child))
        files = k8s.core.v1.ConfigMap(
            f"{name}-scripts",
            metadata=metadata,
            data={**read(*move_scripts()), **_authority("source", args.source), **_authority("target", args.target)},
            opts=child,
        )
        # Never the name of a Job that an interrupted `pulumi up` left behind and that was turned back since: that would
        # be taken over as finished, and the app switched to data that are old.
        number = random.RandomId(
            f"{name}-number", byte_length=2, keepers={"name": args.name}, opts=pulumi.ResourceOptions(parent=self)
        )
        k8s.batch.v1.Job(
            name,
            metadata={
                **metadata,
                "name": pulumi.Output.concat(args.name, "-", number.hex),
                "annotations": {"pulumi.com/replaceUnready": "true"},
            },
            spec=move_job_spec(
                source=side("source", args.source, args),
                target=side("target", args.target, args),
                image=args.target.client_image,
                username=args.username,
                databases=args.databases,
                files_name=args.name,
                labels=labels,
                wait_seconds=args.wait_seconds,
                deadline_seconds=HOURS * 3600,
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*needed, files],
                delete_before_replace=True,
                custom_timeouts=pulumi.CustomTimeouts(create=f"{HOURS}h"),
            ),
        )
        self.register_outputs({})


def move_scripts() -> list[str]:
    """Names of the scripts that the Job runs."""
    return ["stamps.sql", "waiting.sh", *(name for name in names() if name.startswith("move"))]


def _authority(word: str, server: Server) -> dict[str, pulumi.Input[str]]:
    return {} if server.ca_certificate is None else {f"{word}-{CA_CERTIFICATE}": server.ca_certificate}


def side(word: str, server: Server, args: MoveArgs) -> Side:
    """One of the two servers, with the Secret that a pod in the move's namespace reads."""
    if server.admin is None:
        raise ValueError("a move from or to a server without an admin is refused before")
    admin = server.admin if server.namespace == args.namespace else AdminSecret(args.name)
    return Side(word, server, admin)
