"""What the servers of all clouds have in common: settings of PostgreSQL, times of a day, roles that a cloud keeps."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, PlainValidator

from settings.base import Refusal, refuse, refuse_each
from settings.embedded import ParameterValue

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


def _parameter(value: object) -> str:
    """As the clouds take it: text; `on` and `off` for what YAML reads as a boolean."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if not isinstance(value, int | float | str):
        refuse("text, a number, true or false")
    text = str(value)
    if "\n" in text or "\0" in text:
        refuse("a value on one line")
    return text


def _parameters(value: dict[str, str]) -> dict[str, str]:
    refuse_each(_refused(value))
    return value


def _refused(value: Mapping[str, str]) -> Iterator[Refusal]:
    for name, setting in value.items():
        if re.fullmatch(r"[a-z_][a-z0-9_.]*", name) is None:
            yield Refusal((name,), setting, "names of PostgreSQL settings: lower-case letters, digits, '_' and '.'")
        if name in _OURS:
            allowed = f"any setting but those that durability and access rest on: {', '.join(_OURS)}"
            yield Refusal((name,), setting, allowed)


Parameter = Annotated[str, PlainValidator(_parameter, json_schema_input_type=ParameterValue)]
"""Value of a PostgreSQL setting, as text."""

Parameters = Annotated[dict[str, Parameter], AfterValidator(_parameters)]
"""PostgreSQL settings by name."""

_KEPT = {"rds": ("rdsadmin", "rds_"), "cloudsql": ("cloudsql",)}


def kept_names(kind: str) -> tuple[str, ...]:
    """Beginnings of the names of roles and databases that the cloud of that kind of server keeps for itself."""
    return _KEPT.get(kind, ())


CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
"""A time of day as both clouds write it, `HH:MM`, in UTC."""


def minutes(clock: str) -> int:
    """Minutes since midnight of `HH:MM`."""
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)
