"""The Job that runs `bootstrap.sh` inside the cluster: whoever deploys may have no route to the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_kubernetes.batch.v1 import JobSpecArgs
from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.pods import CONFIG_HASH
from components.postgres.script_pod import SCRIPTS, Room, from_secret, script_pod
from components.postgres.server import Server

RETRIES = 2
ROOM = Room(cpu="50m", cpu_limit="1", memory="64Mi", memory_limit="128Mi", files="16Mi")


@dataclass(frozen=True)
class RoleLimits:
    """What a role may take of a server that it shares.

    Attributes:
        connections: connections at once; None for as many as the server takes.
        statement_timeout_seconds: seconds after which a statement is ended; 0 never.
        idle_in_transaction_timeout_seconds: seconds after which a session idle inside a transaction is ended; 0 never.
    """

    connections: int | None = None
    statement_timeout_seconds: int = 0
    idle_in_transaction_timeout_seconds: int = 0


def bootstrap_job_spec(
    *,
    server: Server,
    username: str,
    password_secret: str,
    databases: Mapping[str, Sequence[str]],
    scram_iterations: int,
    limits: RoleLimits,
    arriving: bool,
    files_name: str,
    files_hash: str,
    labels: Mapping[str, str],
    wait_seconds: int,
) -> JobSpecArgs:
    """Spec of the Job.

    Args:
        server: where the admin connects.
        username: the role that is made.
        password_secret: Secret beside the admin's that holds the role's `password`.
        databases: databases of the role, each with the extensions that it needs.
        scram_iterations: rounds of the password's verifier.
        limits: what the role may take.
        arriving: whether a move is to bring the data here.
        files_name: ConfigMap with the scripts and, if there is one, the authority's certificate.
        files_hash: changes with the scripts, so that the Job runs again with new ones.
        labels: labels of the pod.
        wait_seconds: how long to wait for a server that is still starting.
    """
    extensions = [f"{name}:{extension}" for name, wanted in databases.items() for extension in wanted]
    return JobSpecArgs(
        backoff_limit=RETRIES,
        active_deadline_seconds=wait_seconds + 30,
        template=script_pod(
            name="bootstrap",
            script="bootstrap.sh",
            image=server.client_image,
            environment=[
                *_environment(server, username, password_secret),
                EnvVarArgs(name="APP_DATABASES", value=" ".join(databases)),
                EnvVarArgs(name="APP_EXTENSIONS", value=" ".join(extensions)),
                *_limits(limits),
                EnvVarArgs(name="ARRIVING", value="yes" if arriving else "no"),
                EnvVarArgs(name="SCRAM_ITERATIONS", value=str(scram_iterations)),
                EnvVarArgs(name="WAIT_SECONDS", value=str(wait_seconds)),
            ],
            files_name=files_name,
            labels=labels,
            annotations={CONFIG_HASH: files_hash},
            room=ROOM,
        ),
    )


def _environment(server: Server, username: str, password_secret: str) -> list[EnvVarArgs]:
    return [
        EnvVarArgs(name="PGHOST", value=server.host),
        EnvVarArgs(name="PGPORT", value=str(server.port)),
        EnvVarArgs(name="PGSSLMODE", value=server.tls.value),
        *([EnvVarArgs(name="PGSSLROOTCERT", value=f"{SCRIPTS}/{CA_CERTIFICATE}")] if server.ca_certificate else []),
        EnvVarArgs(name="PGDATABASE", value=server.admin_database),
        from_secret("PGUSER", server.admin.name, server.admin.username_key),
        from_secret("PGPASSWORD", server.admin.name, server.admin.password_key),
        EnvVarArgs(name="APP_USERNAME", value=username),
        from_secret("APP_PASSWORD", password_secret, "password"),
    ]


def _limits(limits: RoleLimits) -> list[EnvVarArgs]:
    given = {
        # PostgreSQL's own words for no limit.
        "CONNECTION_LIMIT": -1 if limits.connections is None else limits.connections,
        "STATEMENT_TIMEOUT_SECONDS": limits.statement_timeout_seconds,
        "IDLE_IN_TRANSACTION_TIMEOUT_SECONDS": limits.idle_in_transaction_timeout_seconds,
    }
    return [EnvVarArgs(name=name, value=str(value)) for name, value in given.items()]
