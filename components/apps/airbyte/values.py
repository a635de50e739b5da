"""Values of Airbyte's chart, 1.x and 2.x: its database, its object storage and its address."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pulumi

from components.apps.airbyte.chart_components import CHART_COMPONENTS
from components.apps.airbyte.pools import pool_values
from components.apps.airbyte.settings import AirbyteSettings
from components.apps.airbyte.storage_values import storage_values
from components.forms.computed import text
from components.helm.values import CREDENTIALS_ROTATION, merge_values, with_items
from components.postgres import ca_volume
from components.postgres.endpoint import Direct, Endpoint, TlsMode

# Pod annotations.
_DATABASE_HOST = "lakehouse/database-host"
_DATABASE = "lakehouse/database"

# Of Temporal's image.
_TEMPORALS_DEFAULTS = {"DBNAME": "temporal", "VISIBILITY_DBNAME": "temporal_visibility"}


def airbyte_values(settings: AirbyteSettings, endpoint: Endpoint, *, storage_secret: str) -> dict[str, Any]:
    """Values for a chart of major version 1 or 2. They refer to Secrets and contain none.

    Args:
        settings: Airbyte.
        endpoint: its database.
        storage_secret: Secret with MinIO's generated credentials.
    """
    major = settings.chart_major
    # Pods read the database's address from a ConfigMap, whose changes do not restart them.
    annotated = {
        "podAnnotations": {
            CREDENTIALS_ROTATION: f"database-{settings.database.password_rotation}",
            _DATABASE_HOST: endpoint.host,
            _DATABASE: f"{endpoint.port}/{_encoded(endpoint.database)}{_jdbc_parameters(endpoint.tls)}",
        }
    }
    # The bootstrap Job creates Temporal's databases; Temporal itself would need a role with CREATEDB.
    temporal = {"SKIP_DB_CREATE": "true", **_temporals_databases(settings), **_temporals_tls(major, endpoint)}
    parts = {part.key: annotated for part in CHART_COMPONENTS[major] if part.credentials}
    values: dict[str, Any] = {
        "postgresql": {"enabled": False},
        "global": {"database": _database(major, endpoint)},
        **parts,
        "temporal": {**annotated, "env_vars": temporal},
    }
    if endpoint.direct is not None:
        values = merge_values(values, _migrations(major, endpoint, endpoint.direct))
    values = merge_values(values, pool_values(settings.database.pools, major))
    if endpoint.tls is TlsMode.VERIFY_FULL:
        values = merge_values(values, _job_pods(major, endpoint))
    values = merge_values(values, storage_values(major, settings.storage, storage_secret))
    return merge_values(values, _address(major, settings.url))


def _address(major: int, url: str | None) -> dict[str, Any]:
    """The address in links of pages and notifications; without one, the chart's default."""
    if url is None:
        return {}
    values: dict[str, Any] = {"global": {"airbyteUrl": url.rstrip("/")}}
    # Before 2.0 the server reads the address for notifications, and the issuer of its tokens, from WEBAPP_URL.
    return values if major == 2 else {**values, "webapp": {"url": url.rstrip("/")}}


def with_database_ca(values: Mapping[str, Any], major: int, endpoint: Endpoint) -> dict[str, Any]:
    """The values, a user's merged in, with the CA certificate in every pod that connects to the database.

    Args:
        values: chart values.
        major: major version of the chart.
        endpoint: Airbyte's database; unless `tls` is `VERIFY_FULL`, the values stay as they are.
    """
    if endpoint.tls is not TlsMode.VERIFY_FULL:
        return dict(values)
    extended = dict(values)
    for part in CHART_COMPONENTS[major]:
        if part.database:
            extended = ca_volume.with_ca(
                extended, [part.key], endpoint, volumes="extraVolumes", mounts="extraVolumeMounts"
            )
    if major == 1:
        return extended
    # The bootloader's template only uses `extraVolumeMounts` if this key exists, a misspelling in chart 2.2.0.
    return with_items(extended, ["airbyteBootloader", "extraVolumeMount"], [ca_volume.mount()])


def _database(major: int, endpoint: Endpoint) -> dict[str, Any]:
    return {
        "type": _database_type(major, endpoint),
        "secretName": endpoint.secret_name,
        "host": endpoint.host,
        "port": endpoint.port,
        ("database" if major == 1 else "name"): f"{_encoded(endpoint.database)}{_jdbc_parameters(endpoint.tls)}",
        "userSecretKey": "DATABASE_USER",
        "passwordSecretKey": "DATABASE_PASSWORD",
    }


