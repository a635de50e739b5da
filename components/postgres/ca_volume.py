"""The CA certificate of a database server in an app's pods, where the app checks the server's certificate."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.helm.values import with_items
from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.endpoint import Endpoint

NAME = "database-authority"
"""Name of the volume."""

FOLDER = "/etc/database-authority"
"""Mount path of the volume; the same in all pods, since Airbyte passes its connection on to pods that it starts."""

FILE = f"{FOLDER}/{CA_CERTIFICATE}"
"""Path of the certificate."""


def volume(endpoint: Endpoint) -> dict[str, Any]:
    """The volume: the certificate from the database's Secret, no other key.

    It is optional. After a switch to a server without TLS, Dagster's webserver may still give runs the volumes of an
    old code server, and without the key their pods would not start. A client that needs the file fails to connect
    without it.
    """
    items = [{"key": CA_CERTIFICATE, "path": CA_CERTIFICATE}]
    return {"name": NAME, "secret": {"secretName": endpoint.secret_name, "items": items, "optional": True}}


def mount() -> dict[str, Any]:
    """The volume mount of a container."""
    return {"name": NAME, "mountPath": FOLDER, "readOnly": True}


def with_ca(
    values: Mapping[str, Any], path: Sequence[str], endpoint: Endpoint, *, volumes: str, mounts: str
) -> dict[str, Any]:
    """Chart values whose part at `path` has the volume and its mount, after those of the user.

    Args:
        values: chart values.
        path: keys that lead to a component's values; none for `values` itself.
        endpoint: the database.
        volumes: key of the component's list of volumes.
        mounts: key of its container's list of mounts.
    """
    added = with_items(values, [*path, volumes], [volume(endpoint)])
    return with_items(added, [*path, mounts], [mount()])
