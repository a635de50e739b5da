"""The Jobs that create or check an app's role and databases. They run in the cluster, which has a route to the server.

`bootstrap.sh` creates them, as the admin; on a server without one, `check.sh` checks existing ones, as the app's role.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.batch.v1 import JobSpecArgs
from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.forms.computed import text
from components.postgres.credentials import CA_CERTIFICATE, SCRAM_VERIFIER
from components.postgres.database_settings import DatabaseSettings
from components.postgres.script_pod import SCRIPTS, PodResources, from_secret, literal, only_refusals_count, script_pod
from components.postgres.server import AdminSecret, ServerConnection

RESOURCES = PodResources(cpu="50m", cpu_limit="1", memory="64Mi", memory_limit="128Mi", files="16Mi")


@dataclass(frozen=True)
class AppDatabase:
    """One of the databases of an app's role.

    Attributes:
        name: its name.
        setting: the setting in the stack file that gives its name.
        extensions: PostgreSQL extensions in it.
    """

    name: str
    setting: str
    extensions: Sequence[str] = ()


@dataclass(frozen=True)
class Creator:
    """The creator of role and databases, written into the marks on them.

    Attributes:
        stack: project and stack.
        app: key of the app in the stack file.
        deployment: id that distinguishes this deployment from others of a stack with the same name.
    """

    stack: str
    app: str
    deployment: pulumi.Input[str]


def bootstrap_job_spec(
    *,
    server: ServerConnection,
    admin: AdminSecret,
    creator: Creator,
    settings: DatabaseSettings,
    password_secret: str,
    databases: Sequence[AppDatabase],
    arriving: bool,
    files_name: str,
    annotations: Mapping[str, pulumi.Input[str]],
    labels: Mapping[str, str],
    wait_seconds: int,
) -> JobSpecArgs:
    """Spec of the Job that creates role and databases, or brings existing ones up to date.

    Args:
        server: where the admin connects.
        admin: the admin's Secret.
        creator: creator in the marks.
        settings: the role.
        password_secret: Secret in the admin's namespace with the role's `password` and `scram-verifier`.
        databases: databases of the role.
        arriving: whether the server is the target of a move.
        files_name: ConfigMap with the scripts and, if clients check the server's certificate, the CA certificate.
        annotations: annotations of the pod; a change runs the Job again.
        labels: labels of the pod.
        wait_seconds: how long to wait for a server that is still starting.
    """
    asked = "copy" if server.restored else "yes"
    adopt = "all" if server.exclusive else asked if settings.adopt else "no"
    return _job_spec(
        "bootstrap",
        server,
        [
            *server_environment(server),
            literal("PGDATABASE", server.admin_database),
            from_secret("PGUSER", admin.name, admin.username_key),
            from_secret("PGPASSWORD", admin.name, admin.password_key),
            EnvVarArgs(name="ADMIN_SECRET", value=text(f"Secret {server.namespace}/", admin.name)),
            literal("APP_USERNAME", settings.username),
            from_secret("APP_PASSWORD", password_secret, "password"),
            from_secret("APP_VERIFIER", password_secret, SCRAM_VERIFIER),
            *_databases(databases),
            *_limits(settings),
            EnvVarArgs(name="ARRIVING", value="yes" if arriving else "no"),
            EnvVarArgs(name="STACK", value=creator.stack),
            EnvVarArgs(name="APP_NAME", value=creator.app),
            EnvVarArgs(name="DEPLOYMENT", value=creator.deployment),
            EnvVarArgs(name="ADOPT", value=adopt),
        ],
        files_name=files_name,
        annotations=annotations,
        labels=labels,
        wait_seconds=wait_seconds,
    )


def check_job_spec(
    *,
    server: ServerConnection,
    app: str,
    username: str,
    secret_name: str,
    databases: Sequence[AppDatabase],
    connections: int,
    files_name: str,
    annotations: Mapping[str, pulumi.Input[str]],
    labels: Mapping[str, str],
    wait_seconds: int,
) -> JobSpecArgs:
    """Spec of the Job that checks an existing role and its databases; see `bootstrap_job_spec`.

    Args:
        server: where the role connects.
        app: key of the app in the stack file.
        username: the role.
        secret_name: the app's Secret.
        databases: databases that the app needs.
        connections: the lowest number of connections that it works with.
        files_name: ConfigMap with the scripts and, if clients check the server's certificate, the CA certificate.
        annotations: annotations of the pod; a change runs the Job again.
        labels: labels of the pod.
        wait_seconds: how long to wait for a server that is still starting.
    """
    return _job_spec(
        "check",
        server,
        [
            *server_environment(server),
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
    server: ServerConnection,
    environment: Sequence[EnvVarArgs],
    *,
    files_name: str,
    annotations: Mapping[str, pulumi.Input[str]],
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
            resources=RESOURCES,
        ),
    )


def server_environment(server: ServerConnection) -> list[EnvVarArgs]:
    """Variables of libpq for the address of a server and for TLS."""
    return [
        EnvVarArgs(name="PGHOST", value=server.host),
        EnvVarArgs(name="PGPORT", value=str(server.port)),
        EnvVarArgs(name="PGSSLMODE", value=server.tls.value),
        *([EnvVarArgs(name="PGSSLROOTCERT", value=f"{SCRIPTS}/{CA_CERTIFICATE}")] if server.ca_certificate else []),
    ]


def _databases(databases: Sequence[AppDatabase]) -> list[EnvVarArgs]:
    """Names may contain any character but a line break."""
    extensions = [f"{database.name}:{extension}" for database in databases for extension in database.extensions]
    return [
        literal("APP_DATABASES", "\n".join(database.name for database in databases)),
        literal("APP_EXTENSIONS", "\n".join(extensions)),
        EnvVarArgs(name="SETTINGS", value="\n".join(database.setting for database in databases)),
    ]


def _limits(settings: DatabaseSettings) -> list[EnvVarArgs]:
    limits = {
        # PostgreSQL's own value for no limit.
        "CONNECTION_LIMIT": -1 if settings.connection_limit is None else settings.connection_limit,
        "STATEMENT_TIMEOUT_SECONDS": settings.statement_timeout_seconds,
        "IDLE_IN_TRANSACTION_TIMEOUT_SECONDS": settings.idle_in_transaction_timeout_seconds,
    }
    return [EnvVarArgs(name=name, value=str(value)) for name, value in limits.items()]
