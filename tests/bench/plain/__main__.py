"""The resources of the dev stack as a plain Pulumi program: typed arguments, one file, no settings, no components."""

import base64
import hashlib
import hmac
from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi_kubernetes.apps.v1 import StatefulSet, StatefulSetSpecArgs
from pulumi_kubernetes.batch.v1 import (
    Job,
    JobSpecArgs,
    PodFailurePolicyArgs,
    PodFailurePolicyOnExitCodesRequirementArgs,
    PodFailurePolicyOnPodConditionsPatternArgs,
    PodFailurePolicyRuleArgs,
)
from pulumi_kubernetes.core.v1 import (
    CapabilitiesArgs,
    ConfigMap,
    ConfigMapVolumeSourceArgs,
    ContainerArgs,
    ContainerPortArgs,
    EmptyDirVolumeSourceArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    ExecActionArgs,
    KeyToPathArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    Namespace,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpecArgs,
    PersistentVolumeClaimVolumeSourceArgs,
    PodSecurityContextArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    SeccompProfileArgs,
    Secret,
    SecretKeySelectorArgs,
    SecretVolumeSourceArgs,
    SecurityContextArgs,
    Service,
    ServicePortArgs,
    ServiceSpecArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeResourceRequirementsArgs,
)
from pulumi_kubernetes.helm.v3 import Release
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[2]
SCRIPTS = ROOT / "components" / "postgres" / "scripts"
CHARTS = ROOT / "sandbox" / "charts"
IMAGE = "docker.io/library/postgres:17.11-trixie"


def read(*names: str) -> dict[str, str]:
    return {name: (SCRIPTS / name).read_text() for name in names}


def digest(files: dict[str, str]) -> str:
    text = "".join(f"{name}\0{files[name]}\0" for name in sorted(files))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def scram_verifier(password: str, salt: bytes, iterations: int) -> str:
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    keys = (base64.b64encode(key).decode() for key in (salt, stored, hmac.digest(salted, b"Server Key", "sha256")))
    return "SCRAM-SHA-256${}:{}${}:{}".format(iterations, *keys)


def encoded(value: pulumi.Input[str]) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value).apply(lambda text: base64.b64encode(text.encode()).decode())


server_files = {
    **read("prepare.sh", "probe.sh", "stop.sh", "pg_hba.conf", "pg_ident.conf"),
}
bootstrap_files = read(
    "bootstrap.sh",
    "bootstrap.sql",
    "bootstrap_extensions.sh",
    "bootstrap_checks.sql",
    "bootstrap_moves.sql",
    "bootstrap_proof.sh",
    "extension.sql",
    "marks.sql",
    "waiting.sh",
)

pod_security = PodSecurityContextArgs(
    run_as_non_root=True,
    run_as_user=999,
    run_as_group=999,
    fs_group=999,
    fs_group_change_policy="OnRootMismatch",
    seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
)
container_security = SecurityContextArgs(
    allow_privilege_escalation=False,
    read_only_root_filesystem=True,
    capabilities=CapabilitiesArgs(drop=["ALL"]),
)
server_mounts = [
    VolumeMountArgs(name="data", mount_path="/var/lib/postgresql"),
    VolumeMountArgs(name="config", mount_path="/etc/postgresql", read_only=True),
    VolumeMountArgs(name="run", mount_path="/var/run/postgresql"),
    VolumeMountArgs(name="tmp", mount_path="/tmp"),
    VolumeMountArgs(name="shm", mount_path="/dev/shm"),
]

provider = k8s.Provider(
    "cluster",
    enable_config_map_mutable=True,
    enable_secret_mutable=True,
    enable_patch_force=True,
    upsert_existing_objects=True,
)


