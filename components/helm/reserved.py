"""Chart values that are not a stack's to give: what they would break, and where the setting is instead. And what form
values must have that the program adds to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import NoneType
from typing import Any, cast

from components.forms.base import KeyPath, Refusal, refuse_each

_DATABASE = "the database's host and credentials come from `database`"
_TLS = "how the database's certificate is checked follows from `postgresql`"
_JOB_PODS = "the pods of syncs find the database's certificate there"
_STORAGE = "the object storage's credentials come from `storage`"
_SECRETS = "passwords belong into Secrets, not into chart values"
_NAMES = "the program relies on the chart's own names"


@dataclass(frozen=True)
class Reserved:
    """What one chart's `values` may not contain, each with the reason.

    Attributes:
        paths: dotted paths, `*` standing for any key or part of one.
        environment: names of environment variables, with `*`, wherever the chart lets one be set.
        lists: dotted paths of lists that the program adds to, `*` standing for an item of a list.
        mappings: dotted paths of mappings that the program fills; null would empty them.
    """

    paths: Mapping[str, str]
    environment: Mapping[str, str]
    lists: Sequence[str]
    mappings: Sequence[str]


_AIRBYTES_DATABASE_CLIENTS = (
    "server",
    "worker",
    "cron",
    "temporal",
    "metrics",
    "workload-launcher",
    "workloadLauncher",
    "workload-api-server",
    "workloadApiServer",
    "airbyte-bootloader",
    "airbyteBootloader",
)

AIRBYTE = Reserved(
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
        "namespaceOverride": _NAMES,
        "fullnameOverride": _NAMES,
        "nameOverride": _NAMES,
    },
    environment={
        "DATABASE_*": _DATABASE,
        "CONFIG_DATABASE_*": _DATABASE,
        "KEYCLOAK_DATABASE_*": _DATABASE,
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
    lists=[
        f"{component}.{key}"
        for component in _AIRBYTES_DATABASE_CLIENTS
        for key in ("extraVolumes", "extraVolumeMounts")
    ],
    mappings=[
        *_AIRBYTES_DATABASE_CLIENTS,
        "temporal.env_vars",
        "workload-launcher.env_vars",
        "global",
        "global.workloads",
        "global.workloads.containerOrchestrator",
    ],
)

DAGSTER = Reserved(
    paths={
        "postgresql": _DATABASE,
        "generatePostgresqlPasswordSecret": _DATABASE,
        "global.postgresql*": _DATABASE,
        "dagster-user-deployments.postgresqlSecretName": _DATABASE,
        "additionalInstanceConfig.storage": _DATABASE,
        "additionalInstanceConfig.*_storage": _DATABASE,
        "global.fullnameOverride": _NAMES,
        "global.nameOverride": _NAMES,
        "fullnameOverride": _NAMES,
        "nameOverride": _NAMES,
        "dagsterWebserver.nameOverride": _NAMES,
    },
    environment=dict.fromkeys(("DAGSTER_PG_*", "DAGSTER_K8S_PG_PASSWORD_SECRET"), _DATABASE),
    lists=[
        f"{component}.{key}"
        for component in (
            "dagsterWebserver",
            "dagsterDaemon",
            "runLauncher.config.k8sRunLauncher",
            "runLauncher.config.celeryK8sRunLauncher",
            "dagster-user-deployments.deployments.*",
        )
        for key in ("volumes", "volumeMounts")
    ],
    mappings=["global", "dagsterWebserver", "dagsterDaemon"],
)


def refuse_reserved(values: dict[str, Any], reserved: Reserved) -> dict[str, Any]:
    """Return the values as they are, or refuse all that are reserved or of another form than the program adds to."""
    refuse_each(_reserved(values, reserved, ()))
    return values


def _reserved(value: object, reserved: Reserved, path: KeyPath) -> Iterator[Refusal]:
    """What is reserved or misshapen at or below `path`; nothing below a path that is so itself."""
    for pattern, reason in reserved.paths.items():
        if _matches(path, pattern.split(".")):
            yield Refusal(path, value, f"any chart value but this: {reason}")
            return
    form = _form(path, reserved)
    if form is not None and not isinstance(value, form):
        word = "a list" if list in form else "a mapping"
        yield Refusal(path, value, f"{word}: the program adds to it")
        return
    variable = _environment_variable(path, value)
    for pattern, reason in reserved.environment.items():
        if fnmatchcase(variable, pattern):
            found = variable if isinstance(path[-1], int) else value
            yield Refusal(path, found, f"any environment variable but {variable}: {reason}")
            return
    if isinstance(value, Mapping):
        for key, child in cast("Mapping[str, object]", value).items():
            yield from _reserved(child, reserved, (*path, key))
    elif isinstance(value, list):
        for number, child in enumerate(cast("list[object]", value)):
            yield from _reserved(child, reserved, (*path, number))


def _form(path: KeyPath, reserved: Reserved) -> tuple[type, ...] | None:
    """What a value at `path` must be, since the program adds to it or to a list below it."""
    if any(_matches(path, pattern.split(".")) for pattern in reserved.mappings):
        return (dict,)
    for pattern in reserved.lists:
        parts = pattern.split(".")
        if path and _matches(path, parts[: len(path)]):
            return (list if len(parts) == len(path) or parts[len(path)] == "*" else dict, NoneType)
    return None


def _matches(path: KeyPath, pattern: Sequence[str]) -> bool:
    return len(path) == len(pattern) and all(map(fnmatchcase, map(str, path), pattern))


def _environment_variable(path: KeyPath, value: object) -> str:
    """Name of the variable that this value sets, in the three ways that charts have: mapping, `name:`, `NAME=value`."""
    if path[-1:] == ("name",) and isinstance(value, str):
        return value
    if isinstance(value, str) and isinstance(path[-1], int):
        return value.partition("=")[0]
    return str(path[-1]) if len(path) > 1 and path[-2] in {"env_vars", "secrets", "env"} else ""
