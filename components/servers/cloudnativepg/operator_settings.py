"""The CloudNativePG operator: installed from its Helm chart, or there already."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from components.forms.base import Model, Refusal
from components.forms.names import Namespace, ReleaseName
from components.helm.chart import Chart
from components.helm.known_values import unknown_values
from components.helm.reserved import Reserved, refuse_reserved

_CERTIFICATES = "the certificates' life comes from `certificateDays`"
_SEEN = "the operator must see the server's namespace"
_NAMES = "the program relies on the chart's own names"

_RESERVED = Reserved(
    paths={
        "config.data.CERTIFICATE_DURATION": _CERTIFICATES,
        "config.create": _CERTIFICATES,
        "config.secret": _CERTIFICATES,
        "config.clusterWide": _SEEN,
        "config.data.WATCH_NAMESPACE": _SEEN,
        "crds.create": "without its definitions nothing of the server can be made",
        "webhook.*.create": "a mistake in the server's settings would be found only when it is too late",
        "webhook.*.failurePolicy": "a mistake in the server's settings would be found only when it is too late",
        "namespaceOverride": _NAMES,
        "service.name": _NAMES,
    },
    environment={"CERTIFICATE_DURATION": _CERTIFICATES, "WATCH_NAMESPACE": _SEEN},
    lists=(),
    mappings=("config", "config.data"),
)


def _values(values: dict[str, Any]) -> dict[str, Any]:
    return refuse_reserved(values, _RESERVED)


class CloudNativePGOperator(Model):
    """The operator. One serves the whole Kubernetes cluster."""

    install: bool = True
    """Whether the program installs it; `false` where one is there already, of version 1.28."""
    chart: Chart = Chart()
    """Which chart, if not the official one in the version that this program is tested with."""
    namespace: Namespace = "cnpg-system"
    """Namespace of the operator."""
    create_namespace: bool = True
    """Whether the program makes that namespace."""
    release_name: ReleaseName = "cnpg"
    """Name of the Helm release."""
    certificate_days: Annotated[int, Field(ge=366, le=7300)] = 3650
    """Days that the certificates last which the operator makes. Apps check the server against a copy of its authority,
    renewed at each `pulumi up`; an operator that is there already has `CERTIFICATE_DURATION` (default 90)."""
    values: Annotated[dict[str, Any], AfterValidator(_values)] = {}
    """Chart values of your own, merged over the program's. Those that the chart does not know are refused."""
    timeout_seconds: Annotated[int, Field(ge=60, le=3600)] = 300
    """How long `pulumi up` waits for the operator before it fails."""

    def refusals(self) -> Iterator[Refusal]:
        """Values that the chart does not know, and how to install what is there already."""
        if self.install:
            if self.chart.unknown_values == "refuse":
                for it in unknown_values(self.values, "cloudnative-pg-0", {}):
                    yield Refusal(("values", *it.path), it.found, it.allowed, (("chart", "unknownValues"),))
            return
        for name in sorted(self.model_fields_set - {"install"}):
            key = type(self).model_fields[name].alias or name
            found = self.model_dump(by_alias=True, exclude_unset=True)[key]
            yield Refusal(
                (key,), found, "nothing with `install: false`: the operator is there already", (("install",),)
            )
