"""Chart values that are not a stack's to give: what they would break, and where the setting is instead."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, cast

from settings.base import refuse

_DATABASE = "the database's host and credentials come from `database`"
_STORAGE = "the object storage's credentials come from `storage`"
_SECRETS = "passwords belong into Secrets, not into chart values"
_NAMES = "the program relies on the chart's own names"


@dataclass(frozen=True)
class Reserved:
    """What one chart's `values` may not contain.

    Attributes:
        paths: dotted paths, `*` standing for any key or part of one, each with the reason.
        environment: names of environment variables, with `*`, wherever the chart lets one be set.
    """

    paths: Mapping[str, str]
    environment: tuple[str, ...]


AIRBYTE = Reserved(
    paths={
        "postgresql": _DATABASE,
        "global.database": _DATABASE,
        "global.secretName": _DATABASE,
        "global.cloudSqlProxy": _DATABASE,
        "temporal.database": _DATABASE,
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
    environment=(
        "DATABASE_*",
        "CONFIG_DATABASE_*",
        "KEYCLOAK_DATABASE_*",
        "POSTGRES_*",
        "DB",
        "DB_PORT",
        "DBNAME",
        "VISIBILITY_DBNAME",
        "SQL_TLS_*",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "MINIO_*",
        "GOOGLE_APPLICATION_CREDENTIALS*",
    ),
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
    },
    environment=("DAGSTER_PG_*", "DAGSTER_K8S_PG_PASSWORD_SECRET"),
)


def refuse_reserved(values: dict[str, Any], reserved: Reserved) -> dict[str, Any]:
    """Return the values as they are, or refuse the first one that is reserved."""
    for path, value in _walk(values):
        key = ".".join(path)
        for pattern, reason in reserved.paths.items():
            if _same_depth(path, pattern) and fnmatchcase(key, pattern):
                refuse(f"any chart value but this: {reason}", key=key, found=value)
        variable = _environment_variable(path, value)
        if any(fnmatchcase(variable, pattern) for pattern in reserved.environment):
            refuse(f"any environment variable but {variable}: {_DATABASE}, {_STORAGE}", key=key, found=value)
    return values


def _walk(value: object, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every value below `value`, with the keys that lead to it (list items by number)."""
    if isinstance(value, Mapping):
        children = [(str(key), child) for key, child in cast("Mapping[object, object]", value).items()]
    elif isinstance(value, list):
        children = [(str(number), child) for number, child in enumerate(cast("list[object]", value))]
    else:
        return
    for key, child in children:
        yield (*above, key), child
        yield from _walk(child, (*above, key))


def _same_depth(path: tuple[str, ...], pattern: str) -> bool:
    return len(path) == pattern.count(".") + 1


def _environment_variable(path: tuple[str, ...], value: object) -> str:
    """Name of the variable that this value sets, in the three ways that charts have: mapping, `name:`, `NAME=value`."""
    if path[-1] == "name" and isinstance(value, str):
        return value
    if isinstance(value, str) and path[-1].isdecimal():
        return value.partition("=")[0]
    return path[-1] if len(path) > 1 and path[-2] in {"env_vars", "secrets", "env"} else ""
