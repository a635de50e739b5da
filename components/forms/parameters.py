"""PostgreSQL settings that a stack may give, and those that are not its to give."""

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
class Kept:
    """PostgreSQL settings that are not a stack's to give.

    Attributes:
        names: their names, `*` standing for any end of one.
        allowed: what may be there instead, in words.
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
"""Settings that the program derives or relies on, whoever runs the server: durability and access rest on them."""


def without(*kept: Kept) -> AfterValidator:
    """Annotation of PostgreSQL settings by name that refuses some of them, each by the first rule that knows it."""

    def check(value: dict[str, ParameterValue]) -> dict[str, ParameterValue]:
        refuse_each(_refused(value, kept))
        return value

    return AfterValidator(check)


def _refused(value: dict[str, ParameterValue], kept: tuple[Kept, ...]) -> Iterator[Refusal]:
    for name, setting in value.items():
        if re.fullmatch(r"[a-z_][a-z0-9_.]*", name) is None:
            yield Refusal((name,), setting, "names of PostgreSQL settings: lower-case letters, digits, '_' and '.'")
            continue
        reasons = [rule.allowed for rule in kept if any(fnmatchcase(name, pattern) for pattern in rule.names)]
        if reasons:
            yield Refusal((name,), setting, reasons[0])