def server(app: str, name: str, namespace: Namespace, memory: str) -> tuple[pulumi.Resource, ...]:
    """A PostgreSQL server in the app's namespace."""
    labels = {"app.kubernetes.io/name": "postgresql", "app.kubernetes.io/instance": name}
    files = {**server_files, "postgresql.conf": (FOLDER / f"{app}.conf").read_text()}
    resources = ResourceRequirementsArgs(
        requests={"cpu": "250m", "memory": memory}, limits={"cpu": "2", "memory": memory}
    )
    opts = pulumi.ResourceOptions(provider=provider, depends_on=[namespace])
    password = random.RandomPassword(f"{app}-postgresql-admin", length=40, special=False, keepers={"rotation": "1"})
    admin = Secret(
        f"{app}-postgresql-admin",
        metadata=ObjectMetaArgs(name=f"{name}-admin", namespace=app, labels=labels),
        data={"username": encoded("postgres"), "password": encoded(password.result)},
        opts=opts,
    )
    config = ConfigMap(
        f"{app}-postgresql-config",
        metadata=ObjectMetaArgs(name=f"{name}-config", namespace=app, labels=labels),
        data=files,
        opts=opts,
    )
    claim = PersistentVolumeClaim(
        f"{app}-postgresql-data",
        metadata=ObjectMetaArgs(
            name=f"data-{name}-0",
            namespace=app,
            labels=labels,
            annotations={"pulumi.com/patchForce": "true", "pulumi.com/skipAwait": "true"},
        ),
        spec=PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            resources=VolumeResourceRequirementsArgs(requests={"storage": "8Gi"}),
        ),
        opts=pulumi.ResourceOptions(provider=provider, depends_on=[namespace], retain_on_delete=True),
    )
    service = Service(
        f"{app}-postgresql-service",
        metadata=ObjectMetaArgs(name=name, namespace=app, labels=labels, annotations={"pulumi.com/skipAwait": "true"}),
        spec=ServiceSpecArgs(
            selector=labels,
            ports=[ServicePortArgs(name="postgresql", port=5432, target_port="postgresql")],
        ),
        opts=opts,
    )
    stateful_set = StatefulSet(
        f"{app}-postgresql-server",
        metadata=ObjectMetaArgs(name=name, namespace=app, labels=labels),
        spec=StatefulSetSpecArgs(
            service_name=name,
            replicas=1,
            pod_management_policy="Parallel",
            selector=LabelSelectorArgs(match_labels=labels),
            template=PodTemplateSpecArgs(
                metadata=ObjectMetaArgs(
                    labels=labels,
                    annotations={
                        "kubectl.kubernetes.io/default-container": "postgresql",
                        "lakehouse/admin-password-rotation": "1",
                        "lakehouse/config-hash": digest(files),
                    },
                ),
                spec=PodSpecArgs(
                    automount_service_account_token=False,
                    enable_service_links=False,
                    security_context=pod_security,
                    termination_grace_period_seconds=135,
                    init_containers=[
                        ContainerArgs(
                            name="prepare",
                            image=IMAGE,
                            command=["sh", "/etc/postgresql/prepare.sh"],
                            env=[
                                EnvVarArgs(name="PGDATA", value="/var/lib/postgresql/pgdata"),
                                EnvVarArgs(name="ADMIN_PASSWORD_FILE", value="/run/secrets/admin/password"),
                            ],
                            resources=resources,
                            security_context=container_security,
                            termination_message_policy="FallbackToLogsOnError",
                            volume_mounts=[
                                *server_mounts,
                                VolumeMountArgs(name="admin", mount_path="/run/secrets/admin", read_only=True),
                            ],
                        )
                    ],
                    containers=[
                        ContainerArgs(
                            name="postgresql",
                            image=IMAGE,
                            command=["postgres"],
                            args=[
                                "-D",
                                "/var/lib/postgresql/pgdata",
                                "-c",
                                "config_file=/etc/postgresql/postgresql.conf",
                            ],
                            env=[
                                EnvVarArgs(name="PGDATA", value="/var/lib/postgresql/pgdata"),
                                EnvVarArgs(name="STOP_TIMEOUT_SECONDS", value="120"),
                            ],
                            ports=[ContainerPortArgs(name="postgresql", container_port=5432)],
                            resources=resources,
                            security_context=container_security,
                            termination_message_policy="FallbackToLogsOnError",
                            lifecycle=LifecycleArgs(
                                pre_stop=LifecycleHandlerArgs(
                                    exec_=ExecActionArgs(command=["sh", "/etc/postgresql/stop.sh"])
                                )
                            ),
                            startup_probe=ProbeArgs(
                                exec_=ExecActionArgs(command=["sh", "/etc/postgresql/probe.sh", "alive"]),
                                period_seconds=2,
                                timeout_seconds=5,
                                failure_threshold=60,
                            ),
                            readiness_probe=ProbeArgs(
                                exec_=ExecActionArgs(command=["sh", "/etc/postgresql/probe.sh", "ready"]),
                                period_seconds=5,
                                timeout_seconds=5,
                                failure_threshold=3,
                            ),
                            liveness_probe=ProbeArgs(
                                exec_=ExecActionArgs(command=["sh", "/etc/postgresql/probe.sh", "alive"]),
                                period_seconds=10,
                                timeout_seconds=10,
                                failure_threshold=6,
                            ),
                            volume_mounts=server_mounts,
                        )
                    ],
                    volumes=[
                        VolumeArgs(
                            name="data",
                            persistent_volume_claim=PersistentVolumeClaimVolumeSourceArgs(claim_name=f"data-{name}-0"),
                        ),
                        VolumeArgs(
                            name="config",
                            config_map=ConfigMapVolumeSourceArgs(name=f"{name}-config", default_mode=0o555),
                        ),
                        VolumeArgs(
                            name="admin",
                            secret=SecretVolumeSourceArgs(
                                secret_name=f"{name}-admin",
                                items=[KeyToPathArgs(key="password", path="password")],
                                default_mode=0o440,
                            ),
                        ),
                        VolumeArgs(name="run", empty_dir=EmptyDirVolumeSourceArgs(medium="Memory", size_limit="16Mi")),
                        VolumeArgs(name="tmp", empty_dir=EmptyDirVolumeSourceArgs(size_limit="256Mi")),
                        VolumeArgs(name="shm", empty_dir=EmptyDirVolumeSourceArgs(medium="Memory")),
                    ],
                ),
            ),
        ),
        opts=pulumi.ResourceOptions(
            provider=provider,
            depends_on=[admin, config, claim],
            custom_timeouts=pulumi.CustomTimeouts(create="300s", update="300s"),
        ),
    )
    return stateful_set, service


