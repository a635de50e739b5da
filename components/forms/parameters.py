"""PostgreSQL settings in a stack file, and reserved ones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, PlainValidator

from components.forms.base import Refusal, refuse, refuse_each

ParameterValue: TypeAlias = bool | int | float | str


def _parameter(value: object) -> ParameterValue:
    if not isinstance(value, bool | int | float | str):
        refuse("text, a number, true or false")
    if isinstance(value, str) and ("\n" in value or "\0" in value):
        refuse("a value on one line")
    return value


Parameter = Annotated[ParameterValue, PlainValidator(_parameter, json_schema_input_type=ParameterValue)]
"""Value of a PostgreSQL setting."""


@dataclass(frozen=True)
class ProtectedParameters:
    """PostgreSQL settings that a stack file may not set.

    Attributes:
        names: their names; `*` at the end stands for any ending.
        allowed: description of what may be set instead.
    """

    names: tuple[str, ...]
    allowed: str


OURS = (
    "fsync",
    "full_page_writes",
    "include*",
    "max_connections",
    "password_encryption",
    "synchronous_commit",
)
"""Settings that the program derives or relies on, for every kind of server: durability and access depend on them."""


def without(*protected: ProtectedParameters) -> AfterValidator:
    """Annotation of PostgreSQL settings by name that refuses protected ones, each by the first rule that applies."""

    def check(value: dict[str, ParameterValue]) -> dict[str, ParameterValue]:
        refuse_each(_refused(value, protected))
        return value

    return AfterValidator(check)


def _refused(value: dict[str, ParameterValue], protected: tuple[ProtectedParameters, ...]) -> Iterator[Refusal]:
    for name, setting in value.items():
        if re.fullmatch(r"[a-z_][a-z0-9_.]*", name) is None:
            yield Refusal((name,), setting, "names of PostgreSQL settings: lower-case letters, digits, '_' and '.'")
            continue
        reasons = [rule.allowed for rule in protected if any(fnmatchcase(name, pattern) for pattern in rule.names)]
        if reasons:
            yield Refusal((name,), setting, reasons[0])
