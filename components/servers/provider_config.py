"""What a stack file says to Pulumi's own packages beside the program's settings: keys such as `aws:defaultTags`.

Pulumi gives them to the packages' default providers. The program makes providers of its own, which get them from here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pulumi.runtime import is_config_secret
from pulumi.runtime.config import CONFIG

from components.forms.base import Found
from components.platform.settings import Stack
from components.servers.cloudsql.settings import CloudSqlServer
from components.servers.rds.settings import RdsServer
from components.servers.standalone import StandalonePostgreSQL
from stack.mistakes import Mistake, one_of


@dataclass(frozen=True)
class ProviderConfig:
    """Configuration of packages.

    Attributes:
        values: by `<package>:<key>`, as Pulumi passes them: text or JSON.
        secret_keys: those of `values` that hold something encrypted.
    """

    # Some are secrets: they show in no message that shows this.
    values: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    secret_keys: frozenset[str] = frozenset()

    def of(self, package: str) -> dict[str, str]:
        """What is said to one package, by key without the package."""
        prefix = f"{package}:"
        return {key.removeprefix(prefix): text for key, text in self.values.items() if key.startswith(prefix)}

    def is_secret(self, package: str, key: str) -> bool:
        """Whether the stack file holds that value encrypted."""
        return f"{package}:{key}" in self.secret_keys


def load_provider_config() -> ProviderConfig:
    """Configuration of all packages in the stack that Pulumi is running."""
    values = dict(CONFIG.get())
    return ProviderConfig(values, frozenset(key for key in values if is_config_secret(key)))


def contradictions(config: ProviderConfig, stack: Stack) -> list[Mistake]:
    """Values that say something else than the server's own settings, which the program goes by."""
    return [*_contradictions(config, _said(stack))]


def _said(stack: Stack) -> Iterator[tuple[str, str, str | None]]:
    """What the servers' settings say themselves: package and key, the setting's name, its value."""
    for postgresql in stack.servers:
        match postgresql:
            case StandalonePostgreSQL(server=RdsServer(region=region, profile=profile)):
                yield "aws:region", "server.region", region
                yield "aws:profile", "server.profile", profile
            case StandalonePostgreSQL(server=CloudSqlServer(project=project, region=region)):
                yield "gcp:project", "server.project", project
                yield "gcp:region", "server.region", region
            case _:
                pass


def _contradictions(config: ProviderConfig, said: Iterator[tuple[str, str, str | None]]) -> Iterator[Mistake]:
    wanted: dict[tuple[str, str], list[str]] = {}
    for key, setting, value in said:
        if value is not None:
            wanted.setdefault((key, setting), []).append(value)
    for (key, setting), values in wanted.items():
        found = config.values.get(key)
        if found is not None and found not in values:
            allowed = f"nothing, or {one_of(values)} as `{setting}` says: the program goes by that"
            yield Mistake((key,), Found.SECRET if key in config.secret_keys else found, allowed)