def database(
    app: str,
    server_name: str,
    needs: tuple[pulumi.Resource, ...],
    *,
    databases: list[str],
    setting_names: list[str],
    extensions: str,
    scram_iterations: int,
    aliases: dict[str, str],
) -> Job:
    """The app's role and databases on its server, and the Secret that it reads."""
    labels = {"app.kubernetes.io/name": "postgresql-database", "app.kubernetes.io/instance": f"{app}-database"}
    host = f"{server_name}.{app}.svc.cluster.local"
    opts = pulumi.ResourceOptions(provider=provider, depends_on=[*needs])
    after = pulumi.ResourceOptions(depends_on=[*needs])
    password = random.RandomPassword(
        f"{app}-database-password", length=40, special=False, keepers={"rotation": "1"}, opts=after
    )
    salt = random.RandomId(
        f"{app}-database-salt",
        byte_length=16,
        opts=pulumi.ResourceOptions.merge(after, pulumi.ResourceOptions(replace_with=[password])),
    )
    verifier = pulumi.Output.all(password.result, salt.hex).apply(
        lambda known: scram_verifier(known[0], bytes.fromhex(known[1]), scram_iterations)
    )
    login = pulumi.Output.concat(str(scram_iterations), "-", salt.hex)
    uri = pulumi.Output.concat("postgresql://", app, ":", password.result, "@", host, ":5432/", app, "?sslmode=disable")
    jdbc_url = pulumi.Output.concat(
        "jdbc:postgresql://", host, ":5432/", app, "?user=", app, "&password=", password.result, "&sslmode=disable"
    )
    values: dict[str, pulumi.Input[str]] = {
        "host": host,
        "port": "5432",
        "database": app,
        "username": app,
        "password": password.result,
        "uri": uri,
        "jdbc-url": jdbc_url,
        "scram-verifier": verifier,
    }
    values |= {alias: values[key] for alias, key in aliases.items()}
    secret = Secret(
        f"{app}-database-secret",
        metadata=ObjectMetaArgs(name=f"{app}-database", namespace=app, labels=labels),
        data={key: encoded(value) for key, value in values.items()},
        opts=opts,
    )
    scripts = ConfigMap(
        f"{app}-database-bootstrap",
        metadata=ObjectMetaArgs(name=f"{app}-database-bootstrap", namespace=app, labels=labels),
        data=bootstrap_files,
        opts=pulumi.ResourceOptions(provider=provider, depends_on=[*needs], delete_before_replace=True),
    )
    deployment = random.RandomId(f"{app}-database-deployment", byte_length=4, opts=after)
    environment = {
        "PGHOST": host,
        "PGPORT": "5432",
        "PGSSLMODE": "disable",
        "PGDATABASE": "postgres",
        "PGUSER": SecretKeySelectorArgs(name=f"{server_name}-admin", key="username"),
        "PGPASSWORD": SecretKeySelectorArgs(name=f"{server_name}-admin", key="password"),
        "ADMIN_SECRET": f"Secret {app}/{server_name}-admin",
        "APP_USERNAME": app,
        "APP_PASSWORD": SecretKeySelectorArgs(name=f"{app}-database", key="password"),
        "APP_VERIFIER": SecretKeySelectorArgs(name=f"{app}-database", key="scram-verifier"),
        "APP_DATABASES": "\n".join(databases),
        "APP_EXTENSIONS": extensions,
        "SETTINGS": "\n".join(setting_names),
        "CONNECTION_LIMIT": "-1",
        "STATEMENT_TIMEOUT_SECONDS": "0",
        "IDLE_IN_TRANSACTION_TIMEOUT_SECONDS": "0",
        "ARRIVING": "no",
        "STACK": f"{pulumi.get_project()}/{pulumi.get_stack()}",
        "APP_NAME": app,
        "DEPLOYMENT": deployment.hex,
        "ADOPT": "all",
        "WAIT_SECONDS": "300",
        "GRACE_SECONDS": "120",
    }
    pulumi.export(f"{app}ConnectionString", pulumi.Output.secret(uri))
    return Job(
        f"{app}-database-bootstrap",
        metadata=ObjectMetaArgs(
            name=f"{app}-database-bootstrap",
            namespace=app,
            labels=labels,
            annotations={"pulumi.com/replaceUnready": "true"},
        ),
        spec=JobSpecArgs(
            backoff_limit=0,
            active_deadline_seconds=330,
            pod_failure_policy=PodFailurePolicyArgs(
                rules=[
                    PodFailurePolicyRuleArgs(
                        action="Ignore",
                        on_exit_codes=PodFailurePolicyOnExitCodesRequirementArgs(
                            container_name="bootstrap", operator="NotIn", values=[3]
                        ),
                    ),
                    PodFailurePolicyRuleArgs(
                        action="Ignore",
                        on_pod_conditions=[
                            PodFailurePolicyOnPodConditionsPatternArgs(type="DisruptionTarget", status="True")
                        ],
                    ),
                ]
            ),
            template=PodTemplateSpecArgs(
                metadata=ObjectMetaArgs(
                    labels=labels,
                    annotations={"lakehouse/config-hash": digest(bootstrap_files), "lakehouse/login": login},
                ),
                spec=PodSpecArgs(
                    restart_policy="Never",
                    automount_service_account_token=False,
                    enable_service_links=False,
                    security_context=pod_security,
                    containers=[
                        ContainerArgs(
                            name="bootstrap",
                            image=IMAGE,
                            command=["sh", "/scripts/bootstrap.sh"],
                            env=[
                                EnvVarArgs(name=name, value_from=EnvVarSourceArgs(secret_key_ref=value))
                                if isinstance(value, SecretKeySelectorArgs)
                                else EnvVarArgs(name=name, value=value)
                                for name, value in environment.items()
                            ],
                            resources=ResourceRequirementsArgs(
                                requests={"cpu": "50m", "memory": "64Mi"}, limits={"cpu": "1", "memory": "128Mi"}
                            ),
                            security_context=container_security,
                            termination_message_policy="FallbackToLogsOnError",
                            volume_mounts=[
                                VolumeMountArgs(name="scripts", mount_path="/scripts", read_only=True),
                                VolumeMountArgs(name="tmp", mount_path="/tmp"),
                            ],
                        )
                    ],
                    volumes=[
                        VolumeArgs(
                            name="scripts", config_map=ConfigMapVolumeSourceArgs(name=f"{app}-database-bootstrap")
                        ),
                        VolumeArgs(name="tmp", empty_dir=EmptyDirVolumeSourceArgs(size_limit="16Mi")),
                    ],
                ),
            ),
        ),
        opts=pulumi.ResourceOptions(
            provider=provider,
            depends_on=[secret, scripts],
            replace_with=[password],
            delete_before_replace=True,
            custom_timeouts=pulumi.CustomTimeouts(create="360s"),
        ),
    )


