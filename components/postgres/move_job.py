"""The pods of a move: what they run, and how they reach both servers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_kubernetes.batch.v1 import (
    JobSpecArgs,
    PodFailurePolicyArgs,
    PodFailurePolicyOnExitCodesRequirementArgs,
    PodFailurePolicyRuleArgs,
)
from pulumi_kubernetes.core.v1 import (
    ConfigMapVolumeSourceArgs,
    ContainerArgs,
    EmptyDirVolumeSourceArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    ObjectFieldSelectorArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ResourceRequirementsArgs,
    SecretKeySelectorArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.pods import container_security, pod_security
from components.postgres.server import AdminSecret, Server

SCRIPTS = "/scripts"
CONTAINER = "move"

RETRIES = 3
"""Tries after a first that was cut, by an evicted pod or a lost connection; each goes on where the last one ended."""

REFUSED = 3
"""Exit code of move.sh where another try would end the same."""

PROGRESS_SECONDS = 10


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
        pod_failure_policy=PodFailurePolicyArgs(
            rules=[
                PodFailurePolicyRuleArgs(
                    action="FailJob",
                    on_exit_codes=PodFailurePolicyOnExitCodesRequirementArgs(
                        container_name=CONTAINER, operator="In", values=[REFUSED]
                    ),
                )
            ]
        ),
        template=_pod(
            script="move.sh",
            environment=[
                *_reached(source),
                *_reached(target),
                EnvVarArgs(name="APP_USERNAME", value=username),
                EnvVarArgs(name="APP_DATABASES", value=" ".join(databases)),
                EnvVarArgs(name="RUN", value_from=run),
                EnvVarArgs(name="WAIT_SECONDS", value=str(wait_seconds)),
                EnvVarArgs(name="PROGRESS_SECONDS", value=str(PROGRESS_SECONDS)),
            ],
            image=image,
            files_name=files_name,
            labels=labels,
            # A row is held whole, by pg_dump and by psql.
            memory="1Gi",
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
        template=_pod(
            script="downtime.sh",
            environment=[
                *_reached(server, names),
                EnvVarArgs(name="APP_NAME", value=app),
                EnvVarArgs(name="APP_DATABASES", value=" ".join(databases)),
            ],
            image=image,
            files_name=files_name,
            labels=labels,
            memory="128Mi",
        ),
    )


def _pod(
    *,
    script: str,
    environment: Sequence[EnvVarArgs],
    image: str,
    files_name: str,
    labels: Mapping[str, str],
    memory: str,
) -> PodTemplateSpecArgs:
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=dict(labels)),
        spec=PodSpecArgs(
            restart_policy="Never",
            automount_service_account_token=False,
            enable_service_links=False,
            security_context=pod_security(),
            # Whatever it does can be cut.
            termination_grace_period_seconds=5,
            containers=[
                ContainerArgs(
                    name=CONTAINER,
                    image=image,
                    command=["sh", f"{SCRIPTS}/{script}"],
                    env=list(environment),
                    resources=ResourceRequirementsArgs(
                        requests={"cpu": "100m", "memory": "128Mi"}, limits={"cpu": "2", "memory": memory}
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
                # Definitions and checksums, no rows.
                VolumeArgs(name="tmp", empty_dir=EmptyDirVolumeSourceArgs(size_limit="256Mi")),
            ],
        ),
    )


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
        EnvVarArgs(name=called("DATABASE"), value=server.admin_database),
        _from_secret(called("USER"), admin.name, admin.username_key),
        _from_secret(called("PASSWORD"), admin.name, admin.password_key),
    ]


def _from_secret(name: str, secret: str, key: str) -> EnvVarArgs:
    reference = SecretKeySelectorArgs(name=secret, key=key)
    return EnvVarArgs(name=name, value_from=EnvVarSourceArgs(secret_key_ref=reference))
