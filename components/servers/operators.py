"""Servers that an operator runs in the cluster: settings and rules that hold for every operator."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from components.forms.base import KeyPath, Model, Refusal
from components.forms.names import Namespace, ReleaseName
from components.helm.chart import Chart
from components.postgres.endpoint import TlsMode
from components.servers.kind import ServerSettings, Surroundings


class OperatorSettings(Model):
    """An operator. One serves the whole Kubernetes cluster."""

    install: bool = True
    """Whether the program installs the operator; `false` where the cluster has one already."""
    namespace: Namespace
    """Namespace of the operator."""
    create_namespace: bool = True
    """Whether the program creates that namespace."""
    release_name: ReleaseName
    """Name of the Helm release."""
    chart: Chart = Chart()
    """Which chart, if not the official one in the version that this program is tested with."""
    values: dict[str, Any] = {}
    """Your own chart values, merged over the program's. Values that the chart does not know are refused."""
    timeout_seconds: Annotated[int, Field(ge=60, le=3600)] = 300
    """How long `pulumi up` waits for the operator before it fails."""

    def refusals(self) -> Iterator[Refusal]:
        """Settings of a release that the program does not install."""
        if self.install:
            return
        for name in sorted(self.model_fields_set - {"install"}):
            key = type(self).model_fields[name].alias or name
            found = self.model_dump(by_alias=True, exclude_unset=True)[key]
            yield Refusal((key,), found, "nothing with `install: false`", (("install",),))


class OperatedSettings(ServerSettings):
    """A server that an operator runs."""

    operator: OperatorSettings
    """The operator."""
    deletion_protection: bool = True
    """Whether Pulumi refuses to delete the server, whose volumes go with it whatever `retainData` says."""

    @property
    def client_tls(self) -> TlsMode:
        """How apps connect: every operator has a CA of its own."""
        return TlsMode.VERIFY_FULL

    def rules(self, around: Surroundings) -> Iterator[Refusal]:
        """An operator beside what it must not be beside, and data that `retainData` could not retain."""
        yield from super().rules(around)
        yield from self._operators_namespace(around)
        if around.retain_data and not self.deletion_protection:
            allowed = "`true`, or `retainData: false`: the volumes are deleted with the server"
            path = (around.setting, "server", "deletionProtection")
            yield Refusal(path, False, allowed, (("retainData",),))

    def _operators_namespace(self, around: Surroundings) -> Iterator[Refusal]:
        operator, path = self.operator, (around.setting, "server", "operator", "namespace")
        if not operator.install:
            return
        if operator.namespace in {around.namespace, *(tenant.namespace for tenant in around.tenants.values())}:
            allowed = "a namespace of its own: the operator may read every Secret of the Kubernetes cluster"
            apps: tuple[KeyPath, ...] = tuple((key, "namespace") for key in around.tenants)
            yield Refusal(path, operator.namespace, allowed, (("namespace",), (around.setting, "namespace"), *apps))
        if operator.create_namespace and (operator.namespace == "default" or operator.namespace.startswith("kube-")):
            allowed = "a namespace that Kubernetes has not created itself, or `createNamespace: false`"
            yield Refusal(path, operator.namespace, allowed, ((*path[:-1], "createNamespace"),))