def namespace(name: str) -> Namespace:
    return Namespace(
        name,
        metadata=ObjectMetaArgs(name=name),
        opts=pulumi.ResourceOptions(provider=provider, retain_on_delete=True),
    )


# Airbyte
airbyte_namespace = namespace("airbyte")
airbyte_server = server("airbyte", "airbyte-airbyte-postgresql", airbyte_namespace, "3Gi")
airbyte_database = database(
    "airbyte",
    "airbyte-airbyte-postgresql",
    airbyte_server,
    databases=["airbyte", "temporal", "temporal_visibility"],
    setting_names=[
        "airbyte.database.name",
        "airbyte.database.temporalName",
        "airbyte.database.temporalVisibilityName",
    ],
    extensions="temporal_visibility:btree_gin",
    scram_iterations=4096,
    aliases={
        "DATABASE_USER": "username",
        "DATABASE_PASSWORD": "password",
        "CONFIG_DATABASE_REPLICA_USER": "username",
        "CONFIG_DATABASE_REPLICA_PASSWORD": "password",
    },
)
minio_password = random.RandomPassword(
    "airbyte-object-storage",
    length=40,
    special=False,
    opts=pulumi.ResourceOptions(depends_on=[airbyte_database]),
)
minio_secret = Secret(
    "airbyte-object-storage",
    metadata=ObjectMetaArgs(name="airbyte-object-storage", namespace="airbyte"),
    data={"AWS_ACCESS_KEY_ID": encoded("airbyte"), "AWS_SECRET_ACCESS_KEY": encoded(minio_password.result)},
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[airbyte_database]),
)
airbyte_pods = {
    "podAnnotations": {
        "lakehouse/credentials-rotation": "database-1",
        "lakehouse/database": "5432/airbyte",
        "lakehouse/database-host": "airbyte-airbyte-postgresql.airbyte.svc.cluster.local",
    }
}
Release(
    "airbyte",
    name="airbyte",
    namespace="airbyte",
    chart=str(CHARTS / "airbyte"),
    timeout=900,
    max_history=5,
    values={
        "global": {
            "database": {
                "type": "internal",
                "host": "airbyte-airbyte-postgresql.airbyte.svc.cluster.local",
                "port": 5432,
                "name": "airbyte",
                "secretName": "airbyte-database",
                "userSecretKey": "DATABASE_USER",
                "passwordSecretKey": "DATABASE_PASSWORD",
            },
            "storage": {"type": "minio", "secretName": "airbyte-object-storage"},
        },
        "postgresql": {"enabled": False},
        "minio": {"enabled": True, "storage": {"volumeClaimValue": "10Gi"}},
        "airbyteBootloader": airbyte_pods,
        "cron": airbyte_pods,
        "manifestServer": airbyte_pods,
        "metrics": airbyte_pods,
        "server": {
            "configDbMaxPoolSize": 10,
            "env_vars": {"CONFIG_DB_REPLICA_MAX_POOL_SIZE": "10"},
            **airbyte_pods,
        },
        "temporal": {
            "env_vars": {"SKIP_DB_CREATE": "true", "SQL_MAX_CONNS": "5", "SQL_VIS_MAX_CONNS": "2"},
            **airbyte_pods,
        },
        "worker": airbyte_pods,
        "workloadApiServer": {"env_vars": {"CONFIG_DB_MAX_POOL_SIZE": "10"}, **airbyte_pods},
        "workloadLauncher": airbyte_pods,
    },
    opts=pulumi.ResourceOptions(
        provider=provider,
        depends_on=[airbyte_database, minio_secret],
        custom_timeouts=pulumi.CustomTimeouts(create="1800s", update="1800s"),
    ),
)
pulumi.export("airbyteAddress", "http://airbyte-airbyte-server-svc.airbyte.svc.cluster.local:8001")

