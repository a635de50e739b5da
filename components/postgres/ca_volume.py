"""The certificate of a database's authority in an app's pods, where the app checks the server against it."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.helm.release import with_items
from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.endpoint import Endpoint

NAME = "database-authority"
"""Name of the volume."""

FOLDER = "/etc/database-authority"
"""Where pods have the volume; the same in all, since Airbyte hands its connection on to pods that it starts."""

FILE = f"{FOLDER}/{CA_CERTIFICATE}"
"""Path of the certificate."""


def volume(endpoint: Endpoint) -> dict[str, Any]:
    """The volume: the certificate alone, out of the database's Secret.

    A pod starts without it, too. After a switch to a server without TLS, Dagster's webserver may go on giving runs the
    volumes that it once heard of from an old code server: they would hang. Who needs the file says so on connecting.
    """
    items = [{"key": CA_CERTIFICATE, "path": CA_CERTIFICATE}]
    return {"name": NAME, "secret": {"secretName": endpoint.secret_name, "items": items, "optional": True}}


def mount() -> dict[str, Any]:
    """Where a container has it."""
    return {"name": NAME, "mountPath": FOLDER, "readOnly": True}


def with_authority(
    values: Mapping[str, Any], path: Sequence[str], endpoint: Endpoint, *, volumes: str, mounts: str
) -> dict[str, Any]:
    """Chart values whose part at `path` has the volume and its mount, after those that a user gave it.

    Args:
        values: chart values.
        path: keys that lead to a component's values; none for `values` itself.
        endpoint: the database.
        volumes: key of the component's list of volumes.
        mounts: key of its container's list of mounts.
    """
    added = with_items(values, [*path, volumes], [volume(endpoint)])
    return with_items(added, [*path, mounts], [mount()])
