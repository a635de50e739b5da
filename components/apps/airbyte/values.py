"""Values of Airbyte's chart, 1.x and 2.x: what it must be told about its database and object storage."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from components.apps.airbyte.object_storage import ObjectStorage
from components.apps.airbyte.storage_values import storage_values
from components.helm.release import CREDENTIALS_ROTATION, merge_values, with_items
from components.postgres import ca_volume as authority
from components.postgres.endpoint import Endpoint, TlsMode

SECRET_ALIASES: Mapping[str, str] = {
    "DATABASE_USER": "username",
    "DATABASE_PASSWORD": "password",
    # Pods of chart 2.x do not start without a replica's credentials; ours is the primary itself.
    "CONFIG_DATABASE_REPLICA_USER": "username",
    "CONFIG_DATABASE_REPLICA_PASSWORD": "password",
}
"""Keys that the chart insists on, each with the key of the database Secret that it repeats."""

_COMPONENTS = {
    1: (
        "server",
        "worker",
        "cron",
        "temporal",
        "workload-launcher",
        "workload-api-server",
        "airbyte-bootloader",
        "connector-builder-server",
        "metrics",
    ),
    2: (
        "server",
        "worker",
        "cron",
        "temporal",
        "workloadLauncher",
        "workloadApiServer",
        "manifestServer",
        "airbyteBootloader",
        "metrics",
    ),
}
"""Value keys of the chart's components that hold credentials, by major version of the chart."""

_WITHOUT_DATABASE = {"connector-builder-server", "manifestServer"}
"""Those of them that never open the database (the charts' templates)."""

# Pod annotations.
_DATABASE_HOST = "lakehouse/database-host"
_DATABASE = "lakehouse/database"


@dataclass(frozen=True)
class TemporalDatabases:
    """Names of the databases of Airbyte's Temporal."""

    default: str = "temporal"
    visibility: str = "temporal_visibility"


TEMPORAL_DATABASES = TemporalDatabases()
"""What Temporal's image calls them if it is not told."""


def airbyte_values(
    *,
    major: int,
    endpoint: Endpoint,
    storage: ObjectStorage,
    storage_secret: str,
    rotation: str,
    temporal_databases: TemporalDatabases = TEMPORAL_DATABASES,
) -> dict[str, Any]:
    """Values for a chart of major version 1 or 2. They name Secrets and carry none.

    Args:
        major: major version of the chart.
        endpoint: Airbyte's database.
        storage: where objects go; only `S3` and `Gcs` with version 1.
        storage_secret: Secret with MinIO's generated credentials.
        rotation: changes with any of the credentials; the pods carry it and restart with it.
        temporal_databases: the databases of its Temporal.
    """
    # Pods read where the database is from a ConfigMap, and a change of that alone restarts none.
    database = {
        _DATABASE_HOST: endpoint.host,
        _DATABASE: f"{endpoint.port}/{_encoded(endpoint.database)}{_jdbc_parameters(endpoint)}",
    }
    annotated = {"podAnnotations": {CREDENTIALS_ROTATION: rotation, **database}}
    # The bootstrap Job makes Temporal's databases; its own attempt would need a role that may create more of them.
    temporal = {
        "SKIP_DB_CREATE": "true",
        **_temporals_databases(temporal_databases),
        **_temporals_tls(major, endpoint),
    }
    values: dict[str, Any] = {
        "postgresql": {"enabled": False},
        "global": {"database": _database(major, endpoint)},
        **dict.fromkeys(_COMPONENTS[major], annotated),
        "temporal": {**annotated, "env_vars": temporal},
    }
    if endpoint.tls is TlsMode.VERIFY_FULL:
        values = merge_values(values, _job_pods(major, endpoint))
    return merge_values(values, storage_values(major, storage, storage_secret))


def address_values(major: int, url: str | None) -> dict[str, Any]:
    """Values that say at which address people reach Airbyte: links in the pages and in notifications begin with it.

    Args:
        major: major version of the chart.
        url: the address; None if there is none, then the chart's own default holds.
    """
    if url is None:
        return {}
    values: dict[str, Any] = {"global": {"airbyteUrl": url.rstrip("/")}}
    # Until 2.0 the server makes notifications' links, and the issuer of its tokens, of another variable (WEBAPP_URL).
    return values if major == 2 else {**values, "webapp": {"url": url.rstrip("/")}}


def with_database_authority(values: Mapping[str, Any], major: int, endpoint: Endpoint) -> dict[str, Any]:
    """The values, a user's merged in, with the authority's certificate in every pod that opens the database.

    Args:
        values: chart values.
        major: major version of the chart.
        endpoint: Airbyte's database; unless `tls` is `VERIFY_FULL`, the values stay as they are.
    """
    if endpoint.tls is not TlsMode.VERIFY_FULL:
        return dict(values)
    given = dict(values)
    for component in _COMPONENTS[major]:
        if component not in _WITHOUT_DATABASE:
            given = authority.with_authority(
                given, [component], endpoint, volumes="extraVolumes", mounts="extraVolumeMounts"
            )
    if major == 1:
        return given
    # The bootloader's template asks for this key before it takes `extraVolumeMounts`, a misspelling in chart 2.2.0.
    return with_items(given, ["airbyteBootloader", "extraVolumeMount"], [authority.mount()])


