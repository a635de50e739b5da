"""What a kind of server has to say of itself; the rest of the program asks nothing else."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from components.forms.base import KeyPath, Model, Refusal
from components.postgres.endpoint import TlsMode
from components.postgres.pooler.budget import Capacity
from components.postgres.pooler.settings import PoolerSettings
from components.postgres.tenant import Tenants
from components.servers.admin import ExistingAdmin
from components.servers.optional import OptionalPackage
from components.servers.provider_arguments import provider_arguments
from components.servers.provider_config import ProviderConfig


@dataclass(frozen=True)
class Surroundings:
    """The rest of the stack file, as far as a server may have rules against it.

    Attributes:
        setting: the setting that the server is in, `postgresql` or `moveFrom`; its own settings are below `server`.
        namespace: namespace of the server.
        tenants: the apps that are deployed.
        retain_data: whether `pulumi destroy` keeps data.
    """

    setting: str
    namespace: str
    tenants: Tenants
    retain_data: bool


class ServerSettings(Model):
    """One kind of server that both apps share: its settings, which are its component's args."""

    package: ClassVar[OptionalPackage | None] = None
    """The Pulumi package that only this kind needs."""
    reserved_names: ClassVar[tuple[str, ...]] = ()
    """Beginnings of names of roles and databases that whoever runs the server keeps for itself."""

    kind: str
    """Who runs the server."""

    @property
    @abstractmethod
    def client_tls(self) -> TlsMode:
        """How apps connect."""

    @property
    def given_admin(self) -> ExistingAdmin | None:
        """The admin of an existing server; None where the program creates the server with its admin."""
        return None

    @property
    def has_admin(self) -> bool:
        """Whether the program can create roles and databases."""
        return True

    @property
    def is_copy(self) -> bool:
        """Whether it begins as a copy of another server."""
        return False

    @property
    def capacity(self) -> Capacity | None:
        """The connections that it accepts; None where that is not known."""
        return None

    @property
    def capacity_setting(self) -> KeyPath:
        """Path of the setting that says how many connections it accepts."""
        return ("maxConnections",)

    @property
    def given_pooler(self) -> PoolerSettings | None:
        """The pooler between apps and server; None where they connect to the server."""
        return None

    @property
    def provider_settings(self) -> Mapping[str, tuple[str, str | None]]:
        """Configuration of `package` that the settings say themselves, such as `aws:region`: setting and value."""
        return {}

    def rules(self, around: Surroundings) -> Iterator[Refusal]:
        """Values of the whole stack file that do not go with this server; paths are from its top."""
        yield from ()

    def require_package(self, config: ProviderConfig) -> None:
        """Fail, before anything is created, if the package is missing or does not know its part of the stack file.

        Raises:
            pulumi.RunError: it is so; the text says what to do.
        """
        if self.package is not None:
            provider_arguments(self.package.name, self.package.load().ProviderArgs, config)
