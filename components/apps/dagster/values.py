"""Values of Dagster's chart: what it must be told about its database."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from components.helm.release import CREDENTIALS_ROTATION
from components.postgres import ca_volume as authority
from components.postgres.endpoint import Endpoint, TlsMode

SECRET_ALIASES: Mapping[str, str] = {"postgresql-password": "password"}
"""Keys that the chart insists on, each with the key of the database Secret that it repeats."""

_USER_CODE = "dagster-user-deployments"
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
"""What YAML takes for something else than text."""
_LAUNCHERS = {"K8sRunLauncher": "k8sRunLauncher", "CeleryK8sRunLauncher": "celeryK8sRunLauncher"}
"""Key of each run launcher's settings, by the word that chooses it; Celery's workers take theirs, too."""


def dagster_values(*, endpoint: Endpoint, client_image: str, rotation: str, path_prefix: str = "") -> dict[str, Any]:
    """Values for a chart 1.13.x. They name Secrets and carry none.

    Args:
        endpoint: Dagster's database.
        client_image: image with `pg_isready`, for the init containers that wait for the database.
        rotation: changes with the credentials; the pods carry it and restart with it.
        path_prefix: path at which the webserver answers; empty for the root.
    """
    annotated = {"annotations": {CREDENTIALS_ROTATION: rotation}}
    return {
        "generatePostgresqlPasswordSecret": False,
        "global": {"postgresqlSecretName": endpoint.secret_name},
        "postgresql": {
            "enabled": False,
            "image": _image(client_image),
            "postgresqlHost": endpoint.host,
            "postgresqlUsername": _scalar(endpoint.username),
            "postgresqlDatabase": _scalar(endpoint.database),
            "postgresqlParams": _parameters(endpoint),
            "service": {"port": endpoint.port},
        },
        "dagsterWebserver": {**annotated, **_at_path(path_prefix)},
        "dagsterDaemon": annotated,
    }


def with_user_code(values: Mapping[str, Any], servers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The values with a list of user-code servers; without one, where there are no servers to list."""
    return {**values, _USER_CODE: {"deployments": [dict(server) for server in servers]}} if servers else dict(values)


def annotate_user_code(values: Mapping[str, Any], rotation: str) -> dict[str, Any]:
    """The values with the rotation on every user-code server that they list: those, too, hold the password."""

    def annotated(server: Mapping[str, Any]) -> dict[str, Any]:
        return {**server, "annotations": {**(server.get("annotations") or {}), CREDENTIALS_ROTATION: rotation}}

    return _each_user_code_server(values, annotated)


def with_database_authority(values: Mapping[str, Any], endpoint: Endpoint) -> dict[str, Any]:
    """The values, a user's merged in, with the authority's certificate in every pod that opens the database.

    That are the webserver, the daemon, the user-code servers that the values list (their sensors and schedules do), and
    what the run launcher starts: runs, and the steps of `k8s_job_executor`, which takes the launcher's volumes over. A
    volume that both launcher and code location give is one in the run's pod. A custom run launcher has its own ways.

    Args:
        values: chart values.
        endpoint: Dagster's database; unless `tls` is `VERIFY_FULL`, the values stay as they are.
    """
    if endpoint.tls is not TlsMode.VERIFY_FULL:
        return dict(values)
    with_it = partial(authority.with_authority, endpoint=endpoint, volumes="volumes", mounts="volumeMounts")
    given = with_it(with_it(values, ["dagsterWebserver"]), ["dagsterDaemon"])
    run_launcher: Mapping[str, Any] = given.get("runLauncher") or {}
    launcher = _LAUNCHERS.get(run_launcher.get("type") or "K8sRunLauncher")
    if launcher is not None:
        given = with_it(given, ["runLauncher", "config", launcher])
    return _each_user_code_server(given, lambda server: with_it(server, []))


def _each_user_code_server(
    values: Mapping[str, Any], change: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    user_code: Mapping[str, Any] = values.get(_USER_CODE) or {}
    servers = user_code.get("deployments")
    if not servers:
        return dict(values)
    return {**values, _USER_CODE: {**user_code, "deployments": [change(server) for server in servers]}}


def _at_path(prefix: str) -> dict[str, Any]:
    """The webserver answers nowhere but below its prefix, the chart's probe included."""
    if not prefix:
        return {}
    return {"pathPrefix": prefix, "readinessProbe": {"httpGet": {"path": f"{prefix}/server_info"}}}


def _scalar(name: str) -> str:
    """A name as the chart must have it, which writes it as it is into dagster.yaml and, behind `-U`, into a shell
    command: without quotes where nobody needs any, else in double ones, which both understand.
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
            return {"sslmode": endpoint.tls.value, "sslrootcert": authority.FILE}


def _image(reference: str) -> dict[str, str]:
    """The parts that the chart joins to `registry/repository:tag`; a short name is Docker Hub's."""
    name, at, digest = reference.partition("@")
    repository, _, tag = name.rpartition(":")
    first, slash, rest = repository.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return {"registry": first, "repository": rest, "tag": f"{tag}{at}{digest}"}
    path = repository if slash else f"library/{repository}"
    return {"registry": "docker.io", "repository": path, "tag": f"{tag}{at}{digest}"}
