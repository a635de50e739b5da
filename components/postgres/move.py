"""Moves of one role's databases between servers: the Job that copies them, and the one that reports the downtime."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.kubernetes.secrets import secret
from components.postgres.awaited_job import awaited_job
from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.move_job import Side, downtime_job_spec, move_job_spec
from components.postgres.scripts import names, read
from components.postgres.server import AdminSecret, ServerConnection

HOURS = 24
"""Deadline of a move: at 20 MB/s, 1.7 TB are copied within it."""


@dataclass(frozen=True)
class MoveArgs:
    """Arguments of a move.

    Attributes:
        source: the server that the databases are moved from.
        target: the server that they are moved to, bootstrapped with `arriving`.
        namespace: namespace of the Job: that of the admin's Secret of at least one of the servers.
        username: the role.
        databases: its databases.
        name: name of the ConfigMap and the Secret, and first part of the Job's name; value of the label
            `app.kubernetes.io/instance` on the Job's pods.
        downtime_name: name of the Job that reports the downtime, and of its ConfigMap.
        app: the app's name for messages.
        admin_password: password of the admin `postgres` of the server whose Secret is in another namespace.
        wait_seconds: how long to wait for a server that does not respond.
    """

    source: ServerConnection
    target: ServerConnection
    namespace: str
    username: str
    databases: Sequence[str]
    name: str
    downtime_name: str
    app: str
    admin_password: pulumi.Input[str] | None = None
    wait_seconds: int = 300


class Move(pulumi.ComponentResource):
    """A finished move. Resources that depend on it are created when the data are on the target."""

    def __init__(self, name: str, args: MoveArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:Move", name, None, opts)
        labels = {"app.kubernetes.io/name": "postgresql-move", "app.kubernetes.io/instance": args.name}
        metadata: ObjectMetaArgsDict = {"name": args.name, "namespace": args.namespace, "labels": labels}
        # As for a bootstrap's files: a deletion that is left to the next update must not delete a new object.
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        needed: list[pulumi.Resource] = []
        if args.admin_password is not None:
            # A pod can only use Secrets of its own namespace.
            admin = {"username": "postgres", "password": args.admin_password}
            needed.append(secret(f"{name}-admin", metadata, admin, child))
        files = k8s.core.v1.ConfigMap(
            f"{name}-scripts",
            metadata=metadata,
            data={**read(*move_scripts()), **_ca_file("source", args.source), **_ca_file("target", args.target)},
            opts=child,
        )
        # Never the name of a Job that an interrupted `pulumi up` has left: if that move was cancelled since, the Job
        # would be adopted as complete, and the app switched to outdated data.
        number = random.RandomId(
            f"{name}-number", byte_length=2, keepers={"name": args.name}, opts=pulumi.ResourceOptions(parent=self)
        )
        awaited_job(
            name,
            {**metadata, "name": pulumi.Output.concat(args.name, "-", number.hex)},
            move_job_spec(
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
            timeout=f"{HOURS}h",
            parent=self,
            depends_on=[*needed, files],
        )
        self.register_outputs({})


class Downtime(pulumi.ComponentResource):
    """The Job that reports how long an app was down for a move. Give it `depends_on` the move and the app."""

    def __init__(self, name: str, args: MoveArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:Downtime", name, None, opts)
        labels = {"app.kubernetes.io/name": "postgresql-downtime", "app.kubernetes.io/instance": args.downtime_name}
        metadata: ObjectMetaArgsDict = {"name": args.downtime_name, "namespace": args.namespace, "labels": labels}
        files = k8s.core.v1.ConfigMap(
            f"{name}-scripts",
            metadata=metadata,
            data={
                **read("downtime.sh", "downtime.sql", "marks.sql"),
                **_ca_file("target", args.target),
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        awaited_job(
            name,
            metadata,
            downtime_job_spec(
                server=side("target", args.target, args),
                image=args.target.client_image,
                app=args.app,
                databases=args.databases,
                files_name=args.downtime_name,
                labels=labels,
                wait_seconds=args.wait_seconds,
            ),
            timeout=None,
            parent=self,
            depends_on=[files],
        )
        self.register_outputs({})


def move_scripts() -> list[str]:
    """Names of the scripts that the Job runs."""
    shared = ["compare_fingerprints.sql", "fingerprint.sql", "marks.sql", "waiting.sh"]
    return [*shared, *(name for name in names() if name.startswith("move"))]


def _ca_file(word: str, server: ServerConnection) -> dict[str, pulumi.Input[str]]:
    return {} if server.ca_certificate is None else {f"{word}-{CA_CERTIFICATE}": server.ca_certificate}


def side(word: str, server: ServerConnection, args: MoveArgs) -> Side:
    """One of the two servers, with the Secret that a pod in the move's namespace reads."""
    if server.admin is None:
        raise ValueError(f"the {word} of a move must be a server with an admin")
    admin = server.admin if server.namespace == args.namespace else AdminSecret(args.name)
    return Side(word, server, admin)
