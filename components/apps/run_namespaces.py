"""Namespaces that an app's chart can be told to start pods in, beside the app's own."""

from collections.abc import Iterator, Mapping
from typing import cast

from components.apps.settings import DeployedApps
from components.forms.base import KeyPath, Refusal

_PLACES = {
    "airbyte": ("global.jobs.kube.namespace",),
    "dagster": (
        "runLauncher.config.k8sRunLauncher.jobNamespace",
        "runLauncher.config.k8sRunLauncher.runK8sConfig.jobMetadata.namespace",
        "runLauncher.config.celeryK8sRunLauncher.jobNamespace",
        "dagster-user-deployments.deployments.*.deploymentNamespace",
    ),
}
"""Dotted paths in the charts' values, `*` standing for each item of a list."""


def refusals(apps: DeployedApps) -> Iterator[Refusal]:
    """Pods in a namespace without what they need: charts and program give that to the app's own namespace alone."""
    for key, (app, namespace) in apps.items():
        for place in _PLACES[key]:
            for path, found in _values_at(app.values, place.split(".")):
                if found in (None, "", namespace):
                    continue
                allowed = (
                    f"{namespace}, {key}'s own namespace, or nothing: in another one there is no Secret"
                    f" `{app.database.secret_name}` with the database's password and CA, no ConfigMap of the release,"
                    " and no service account or role for these pods"
                )
                reads = (("namespace",), (key, "namespace"))
                yield Refusal((key, "values", *path), found, allowed, reads)


def _values_at(value: object, keys: list[str]) -> Iterator[tuple[KeyPath, object]]:
    if not keys:
        yield (), value
    elif keys[0] == "*" and isinstance(value, list):
        for number, item in enumerate(cast("list[object]", value)):
            yield from (((number, *path), found) for path, found in _values_at(item, keys[1:]))
    elif isinstance(value, Mapping) and keys[0] in value:
        below = cast("Mapping[str, object]", value)[keys[0]]
        yield from (((keys[0], *path), found) for path, found in _values_at(below, keys[1:]))
