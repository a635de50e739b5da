"""What the servers of all clouds have in common: settings of PostgreSQL, times of a day, roles that a cloud keeps."""

import functools
import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from components.forms.base import Refusal, refuse_each
from components.forms.parameters import Kept, Parameter, ParameterValue, without
from components.forms.postgresql_settings import NotAllowed, in_base_unit

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

# "Specifying DB parameters" in the RDS User Guide: formulas in braces, and functions of them.
_FORMULA = re.compile(r"\s*(?:\{|(?:GREATEST|LEAST|SUM)\s*\()")


def _converted(value: dict[str, ParameterValue], *, formulas: bool) -> dict[str, ParameterValue]:
    converted: dict[str, ParameterValue] = {}
    refused: list[Refusal] = []
    for name, given in value.items():
        if formulas and isinstance(given, str) and _FORMULA.match(given):
            converted[name] = given
            continue
        try:
            converted[name] = in_base_unit(name, given)
        except NotAllowed as error:
            refused.append(Refusal((name,), given, str(error)))
    refuse_each(refused)
    return converted


RdsParameters = Annotated[
    dict[str, Parameter], without(_KEPT), AfterValidator(functools.partial(_converted, formulas=True))
]
"""PostgreSQL settings by name, as RDS takes them: numbers of the setting's own unit, or formulas."""

CloudSqlFlags = Annotated[
    dict[str, Parameter], without(_KEPT), AfterValidator(functools.partial(_converted, formulas=False))
]
"""PostgreSQL settings by name, as Cloud SQL takes them: numbers of the setting's own unit."""


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
