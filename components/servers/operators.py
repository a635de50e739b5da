"""What a server that an operator runs in the cluster asks of the rest of a stack file, whichever operator it is."""

from collections.abc import Iterator

from components.apps.settings import DeployedApps
from components.forms.base import Refusal
from components.servers.cloudnativepg import stack_rules as cloudnativepg_stack
from components.servers.cloudnativepg.settings import CloudNativePG
from components.servers.crunchydata import stack_rules as crunchydata_stack
from components.servers.crunchydata.settings import CrunchyDataServer
from components.servers.standalone import StandalonePostgreSQL


def refusals(
    setting: str, postgresql: StandalonePostgreSQL, apps: DeployedApps, *, retain_data: bool
) -> Iterator[Refusal]:
    """Values that do not go with such a server; none where no operator runs it.

    Args:
        setting: the setting that the server is in, `postgresql` or `moveFrom`.
        postgresql: what it says.
        apps: the apps that are deployed.
        retain_data: whether `pulumi destroy` keeps data.
    """
    server = postgresql.server
    match server:
        case CloudNativePG():
            yield from cloudnativepg_stack.refusals(setting, server, apps)
        case CrunchyDataServer():
            yield from crunchydata_stack.refusals(setting, server, apps)
        case _:
            return
    yield from _operators_namespace(setting, postgresql, server, apps)
    if retain_data and not server.deletion_protection:
        allowed = "`true`, or `retainData: false`: the volumes go with the server"
        yield Refusal((setting, "server", "deletionProtection"), False, allowed, (("retainData",),))


def _operators_namespace(
    setting: str, postgresql: StandalonePostgreSQL, server: CloudNativePG | CrunchyDataServer, apps: DeployedApps
) -> Iterator[Refusal]:
    operator, path = server.operator, (setting, "server", "operator", "namespace")
    if not operator.install:
        return
    if operator.namespace in {postgresql.namespace, *(namespace for _, namespace in apps.values())}:
        allowed = "a namespace of its own: the operator may read every Secret of the Kubernetes cluster"
        reads = (("namespace",), (setting, "namespace"), *((key, "namespace") for key in apps))
        yield Refusal(path, operator.namespace, allowed, reads)
    if operator.create_namespace and (operator.namespace == "default" or operator.namespace.startswith("kube-")):
        allowed = "a namespace that Kubernetes has not made itself, or `createNamespace: false`"
        yield Refusal(path, operator.namespace, allowed, ((*path[:-1], "createNamespace"),))
