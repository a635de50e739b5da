"""What the servers of all clouds have in common: settings of PostgreSQL, times of a day, roles that a cloud keeps."""

from collections.abc import Mapping
from typing import Annotated

from settings.parameters import Kept, Parameter, ParameterValue, without

# What encryption, authentication and durability rest on.
_OURS = (
    "fsync",
    "full_page_writes",
    "password_encryption",
    "port",
    "rds.accepted_password_auth_method",
    "rds.force_ssl",
    "ssl",
    "synchronous_commit",
)


_KEPT = Kept(_OURS, f"any setting but those that durability and access rest on: {', '.join(_OURS)}")
Parameters = Annotated[dict[str, Parameter], without(_KEPT)]
"""PostgreSQL settings by name."""


def as_text(parameters: Mapping[str, ParameterValue], *, true: str, false: str) -> dict[str, str]:
    """Settings as a cloud takes them: text, with its own words for what YAML reads as a boolean."""
    return {
        name: (true if value else false) if isinstance(value, bool) else str(value)
        for name, value in parameters.items()
    }


CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
"""A time of day as both clouds write it, `HH:MM`, in UTC."""


def minutes(clock: str) -> int:
    """Minutes since midnight of `HH:MM`."""
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


_KEPT_NAMES = {"rds": ("rdsadmin", "rds_"), "cloudsql": ("cloudsql",)}


def kept_names(kind: str) -> tuple[str, ...]:
    """Beginnings of the names of roles and databases that the cloud of that kind of server keeps for itself."""
    return _KEPT_NAMES.get(kind, ())
