"""The Job that runs `bootstrap.sh` inside the cluster: whoever deploys may have no route to the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_kubernetes.batch.v1 import JobSpecArgs
from pulumi_kubernetes.core.v1 import (
    ConfigMapVolumeSourceArgs,
    ContainerArgs,
    EmptyDirVolumeSourceArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ResourceRequirementsArgs,
    SecretKeySelectorArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.pods import CONFIG_HASH, container_security, pod_security
from components.postgres.server import Server

SCRIPTS = "/scripts"
RETRIES = 2


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
        template=PodTemplateSpecArgs(
            metadata=ObjectMetaArgs(labels=dict(labels), annotations={CONFIG_HASH: files_hash}),
            spec=PodSpecArgs(
                restart_policy="Never",
                automount_service_account_token=False,
                enable_service_links=False,
                security_context=pod_security(),
                containers=[
                    ContainerArgs(
                        name="bootstrap",
                        image=server.client_image,
                        command=["sh", f"{SCRIPTS}/bootstrap.sh"],
                        env=[
                            *_environment(server, username, password_secret),
                            EnvVarArgs(name="APP_DATABASES", value=" ".join(databases)),
                            EnvVarArgs(name="APP_EXTENSIONS", value=" ".join(extensions)),
                            *_limits(limits),
                            EnvVarArgs(name="ARRIVING", value="yes" if arriving else "no"),
                            EnvVarArgs(name="SCRAM_ITERATIONS", value=str(scram_iterations)),
                            EnvVarArgs(name="WAIT_SECONDS", value=str(wait_seconds)),
                        ],
                        resources=ResourceRequirementsArgs(
                            requests={"cpu": "50m", "memory": "64Mi"}, limits={"cpu": "1", "memory": "128Mi"}
                        ),
                        security_context=container_security(),
                        termination_message_policy="FallbackToLogsOnError",
                        volume_mounts=[
                            VolumeMountArgs(name="scripts", mount_path=SCRIPTS, read_only=True),
                            VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108 - the container's own
                        ],
                    )
                ],
                volumes=[
                    VolumeArgs(name="scripts", config_map=ConfigMapVolumeSourceArgs(name=files_name)),
                    VolumeArgs(name="tmp", empty_dir=EmptyDirVolumeSourceArgs(size_limit="16Mi")),
                ],
            ),
        ),
    )


def _environment(server: Server, username: str, password_secret: str) -> list[EnvVarArgs]:
    return [
        EnvVarArgs(name="PGHOST", value=server.host),
        EnvVarArgs(name="PGPORT", value=str(server.port)),
        EnvVarArgs(name="PGSSLMODE", value=server.tls.value),
        *([EnvVarArgs(name="PGSSLROOTCERT", value=f"{SCRIPTS}/{CA_CERTIFICATE}")] if server.ca_certificate else []),
        EnvVarArgs(name="PGDATABASE", value=server.admin_database),
        _from_secret("PGUSER", server.admin.name, server.admin.username_key),
        _from_secret("PGPASSWORD", server.admin.name, server.admin.password_key),
        EnvVarArgs(name="APP_USERNAME", value=username),
        _from_secret("APP_PASSWORD", password_secret, "password"),
    ]


def _limits(limits: RoleLimits) -> list[EnvVarArgs]:
    given = {
        # PostgreSQL's own words for no limit.
        "CONNECTION_LIMIT": -1 if limits.connections is None else limits.connections,
        "STATEMENT_TIMEOUT_SECONDS": limits.statement_timeout_seconds,
        "IDLE_IN_TRANSACTION_TIMEOUT_SECONDS": limits.idle_in_transaction_timeout_seconds,
    }
    return [EnvVarArgs(name=name, value=str(value)) for name, value in given.items()]


def _from_secret(name: str, secret: str, key: str) -> EnvVarArgs:
    reference = SecretKeySelectorArgs(name=secret, key=key)
    return EnvVarArgs(name=name, value_from=EnvVarSourceArgs(secret_key_ref=reference))
