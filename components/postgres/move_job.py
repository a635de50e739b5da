"""The pods of a move: scripts, and environment variables for the connections to both servers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pulumi_kubernetes.batch.v1 import JobSpecArgs
from pulumi_kubernetes.core.v1 import EnvVarArgs, EnvVarSourceArgs, ObjectFieldSelectorArgs

from components.forms.computed import text
from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.script_pod import SCRIPTS, PodResources, from_secret, literal, script_pod
from components.postgres.server import AdminSecret, ServerConnection

CONTAINER = "move"

RETRIES = 3
"""Attempts after a first one that was interrupted, by an evicted pod or a lost connection; each continues the last one.

A refusal is repeated as well, with the same result. The pod failure policy of the bootstrap Job (`only_refusals_count`)
would end it at once, but would repeat all other failures until the deadline, a day.
"""

PROGRESS_SECONDS = 10

GRACE_SECONDS = 5
"""Termination grace period: every step can be interrupted."""

# The files contain definitions and checksums, no rows.
RESOURCES = PodResources(cpu="100m", cpu_limit="2", memory="128Mi", memory_limit="128Mi", files="256Mi")


@dataclass(frozen=True)
class Side:
    """One of the two servers of a move.

    Attributes:
        word: `source` or `target`.
        server: connection to it.
        admin: Secret of its admin in the Job's namespace.
    """

    word: str
    server: ServerConnection
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
        source: the server that the databases are moved from.
        target: the server that they are moved to.
        image: image with `psql` and `pg_dump`.
        username: the role.
        databases: its databases.
        files_name: ConfigMap with the scripts and the CA certificates.
        labels: labels of the pod.
        wait_seconds: how long to wait for a server that does not respond.
        deadline_seconds: deadline of the Job.
    """
    # The same in all pods of one Job, and different in other Jobs.
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
                *_connection(source),
                *_connection(target),
                *(_secret_name(side) for side in (source, target)),
                literal("APP_USERNAME", username),
                literal("APP_DATABASES", "\n".join(databases)),
                EnvVarArgs(name="RUN", value_from=run),
                EnvVarArgs(name="WAIT_SECONDS", value=str(wait_seconds)),
                EnvVarArgs(
                    name="GRACE_SECONDS", value=str(max(side.server.settling_seconds for side in (source, target)))
                ),
                EnvVarArgs(name="PROGRESS_SECONDS", value=str(PROGRESS_SECONDS)),
            ],
            image=image,
            files_name=files_name,
            labels=labels,
            # pg_dump and psql each hold a whole row in memory.
            resources=replace(RESOURCES, memory_limit="1Gi"),
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
                *_connection(server, names),
                EnvVarArgs(name="APP_NAME", value=app),
                literal("APP_DATABASES", "\n".join(databases)),
            ],
            image=image,
            files_name=files_name,
            labels=labels,
            resources=RESOURCES,
            grace_seconds=GRACE_SECONDS,
        ),
    )


def _secret_name(side: Side) -> EnvVarArgs:
    return EnvVarArgs(name=f"{side.word.upper()}_SECRET", value=text("Secret ", side.admin.name))


def _connection(side: Side, names: Mapping[str, str] | None = None) -> list[EnvVarArgs]:
    """Variables for the connection to a server, with the given names, or with the server's word as a prefix."""
    server, admin = side.server, side.admin

    def variable(name: str) -> str:
        return f"{side.word.upper()}_{name}" if names is None else names[name]

    ca_file = f"{SCRIPTS}/{side.word}-{CA_CERTIFICATE}" if server.ca_certificate is not None else ""
    return [
        EnvVarArgs(name=variable("HOST"), value=server.host),
        EnvVarArgs(name=variable("PORT"), value=str(server.port)),
        EnvVarArgs(name=variable("SSLMODE"), value=server.tls.value),
        # libpq treats an empty file name as the name of a missing file.
        *([EnvVarArgs(name=variable("CA"), value=ca_file)] if ca_file or names is None else []),
        literal(variable("DATABASE"), server.admin_database),
        from_secret(variable("USER"), admin.name, admin.username_key),
        from_secret(variable("PASSWORD"), admin.name, admin.password_key),
    ]
