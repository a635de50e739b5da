"""The Job that runs `bootstrap.sh` inside the cluster: whoever deploys may have no route to the database."""

from collections.abc import Mapping, Sequence

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

from components.postgres.pods import container_security, pod_security
from components.postgres.server import Server

SCRIPTS = "/scripts"
RETRIES = 2


def bootstrap_job_spec(
    *,
    server: Server,
    username: str,
    password_secret: str,
    databases: Sequence[str],
    scram_iterations: int,
    files_name: str,
    labels: Mapping[str, str],
    wait_seconds: int,
) -> JobSpecArgs:
    """Spec of the Job.

    Args:
        server: where the admin connects.
        username: the role that is made.
        password_secret: Secret beside the admin's that holds the role's `password`.
        databases: databases of the role.
        scram_iterations: rounds of the password's verifier.
        files_name: ConfigMap with the scripts.
        labels: labels of the pod.
        wait_seconds: how long to wait for a server that is still starting.
    """
    return JobSpecArgs(
        backoff_limit=RETRIES,
        active_deadline_seconds=wait_seconds + 30,
        template=PodTemplateSpecArgs(
            metadata=ObjectMetaArgs(labels=dict(labels)),
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
        _from_secret("PGUSER", server.admin_secret_name, "username"),
        _from_secret("PGPASSWORD", server.admin_secret_name, "password"),
        EnvVarArgs(name="APP_USERNAME", value=username),
        _from_secret("APP_PASSWORD", password_secret, "password"),
    ]


def _from_secret(name: str, secret: str, key: str) -> EnvVarArgs:
    reference = SecretKeySelectorArgs(name=secret, key=key)
    return EnvVarArgs(name=name, value_from=EnvVarSourceArgs(secret_key_ref=reference))
