"""The kinds of server that both apps may share: one line each."""

import importlib
from dataclasses import dataclass
from typing import Annotated, cast

import pulumi

from components.forms.kinds import OneOf
from components.postgres.server import ServerComponent
from components.servers.kind import ServerSettings
from components.servers.placement import Placement


@dataclass(frozen=True)
class Kind:
    """Where the two halves of a kind are; neither is imported before a stack has such a server.

    Attributes:
        folder: package of the kind.
        settings: name of its settings model in the module `settings`.
        component: name in the module `component` of what is called with a name, the settings, a placement and options:
            the component's class, or a function that chooses one.
    """

    folder: str
    settings: str
    component: str


KINDS = {
    "existing": Kind("components.servers.existing", "ExistingSettings", "ExistingServer"),
    "cloudnativepg": Kind("components.servers.cloudnativepg", "CloudNativePGSettings", "CloudNativePGServer"),
    "crunchydata": Kind("components.servers.crunchydata", "CrunchyDataSettings", "CrunchyDataServer"),
    "rds": Kind("components.servers.rds", "RdsSettings", "rds_server"),
    "cloudsql": Kind("components.servers.cloudsql", "CloudSqlSettings", "cloudsql_server"),
}

AnyServer = Annotated[
    ServerSettings,
    OneOf("kind", {word: f"{kind.folder}.settings:{kind.settings}" for word, kind in KINDS.items()}, ServerSettings),
]
"""The settings of a server of any kind."""


def create_server(
    name: str, settings: ServerSettings, place: Placement, opts: pulumi.ResourceOptions
) -> ServerComponent:
    """Create the server, or look the existing one up.

    Args:
        name: name of the component, and prefix of the names in it.
        settings: the server.
        place: where it stands.
        opts: options of the component.
    """
    kind = KINDS[settings.kind]
    component = getattr(importlib.import_module(f"{kind.folder}.component"), kind.component)
    return cast("ServerComponent", component(name, settings, place, opts))
