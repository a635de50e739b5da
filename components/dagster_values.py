"""Values of Dagster's chart: what it must be told about its database."""

from collections.abc import Mapping
from typing import Any

from components.endpoint import Endpoint, TlsMode
from components.helm import CREDENTIALS_ROTATION

SECRET_ALIASES: Mapping[str, str] = {"postgresql-password": "password"}
"""Keys that the chart insists on, each with the key of the database Secret that it repeats."""

_USER_CODE = "dagster-user-deployments"


def dagster_values(*, endpoint: Endpoint, client_image: str, rotation: str) -> dict[str, Any]:
    """Values for a chart 1.13.x. They name Secrets and carry none.

    Args:
        endpoint: Dagster's database.
        client_image: image with `pg_isready`, for the init containers that wait for the database.
        rotation: changes with the credentials; the pods carry it and restart with it.
    """
    annotated = {"annotations": {CREDENTIALS_ROTATION: rotation}}
    return {
        "generatePostgresqlPasswordSecret": False,
        "global": {"postgresqlSecretName": endpoint.secret_name},
        "postgresql": {
            "enabled": False,
            "image": _image(client_image),
            "postgresqlHost": endpoint.host,
            "postgresqlUsername": endpoint.username,
            "postgresqlDatabase": endpoint.database,
            "postgresqlParams": {} if endpoint.tls is TlsMode.DISABLE else {"sslmode": endpoint.tls.value},
            "service": {"port": endpoint.port},
        },
        "dagsterWebserver": annotated,
        "dagsterDaemon": annotated,
    }


def annotate_user_code(values: Mapping[str, Any], rotation: str) -> dict[str, Any]:
    """The values with the rotation on every user-code server that they list: those, too, hold the password.

    The chart's own default list is not here to be annotated; whoever deploys real code gives a list anyway.
    """
    user_code: Mapping[str, Any] = values.get(_USER_CODE, {})
    if not user_code.get("deployments"):
        return dict(values)
    annotated = [
        {**server, "annotations": {**server.get("annotations", {}), CREDENTIALS_ROTATION: rotation}}
        for server in user_code["deployments"]
    ]
    return {**values, _USER_CODE: {**user_code, "deployments": annotated}}


def _image(reference: str) -> dict[str, str]:
    """The parts that the chart joins to `registry/repository:tag`; a short name is Docker Hub's."""
    name, at, digest = reference.partition("@")
    repository, _, tag = name.rpartition(":")
    first, slash, rest = repository.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return {"registry": first, "repository": rest, "tag": f"{tag}{at}{digest}"}
    path = repository if slash else f"library/{repository}"
    return {"registry": "docker.io", "repository": path, "tag": f"{tag}{at}{digest}"}
