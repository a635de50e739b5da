"""Configuration of Pulumi's packages in a stack file, beside the program's settings: keys such as `aws:defaultTags`.

Pulumi passes it to the packages' default providers. The program creates providers of its own, which take it from here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pulumi.runtime import is_config_secret
from pulumi.runtime.config import CONFIG

from components.forms.base import Placeholder, one_of
from components.forms.mistake import Mistake


@dataclass(frozen=True)
class ProviderConfig:
    """Configuration of packages.

    Attributes:
        values: by `<package>:<key>`, as Pulumi passes them: text or JSON.
        secret_keys: those of `values` that are encrypted.
    """

    # Some are secrets: they must not be in a message that shows this object.
    values: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    secret_keys: frozenset[str] = frozenset()

    def of(self, package: str) -> dict[str, str]:
        """Configuration of one package, by key without the package."""
        prefix = f"{package}:"
        return {key.removeprefix(prefix): text for key, text in self.values.items() if key.startswith(prefix)}

    def is_secret(self, package: str, key: str) -> bool:
        """Whether that value is encrypted in the stack file."""
        return f"{package}:{key}" in self.secret_keys


def load_provider_config() -> ProviderConfig:
    """Configuration of all packages in the stack that Pulumi is running."""
    values = dict(CONFIG.get())
    return ProviderConfig(values, frozenset(key for key in values if is_config_secret(key)))


def contradictions(config: ProviderConfig, settings: Iterable[Mapping[str, tuple[str, str | None]]]) -> list[Mistake]:
    """Values of the configuration that contradict the servers' own settings, which the program uses.

    Args:
        config: the configuration.
        settings: `provider_settings` of each server.
    """
    wanted: dict[tuple[str, str], list[str]] = {}
    for server in settings:
        for key, (setting, value) in server.items():
            if value is not None:
                wanted.setdefault((key, setting), []).append(value)
    return [
        Mistake(
            (key,),
            Placeholder.SECRET if key in config.secret_keys else config.values[key],
            f"nothing, or {one_of(values)} as `{setting}` says, which the program uses",
        )
        for (key, setting), values in wanted.items()
        if key in config.values and config.values[key] not in values
    ]
