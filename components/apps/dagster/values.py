"""Values of Dagster's chart: its database and its address."""

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from components.apps.app import AppPlacement
from components.apps.dagster.address import path_prefix
from components.apps.dagster.settings import DagsterSettings
from components.apps.dagster.user_code import default_servers
from components.forms.images import POSTGRES_IMAGE
from components.helm.values import CREDENTIALS_ROTATION, merge_values
from components.postgres import ca_volume
from components.postgres.endpoint import Endpoint, TlsMode

_USER_CODE = "dagster-user-deployments"
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
"""Words that YAML does not read as text."""
_LAUNCHERS = {"K8sRunLauncher": "k8sRunLauncher", "CeleryK8sRunLauncher": "celeryK8sRunLauncher"}
"""Key of each run launcher's settings, by its type; Celery's workers use those of theirs, too."""


def dagster_values(settings: DagsterSettings, place: AppPlacement) -> dict[str, Any]:
    """Values for a chart 1.4 or later, merged with the user's. They refer to Secrets and contain none.

    Args:
        settings: Dagster.
        place: its database, and the image with `pg_isready` for the init containers that wait for it.
    """
    rotation = f"database-{settings.database.password_rotation}"
    servers = default_servers(settings.chart, settings.values)
    ours = _values(settings, place, rotation)
    if servers:
        ours[_USER_CODE] = {"deployments": [dict(server) for server in servers]}
    values = merge_values(ours, settings.values)
    return _with_database_ca(_each_user_code_server(values, partial(_annotated, rotation=rotation)), place.endpoint)


def _values(settings: DagsterSettings, place: AppPlacement, rotation: str) -> dict[str, Any]:
    endpoint = place.endpoint
    annotated = {"annotations": {CREDENTIALS_ROTATION: rotation}}
    return {
        "generatePostgresqlPasswordSecret": False,
        "global": {"postgresqlSecretName": endpoint.secret_name},
        "postgresql": {
            "enabled": False,
            "image": _image(place.pods.image(place.client_image, POSTGRES_IMAGE)),
            "postgresqlHost": endpoint.host,
            "postgresqlUsername": _scalar(endpoint.username),
            "postgresqlDatabase": _scalar(endpoint.database),
            "postgresqlParams": _parameters(endpoint),
            "service": {"port": endpoint.port},
        },
        "dagsterWebserver": {**annotated, **_at_path(path_prefix(settings.url, settings.values))},
        "dagsterDaemon": annotated,
    }


def _annotated(server: Mapping[str, Any], rotation: str) -> dict[str, Any]:
    """A user-code server with the rotation, since its environment contains the password, too."""
    return {**server, "annotations": {**(server.get("annotations") or {}), CREDENTIALS_ROTATION: rotation}}


def _with_database_ca(values: Mapping[str, Any], endpoint: Endpoint) -> dict[str, Any]:
    """The values with the CA certificate in every pod that connects to the database; unchanged unless it is checked.

    These are the webserver, the daemon, the user-code servers in the values (their sensors and schedules connect), and
    the pods of the run launcher: runs, and the steps of `k8s_job_executor`, which have the launcher's volumes. Dagster
    merges a volume of both launcher and code location into one. Custom run launchers are not covered.
    """
    if endpoint.tls is not TlsMode.VERIFY_FULL:
        return dict(values)
    with_ca = partial(ca_volume.with_ca, endpoint=endpoint, volumes="volumes", mounts="volumeMounts")
    extended = with_ca(with_ca(values, ["dagsterWebserver"]), ["dagsterDaemon"])
    run_launcher: Mapping[str, Any] = extended.get("runLauncher") or {}
    launcher = _LAUNCHERS.get(run_launcher.get("type") or "K8sRunLauncher")
    if launcher is not None:
        extended = with_ca(extended, ["runLauncher", "config", launcher])
    return _each_user_code_server(extended, lambda server: with_ca(server, []))


def _each_user_code_server(
    values: Mapping[str, Any], change: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    user_code: Mapping[str, Any] = values.get(_USER_CODE) or {}
    servers = user_code.get("deployments")
    if not servers:
        return dict(values)
    return {**values, _USER_CODE: {**user_code, "deployments": [change(server) for server in servers]}}


def _at_path(prefix: str) -> dict[str, Any]:
    """Values for a path prefix: the webserver serves no other path, so that the chart's probe needs it, too."""
    if not prefix:
        return {}
    return {"pathPrefix": prefix, "readinessProbe": {"httpGet": {"path": f"{prefix}/server_info"}}}


def _scalar(name: str) -> str:
    """A name for the chart, which copies it unquoted into dagster.yaml and, after `-U`, into a shell command: in double
    quotes, which both understand, unless neither needs quotes.
    """
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in _WORDS
    return name if plain else json.dumps(name, ensure_ascii=False)


def _parameters(endpoint: Endpoint) -> dict[str, str]:
    match endpoint.tls:
        case TlsMode.DISABLE:
            return {}
        case TlsMode.REQUIRE:
            return {"sslmode": endpoint.tls.value}
        case TlsMode.VERIFY_FULL:
            return {"sslmode": endpoint.tls.value, "sslrootcert": ca_volume.FILE}


def _image(reference: str) -> dict[str, str]:
    """The parts that the chart joins to `registry/repository:tag`; the registry of short names is Docker Hub."""
    name, at, digest = reference.partition("@")
    repository, _, tag = name.rpartition(":")
    first, slash, rest = repository.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return {"registry": first, "repository": rest, "tag": f"{tag}{at}{digest}"}
    path = repository if slash else f"library/{repository}"
    return {"registry": "docker.io", "repository": path, "tag": f"{tag}{at}{digest}"}
