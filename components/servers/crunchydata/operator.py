"""CrunchyData's operator (PGO): installed from its Helm chart, or existing."""

from collections.abc import Iterator
from typing import Annotated, Any

from components.forms.base import Refusal
from components.forms.names import Namespace, ReleaseName
from components.helm.known_values import unknown_values
from components.helm.reserved import Reserved, without_reserved
from components.servers.operators import OperatorSettings

_RESERVED = Reserved(paths={"singleNamespace": "the operator must see the server's namespace"})


class CrunchyDataOperator(OperatorSettings):
    """CrunchyData's operator, which serves the whole Kubernetes cluster."""

    install: bool = True
    """Whether the program installs the operator; `false` where the cluster has one already. Its chart creates the CRDs
    on the first installation only: apply a newer chart's CRDs by hand."""
    namespace: Namespace = "postgres-operator"
    release_name: ReleaseName = "pgo"
    values: Annotated[dict[str, Any], without_reserved(_RESERVED)] = {}
    """Your own chart values, merged over the program's. Those that look misspelt are refused."""

    @property
    def is_official(self) -> bool:
        """Whether the images are those of the chart that this program is tested with."""
        return self.install and not self.chart.model_fields_set - {"unknown_values"}

    def refusals(self) -> Iterator[Refusal]:
        """Also values that look misspelt."""
        yield from super().refusals()
        if self.install:
            yield from unknown_values(self.chart, self.values, "pgo-5", complete=False)