# Dagster
dagster_namespace = namespace("dagster")
dagster_server = server("dagster", "dagster-postgresql", dagster_namespace, "1Gi")
dagster_database = database(
    "dagster",
    "dagster-postgresql",
    dagster_server,
    databases=["dagster"],
    setting_names=["dagster.database.name"],
    extensions="",
    scram_iterations=1,
    aliases={"postgresql-password": "password"},
)
dagster_annotations = {"lakehouse/credentials-rotation": "database-1"}
Release(
    "dagster",
    name="dagster",
    namespace="dagster",
    chart=str(CHARTS / "dagster"),
    timeout=900,
    max_history=5,
    values={
        "global": {"postgresqlSecretName": "dagster-database"},
        "generatePostgresqlPasswordSecret": False,
        "postgresql": {
            "enabled": False,
            "postgresqlHost": "dagster-postgresql.dagster.svc.cluster.local",
            "postgresqlUsername": "dagster",
            "postgresqlDatabase": "dagster",
            "postgresqlParams": {},
            "service": {"port": 5432},
            "image": {"registry": "docker.io", "repository": "library/postgres", "tag": "17.11-trixie"},
        },
        "dagsterWebserver": {"annotations": dagster_annotations},
        "dagsterDaemon": {"annotations": dagster_annotations},
        "dagster-user-deployments": {
            "deployments": [
                {
                    "name": "example",
                    "image": {
                        "repository": "docker.io/lakehouse-sandbox/dagster",
                        "tag": None,
                        "pullPolicy": "IfNotPresent",
                    },
                    "dagsterApiGrpcArgs": ["--module-name", "example.definitions"],
                    "port": 3030,
                    "annotations": dagster_annotations,
                }
            ]
        },
    },
    opts=pulumi.ResourceOptions(
        provider=provider,
        depends_on=[dagster_database],
        custom_timeouts=pulumi.CustomTimeouts(create="1800s", update="1800s"),
    ),
)
pulumi.export("dagsterAddress", "http://dagster-dagster-webserver.dagster.svc.cluster.local")
