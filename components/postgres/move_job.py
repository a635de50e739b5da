"""The pods of a move: what they run, and how they reach both servers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pulumi_kubernetes.batch.v1 import JobSpecArgs
from pulumi_kubernetes.core.v1 import EnvVarArgs, EnvVarSourceArgs, ObjectFieldSelectorArgs

from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.script_pod import SCRIPTS, Room, from_secret, literal, script_pod
from components.postgres.server import AdminSecret, Server

CONTAINER = "move"

RETRIES = 3
"""Tries after a first that was cut, by an evicted pod or a lost connection; each goes on where the last one ended.

A refusal is repeated as often, though it ends the same. With the policy of the bootstrap Job (`only_refusals_count`) it
would end at once, but any other failure would then be tried again until the deadline, a day.
"""

PROGRESS_SECONDS = 10

GRACE_SECONDS = 5
"""Whatever it does can be cut."""

# The files are definitions and checksums, no rows.
ROOM = Room(cpu="100m", cpu_limit="2", memory="128Mi", memory_limit="128Mi", files="256Mi")


@dataclass(frozen=True)
class Side:
    """One of the two servers.

    Attributes:
        word: `source` or `target`.
        server: where it is.
        admin: Secret of its admin in the Job's namespace.
    """

    word: str
    server: Server
    admin: AdminSecret


def move_job_spec(
    *,
    source: Side,
    target: Side,
    image: str,
    username: str,
    databases: Sequence[str],
    files_name: str,
    labels: Mapping[str, str],
    wait_seconds: int,
    deadline_seconds: int,
) -> JobSpecArgs:
    """Spec of the Job that runs `move.sh`.

    Args:
        source: where the databases are.
        target: where they go.
        image: image with `psql` and `pg_dump`.
        username: the role.
        databases: its databases.
        files_name: ConfigMap with the scripts and the authorities' certificates.
        labels: labels of the pod.
        wait_seconds: how long to wait for a server that does not answer.
        deadline_seconds: how long it may take in all.
    """
    # All tries of one Job have it, and no other Job.
    run = EnvVarSourceArgs(
        field_ref=ObjectFieldSelectorArgs(field_path="metadata.labels['batch.kubernetes.io/controller-uid']")
    )
    return JobSpecArgs(
        backoff_limit=RETRIES,
        active_deadline_seconds=deadline_seconds,
        template=script_pod(
            name=CONTAINER,
            script="move.sh",
            environment=[
                *_reached(source),
                *_reached(target),
                *(_told(side) for side in (source, target)),
                literal("APP_USERNAME", username),
                literal("APP_DATABASES", "\n".join(databases)),
                EnvVarArgs(name="RUN", value_from=run),
                EnvVarArgs(name="WAIT_SECONDS", value=str(wait_seconds)),
                EnvVarArgs(name="GRACE_SECONDS", value=str(max(it.server.settling_seconds for it in (source, target)))),
                EnvVarArgs(name="PROGRESS_SECONDS", value=str(PROGRESS_SECONDS)),
            ],
            image=image,
            files_name=files_name,
            labels=labels,
            # A row is held whole, by pg_dump and by psql.
            room=replace(ROOM, memory_limit="1Gi"),
            grace_seconds=GRACE_SECONDS,
        ),
    )


def downtime_job_spec(
    *,
    server: Side,
    image: str,
    app: str,
    databases: Sequence[str],
    files_name: str,
    labels: Mapping[str, str],
    wait_seconds: int,
) -> JobSpecArgs:
    """Spec of the Job that runs `downtime.sh`; see `move_job_spec`."""
    names = {"HOST": "PGHOST", "PORT": "PGPORT", "SSLMODE": "PGSSLMODE", "CA": "PGSSLROOTCERT"}
    names |= {"DATABASE": "PGDATABASE", "USER": "PGUSER", "PASSWORD": "PGPASSWORD"}
    return JobSpecArgs(
        backoff_limit=RETRIES,
        active_deadline_seconds=wait_seconds,
        template=script_pod(
            name=CONTAINER,
            script="downtime.sh",
            environment=[
                *_reached(server, names),
                EnvVarArgs(name="APP_NAME", value=app),
                literal("APP_DATABASES", "\n".join(databases)),
            ],
            image=image,
            files_name=files_name,
            labels=labels,
            room=ROOM,
            grace_seconds=GRACE_SECONDS,
        ),
    )


def _told(side: Side) -> EnvVarArgs:
    return EnvVarArgs(name=f"{side.word.upper()}_SECRET", value=f"Secret {side.admin.name}")


def _reached(side: Side, names: Mapping[str, str] | None = None) -> list[EnvVarArgs]:
    """Variables that tell how to reach a side, each called as `names` says, else by the side's word."""
    server, admin = side.server, side.admin

    def called(name: str) -> str:
        return f"{side.word.upper()}_{name}" if names is None else names[name]

    authority = f"{SCRIPTS}/{side.word}-{CA_CERTIFICATE}" if server.ca_certificate is not None else ""
    return [
        EnvVarArgs(name=called("HOST"), value=server.host),
        EnvVarArgs(name=called("PORT"), value=str(server.port)),
        EnvVarArgs(name=called("SSLMODE"), value=server.tls.value),
        # libpq takes an empty name of a file for one that is not there.
        *([EnvVarArgs(name=called("CA"), value=authority)] if authority or names is None else []),
        literal(called("DATABASE"), server.admin_database),
        from_secret(called("USER"), admin.name, admin.username_key),
        from_secret(called("PASSWORD"), admin.name, admin.password_key),
    ]
