"""The Jobs that see to an app's part of a server, in the cluster: whoever deploys may have no route to the database.

`bootstrap.sh` makes it, as an admin; where there is none, `check.sh` looks whether all is there, as the app's role.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.batch.v1 import JobSpecArgs
from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.script_pod import SCRIPTS, Room, from_secret, literal, only_refusals_count, script_pod
from components.postgres.security import CONFIG_HASH
from components.postgres.server import AdminSecret, Server

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


@dataclass(frozen=True)
class AppDatabase:
    """One of the databases of an app's role.

    Attributes:
        name: its name.
        setting: the setting in the stack file that says its name.
        extensions: PostgreSQL extensions in it.
    """

    name: str
    setting: str
    extensions: Sequence[str] = ()


@dataclass(frozen=True)
class Maker:
    """Who makes role and databases, as it is written on them.

    Attributes:
        stack: project and stack.
        app: key of the app in the stack file.
        deployment: what another deployment of the same stack does not have.
        adopt: whether a role and databases that somebody else made are taken over.
    """

    stack: str
    app: str
    deployment: pulumi.Input[str]
    adopt: bool = False


def bootstrap_job_spec(
    *,
    server: Server,
    admin: AdminSecret,
    maker: Maker,
    username: str,
    password_secret: str,
    databases: Sequence[AppDatabase],
    scram_iterations: int,
    limits: RoleLimits,
    arriving: bool,
    files_name: str,
    files_hash: str,
    labels: Mapping[str, str],
    wait_seconds: int,
) -> JobSpecArgs:
    """Spec of the Job that makes role and databases.

    Args:
        server: where the admin connects.
        admin: the admin's Secret.
        maker: who makes them.
        username: the role that is made.
        password_secret: Secret beside the admin's that holds the role's `password`.
        databases: databases of the role.
        scram_iterations: rounds of the password's verifier.
        limits: what the role may take.
        arriving: whether a move is to bring the data here.
        files_name: ConfigMap with the scripts and, if there is one, the authority's certificate.
        files_hash: changes with the scripts, so that the Job runs again with new ones.
        labels: labels of the pod.
        wait_seconds: how long to wait for a server that is still starting.
    """
    adopt = "all" if server.exclusive else "yes" if maker.adopt else "no"
    return _job_spec(
        "bootstrap",
        server,
        [
            *_place(server),
            literal("PGDATABASE", server.admin_database),
            from_secret("PGUSER", admin.name, admin.username_key),
            from_secret("PGPASSWORD", admin.name, admin.password_key),
            EnvVarArgs(name="ADMIN_SECRET", value=f"Secret {server.namespace}/{admin.name}"),
            literal("APP_USERNAME", username),
            from_secret("APP_PASSWORD", password_secret, "password"),
            *_databases(databases),
            *_limits(limits),
            EnvVarArgs(name="ARRIVING", value="yes" if arriving else "no"),
            EnvVarArgs(name="SCRAM_ITERATIONS", value=str(scram_iterations)),
            EnvVarArgs(name="STACK", value=maker.stack),
            EnvVarArgs(name="APP_NAME", value=maker.app),
            EnvVarArgs(name="DEPLOYMENT", value=maker.deployment),
            EnvVarArgs(name="ADOPT", value=adopt),
        ],
        files_name=files_name,
        annotations={CONFIG_HASH: files_hash},
        labels=labels,
        wait_seconds=wait_seconds,
    )


def check_job_spec(
    *,
    server: Server,
    app: str,
    username: str,
    secret_name: str,
    databases: Sequence[AppDatabase],
    connections: int,
    files_name: str,
    annotations: Mapping[str, str],
    labels: Mapping[str, str],
    wait_seconds: int,
) -> JobSpecArgs:
    """Spec of the Job that looks whether role and databases are what the app needs; see `bootstrap_job_spec`.

    Args:
        server: where the role connects.
        app: key of the app in the stack file.
        username: the role.
        secret_name: the app's Secret.
        databases: databases that the app needs.
        connections: the fewest that it works with.
        files_name: ConfigMap with the scripts and, if there is one, the authority's certificate.
        annotations: change with what should make it run again.
        labels: labels of the pod.
        wait_seconds: how long to wait for a server that is still starting.
    """
    return _job_spec(
        "check",
        server,
        [
            *_place(server),
            literal("PGUSER", username),
            from_secret("PGPASSWORD", secret_name, "password"),
            EnvVarArgs(name="APP_NAME", value=app),
            *_databases(databases),
            EnvVarArgs(name="CONNECTIONS", value=str(connections)),
        ],
        files_name=files_name,
        annotations=annotations,
        labels=labels,
        wait_seconds=wait_seconds,
    )


def _job_spec(
    name: str,
    server: Server,
    environment: Sequence[EnvVarArgs],
    *,
    files_name: str,
    annotations: Mapping[str, str],
    labels: Mapping[str, str],
    wait_seconds: int,
) -> JobSpecArgs:
    return JobSpecArgs(
        backoff_limit=0,
        active_deadline_seconds=wait_seconds + 30,
        pod_failure_policy=only_refusals_count(name),
        template=script_pod(
            name=name,
            script=f"{name}.sh",
            image=server.client_image,
            environment=[
                *environment,
                EnvVarArgs(name="WAIT_SECONDS", value=str(wait_seconds)),
                EnvVarArgs(name="GRACE_SECONDS", value=str(server.settling_seconds)),
            ],
            files_name=files_name,
            labels=labels,
            annotations=annotations,
            room=ROOM,
        ),
    )


def _place(server: Server) -> list[EnvVarArgs]:
    return [
        EnvVarArgs(name="PGHOST", value=server.host),
        EnvVarArgs(name="PGPORT", value=str(server.port)),
        EnvVarArgs(name="PGSSLMODE", value=server.tls.value),
        *([EnvVarArgs(name="PGSSLROOTCERT", value=f"{SCRIPTS}/{CA_CERTIFICATE}")] if server.ca_certificate else []),
    ]


def _databases(databases: Sequence[AppDatabase]) -> list[EnvVarArgs]:
    """Names may hold anything but a line break."""
    extensions = [f"{database.name}:{extension}" for database in databases for extension in database.extensions]
    return [
        literal("APP_DATABASES", "\n".join(database.name for database in databases)),
        literal("APP_EXTENSIONS", "\n".join(extensions)),
        EnvVarArgs(name="SETTINGS", value="\n".join(database.setting for database in databases)),
    ]


def _limits(limits: RoleLimits) -> list[EnvVarArgs]:
    given = {
        # PostgreSQL's own words for no limit.
        "CONNECTION_LIMIT": -1 if limits.connections is None else limits.connections,
        "STATEMENT_TIMEOUT_SECONDS": limits.statement_timeout_seconds,
        "IDLE_IN_TRANSACTION_TIMEOUT_SECONDS": limits.idle_in_transaction_timeout_seconds,
    }
    return [EnvVarArgs(name=name, value=str(value)) for name, value in given.items()]