def _database(major: int, endpoint: Endpoint) -> dict[str, Any]:
    return {
        "type": _database_type(major, endpoint),
        "secretName": endpoint.secret_name,
        "host": endpoint.host,
        "port": endpoint.port,
        ("database" if major == 1 else "name"): f"{_encoded(endpoint.database)}{_jdbc_parameters(endpoint)}",
        "userSecretKey": "DATABASE_USER",
        "passwordSecretKey": "DATABASE_PASSWORD",
    }


def _encoded(name: str) -> str:
    """A database's name as a part of an address. The JDBC driver decodes it there, and so do Temporal's drivers."""
    return quote(name, safe="")


def _temporals_databases(databases: TemporalDatabases) -> dict[str, str]:
    """Variables of Temporal's image where they are not its defaults; neither major version of the chart sets them.

    Server and schema tool write the names into an address as they are (buildDSN, 1.27).
    """
    names = {"DBNAME": databases.default, "VISIBILITY_DBNAME": databases.visibility}
    defaults = {"DBNAME": TEMPORAL_DATABASES.default, "VISIBILITY_DBNAME": TEMPORAL_DATABASES.visibility}
    return {variable: _encoded(name) for variable, name in names.items() if name != defaults[variable]}


def _jdbc_parameters(endpoint: Endpoint) -> str:
    """What follows the database's name in the JDBC URL.

    The chart builds that URL, ends it with the name, and lets no parameter be set. Without any the driver's `sslmode`
    is `prefer`, which goes on in clear text when the server, or whoever answers for it, offers no TLS. The name by
    itself, DATABASE_DB, is read by Keycloak alone, which the community edition does not run (the charts' templates).
    """
    match endpoint.tls:
        case TlsMode.DISABLE:
            return ""
        case TlsMode.REQUIRE:
            return f"?sslmode={endpoint.tls.value}"
        case TlsMode.VERIFY_FULL:
            return f"?sslmode={endpoint.tls.value}&sslrootcert={authority.FILE}"


def _database_type(major: int, endpoint: Endpoint) -> str:
    """All that the charts make of the type is Temporal's TLS: off, or on without a look at the server's name."""
    # Chart 1.x says nothing about TLS with `internal`, so that all of it can be said in Temporal's variables. With a
    # variable that the chart sets itself, that would not do: the list would have it twice, and Kubernetes refuses the
    # patch of a Deployment that is there.
    if endpoint.tls is TlsMode.DISABLE or (major == 1 and endpoint.tls is TlsMode.VERIFY_FULL):
        return "internal"
    return "external"


def _temporals_tls(major: int, endpoint: Endpoint) -> dict[str, str]:
    """Variables of Temporal's image: the server reads SQL_*, the tool that sets up its schema POSTGRES_TLS_* (its
    config_template.yaml and auto-setup.sh, 1.27).

    The host's name comes from the address. Chart 2.x switches the check of the name off for the tool; with an authority
    given, the tool's driver then still checks that the certificate is of that authority (lib/pq, `require`).
    """
    if endpoint.tls is not TlsMode.VERIFY_FULL:
        return {}
    checks = {"SQL_CA": authority.FILE, "SQL_HOST_VERIFICATION": "true", "POSTGRES_TLS_CA_FILE": authority.FILE}
    return checks if major == 2 else {"SQL_TLS_ENABLED": "true", "POSTGRES_TLS_ENABLED": "true", **checks}


def _job_pods(major: int, endpoint: Endpoint) -> dict[str, Any]:
    """The certificate in the pods of syncs, checks and discoveries.

    Connectors' secrets are in the database unless another store is chosen, and the first container of such a pod reads
    them with the connection parameters of the launcher. One Secret can be mounted there beside the storage's: that of a
    data plane, which is otherwise used by data planes in other clusters alone. Whole: Airbyte's own containers see it,
    the connectors' do not (VolumeFactory.kt of the launcher, 1.8 and 2.2).
    """
    if major == 1:
        name = "CONTAINER_ORCHESTRATOR_DATA_PLANE_CREDS_SECRET"
        variables = {f"{name}_NAME": endpoint.secret_name, f"{name}_MOUNT_PATH": authority.FOLDER}
        return {"workload-launcher": {"env_vars": variables}}
    mounted = {"secretName": endpoint.secret_name, "secretMountPath": authority.FOLDER}
    return {"global": {"workloads": {"containerOrchestrator": {"dataPlane": mounted}}}}