def _migrations(major: int, endpoint: Endpoint, direct: Direct) -> dict[str, Any]:
    """The bootloader past the pooler: Flyway holds an advisory lock of its session (`isTransactionalLock = false`).

    The charts have no second host. They write a component's own variables behind theirs, and of two variables with the
    same name a container gets the last. That works in no Deployment, whose patch Kubernetes would refuse, but the
    bootloader's pod is a hook, which is created anew each time.
    """
    database = f"{_encoded(endpoint.database)}{_jdbc_parameters(direct.tls)}"
    variables: dict[str, pulumi.Input[str]] = {
        "DATABASE_HOST": direct.host,
        "DATABASE_PORT": str(direct.port),
        "DATABASE_URL": text("jdbc:postgresql://", direct.host, f":{direct.port}/{database}"),
    }
    return {"airbyte-bootloader" if major == 1 else "airbyteBootloader": {"env_vars": variables}}


def _encoded(name: str) -> str:
    """A database's name, percent-encoded for an address, which the JDBC driver and Temporal's drivers decode."""
    return quote(name, safe="")


def _temporals_databases(settings: AirbyteSettings) -> dict[str, str]:
    """Variables of Temporal's image that differ from its defaults; no version of the chart sets them.

    Server and schema tool write the names unchanged into an address (buildDSN, 1.27).
    """
    database = settings.database
    names = {"DBNAME": database.temporal_name, "VISIBILITY_DBNAME": database.temporal_visibility_name}
    return {variable: _encoded(name) for variable, name in names.items() if name != _TEMPORALS_DEFAULTS[variable]}


def _jdbc_parameters(tls: TlsMode) -> str:
    """Parameters to append to the database's name in the JDBC URL.

    The chart builds that URL with the name at its end, and has no values for parameters. The driver's default `sslmode`
    is `prefer`, which continues without encryption if the server, or an attacker in its place, does not support TLS.
    The name alone, DATABASE_DB, is only read by Keycloak, which the community edition does not run (the charts'
    templates).
    """
    match tls:
        case TlsMode.DISABLE:
            return ""
        case TlsMode.REQUIRE:
            return f"?sslmode={tls.value}"
        case TlsMode.VERIFY_FULL:
            return f"?sslmode={tls.value}&sslrootcert={ca_volume.FILE}"


def _database_type(major: int, endpoint: Endpoint) -> str:
    """The type only affects Temporal's TLS in the charts: disabled, or enabled without a check of the server's name."""
    # With `internal`, chart 1.x sets no variables of Temporal's TLS, and the program sets all of them. Variables that
    # the chart sets as well would be in the list twice, and Kubernetes refuses such a patch of an existing Deployment.
    if endpoint.tls is TlsMode.DISABLE or (major == 1 and endpoint.tls is TlsMode.VERIFY_FULL):
        return "internal"
    return "external"


def _temporals_tls(major: int, endpoint: Endpoint) -> dict[str, str]:
    """Variables of Temporal's image: the server reads SQL_*, the schema tool POSTGRES_TLS_* (its config_template.yaml
    and auto-setup.sh, 1.27).

    The host's name is taken from the address. Chart 2.x disables the check of the name in the tool; if a CA is given,
    the tool's driver still checks that it signed the certificate (lib/pq, `require`).
    """
    if endpoint.tls is not TlsMode.VERIFY_FULL:
        return {}
    checks = {"SQL_CA": ca_volume.FILE, "SQL_HOST_VERIFICATION": "true", "POSTGRES_TLS_CA_FILE": ca_volume.FILE}
    return checks if major == 2 else {"SQL_TLS_ENABLED": "true", "POSTGRES_TLS_ENABLED": "true", **checks}


def _job_pods(major: int, endpoint: Endpoint) -> dict[str, Any]:
    """The CA certificate in the pods of syncs, checks and discoveries.

    By default the secrets of connectors are in the database, and the first container of such a pod reads them with the
    connection parameters of the launcher. Besides the Secret of the storage, only that of a data plane can be mounted
    in it, which is otherwise used by data planes in other clusters. All its keys are mounted, in Airbyte's own
    containers, not in those of connectors (VolumeFactory.kt of the launcher, 1.8 and 2.2).
    """
    if major == 1:
        name = "CONTAINER_ORCHESTRATOR_DATA_PLANE_CREDS_SECRET"
        variables = {f"{name}_NAME": endpoint.secret_name, f"{name}_MOUNT_PATH": ca_volume.FOLDER}
        return {"workload-launcher": {"env_vars": variables}}
    mounted = {"secretName": endpoint.secret_name, "secretMountPath": ca_volume.FOLDER}
    return {"global": {"workloads": {"containerOrchestrator": {"dataPlane": mounted}}}}
