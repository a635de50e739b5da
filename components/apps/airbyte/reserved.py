"""Values of Airbyte's chart that a stack file may not set."""

from components.apps.airbyte.chart_components import DATABASE_CLIENTS
from components.helm.reserved import Reserved

_DATABASE = "the database's host and credentials come from `database`"
_TLS = "the check of the database's certificate is derived from `postgresql`"
_JOB_PODS = "the pods of syncs read the database's CA certificate there"
_STORAGE = "the object storage's credentials come from `storage`"
_SECRETS = "passwords belong into Secrets, not into chart values"
_POOLS = "the size of a connection pool comes from `database.pools`, and the connection budget counts it"
_NAMES = "the program relies on the chart's own names"

RESERVED = Reserved(
    paths={
        "postgresql": _DATABASE,
        "global.database": _DATABASE,
        "global.secretName": _DATABASE,
        "global.cloudSqlProxy": _DATABASE,
        "temporal.database": _DATABASE,
        "global.workloads.containerOrchestrator.dataPlane": _JOB_PODS,
        "global.workloads.containerOrchestrator.secret*": _STORAGE,
        "keycloak.database": _DATABASE,
        "global.storage.type": _STORAGE,
        "global.storage.secretName": _STORAGE,
        "global.storage.storageSecretName": _STORAGE,
        "global.storage.minio": _STORAGE,
        "global.storage.s3": _STORAGE,
        "global.storage.gcs": _STORAGE,
        "global.storage.azure": _STORAGE,
        "minio.enabled": _STORAGE,
        "minio.root*": _STORAGE,
        "minio.secretName": _STORAGE,
        "global.auth.instanceAdmin.password": _SECRETS,
        "global.auth.instanceAdmin.clientSecret": _SECRETS,
        "global.auth.security.jwtSignatureSecret": _SECRETS,
        "workload-api.bearerToken": _SECRETS,
        "server.configDbMaxPoolSize": _POOLS,
        "namespaceOverride": _NAMES,
        "fullnameOverride": _NAMES,
        "nameOverride": _NAMES,
    },
    environment={
        "DATABASE_*": _DATABASE,
        "CONFIG_DATABASE_*": _DATABASE,
        "KEYCLOAK_DATABASE_*": _DATABASE,
        "CONFIG_DB_*": _POOLS,
        "DATASOURCES_*": _POOLS,
        "SQL_MAX_CONNS": _POOLS,
        "SQL_VIS_MAX_CONNS": _POOLS,
        "POSTGRES_*": _DATABASE,
        "DB": _DATABASE,
        "DB_PORT": _DATABASE,
        "DBNAME": _DATABASE,
        "VISIBILITY_DBNAME": _DATABASE,
        "SKIP_DB_CREATE": _DATABASE,
        "VISIBILITY_DB_PORT": _DATABASE,
        "VISIBILITY_POSTGRES_*": _DATABASE,
        "SQL_TLS*": _TLS,
        "SQL_CA": _TLS,
        "SQL_CERT*": _TLS,
        "SQL_HOST_*": _TLS,
        "SQL_CONNECT_ATTRIBUTES": _TLS,
        "CONTAINER_ORCHESTRATOR_DATA_PLANE_CREDS_*": _JOB_PODS,
        "CONTAINER_ORCHESTRATOR_SECRET_*": _STORAGE,
        "GCS_CREDENTIALS_*": _STORAGE,
        "AWS_ACCESS_KEY_ID": _STORAGE,
        "AWS_SECRET_ACCESS_KEY": _STORAGE,
        "MINIO_*": _STORAGE,
        "GOOGLE_APPLICATION_CREDENTIALS*": _STORAGE,
    },
    lists=[f"{component}.{key}" for component in DATABASE_CLIENTS for key in ("extraVolumes", "extraVolumeMounts")],
    mappings=[
        *DATABASE_CLIENTS,
        "temporal.env_vars",
        "server.env_vars",
        "workload-api-server.env_vars",
        "workloadApiServer.env_vars",
        "workload-launcher.env_vars",
        "global",
        "global.workloads",
        "global.workloads.containerOrchestrator",
    ],
)
