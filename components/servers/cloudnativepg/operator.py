"""The CloudNativePG operator: installed from its Helm chart, or existing."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from components.forms.base import Refusal
from components.forms.names import Namespace, ReleaseName
from components.helm.known_values import unknown_values
from components.helm.reserved import Reserved, without_reserved
from components.kubernetes.pods import Pods
from components.servers.cloudnativepg.pods import operator_values
from components.servers.operators import OperatorSettings

_CERTIFICATES = "the certificates' lifetime comes from `certificateDays`"
_SEEN = "the operator must see the server's namespace"
_NAMES = "the program relies on the chart's own names"
_WEBHOOK = "a mistake in the server's settings would be found only when it is too late"

_STANDBY_TIMEOUT = "2000"
"""`tcp_user_timeout` of standbys in milliseconds; the operator's default is 5000. A standby that connects while the
Service still leads to a primary that is gone waits so long, and commits wait for the standby. It is time enough for one
lost packet; a standby that is cut off for longer connects again, and nothing else follows from that.
"""

_RESERVED = Reserved(
    paths={
        "config.data.CERTIFICATE_DURATION": _CERTIFICATES,
        "config.create": _CERTIFICATES,
        "config.secret": _CERTIFICATES,
        "config.clusterWide": _SEEN,
        "config.data.WATCH_NAMESPACE": _SEEN,
        "crds.create": "without its definitions nothing of the server can be created",
        "webhook.*.create": _WEBHOOK,
        "webhook.*.failurePolicy": _WEBHOOK,
        "namespaceOverride": _NAMES,
        "service.name": _NAMES,
    },
    environment={"CERTIFICATE_DURATION": _CERTIFICATES, "WATCH_NAMESPACE": _SEEN},
    mappings=("config", "config.data"),
)


class CloudNativePGOperator(OperatorSettings):
    """The operator of CloudNativePG, version 1.28."""

    install: bool = True
    """Whether the program installs the operator; `false` where the cluster has one already, of version 1.28."""
    namespace: Namespace = "cnpg-system"
    release_name: ReleaseName = "cnpg"
    certificate_days: Annotated[int, Field(ge=366, le=7300)] = 3650
    """Days that the certificates last which the operator creates. Apps check the server against a copy of its CA
    certificate, which is renewed at each `pulumi up`; an existing operator has `CERTIFICATE_DURATION` (default 90)."""
    values: Annotated[dict[str, Any], without_reserved(_RESERVED)] = {}

    def refusals(self) -> Iterator[Refusal]:
        """Also values that the chart does not know."""
        yield from super().refusals()
        if self.install:
            yield from unknown_values(self.chart, self.values, "cloudnative-pg-0")

    def chart_values(self, pods: Pods) -> dict[str, Any]:
        """The program's own values of the chart; `pods` is what holds for every pod."""
        data = {
            "CERTIFICATE_DURATION": str(self.certificate_days),
            "STANDBY_TCP_USER_TIMEOUT": _STANDBY_TIMEOUT,
        }
        return {**operator_values(pods), "config": {"data": data}}
