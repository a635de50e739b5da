"""PostgreSQL's own settings: type, unit, and whether a change requires a restart of the server.

The table beside this file is `pg_settings` of PostgreSQL 17, written by `tests/scripts/record_settings.py`.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from components.forms.parameters import ParameterValue

TABLE = Path(__file__).with_name("postgresql_settings.tsv")


@dataclass(frozen=True)
class Setting:
    """A setting in `pg_settings`.

    Attributes:
        type: `bool`, `integer`, `real`, `string` or `enum`.
        unit: unit of a number without one, such as `kB` or `8kB`; None if it has no unit.
        context: when it takes effect; `postmaster` is only at the server's start.
    """

    type: str
    unit: str | None
    context: str


@functools.cache
def known_settings() -> Mapping[str, Setting]:
    """The settings of PostgreSQL 17 by name. Clouds and extensions have further ones, and so have older versions."""
    rows = [line.split("\t") for line in TABLE.read_text().splitlines()]
    return {name: Setting(type_, None if unit == "-" else unit, context) for name, type_, unit, context in rows}


def read_at_start(name: str) -> bool:
    """Whether a setting only takes effect at the server's start; false for settings that PostgreSQL does not have."""
    setting = known_settings().get(name)
    return setting is not None and setting.context == "postmaster"


class NotAllowed(ValueError):  # noqa: N818 - not an error of the program
    """A value that is invalid for the setting; the text describes valid ones."""


def in_base_unit(name: str, value: ParameterValue) -> ParameterValue:
    """The value as a plain number of the setting's own unit: 65536 for `work_mem: 64MB`.

    Text such as `on` becomes a boolean if the setting is one. Values of other types, and of settings that PostgreSQL 17
    does not have, are returned unchanged.

    Raises:
        NotAllowed: it is not a value of that type and unit.
    """
    setting = known_settings().get(name)
    match setting:
        case Setting(type="bool"):
            return _boolean(value)
        case Setting(type="integer" | "real"):
            return _number(setting, value)
        case _:
            return value


_WORDS = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}


def _boolean(value: ParameterValue) -> bool:
    word = str(value).strip().lower()
    if word not in _WORDS:
        raise NotAllowed("on or off")
    return _WORDS[word]


# Units of `postgresql.conf` (PostgreSQL manual, 19.1.1), in bytes and in microseconds. They are case-sensitive.
_SIZES = {unit: Decimal(1024) ** power for power, unit in enumerate(("B", "kB", "MB", "GB", "TB"))}
_SECOND = Decimal(1_000_000)
_TIMES = {
    "us": Decimal(1),
    "ms": Decimal(1000),
    "s": _SECOND,
    "min": _SECOND * 60,
    "h": _SECOND * 3600,
    "d": _SECOND * 86400,
}
# Far above every setting's own limit.
_LARGEST = 2**63
_NUMBER = re.compile(r"\s*([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*([A-Za-z]*)\s*")


def _number(setting: Setting, value: ParameterValue) -> int | float:
    match = None if isinstance(value, bool) else _NUMBER.fullmatch(str(value))
    if match is None:
        raise NotAllowed(_words(setting))
    number, unit = Decimal(match[1]), match[2]
    if unit:
        factor, units = _base(setting.unit)
        if unit not in units:
            raise NotAllowed(_words(setting))
        number = number * units[unit] / factor
    if abs(number) > _LARGEST:
        raise NotAllowed(_words(setting))
    if number == number.to_integral_value():
        return int(number)
    if setting.type == "integer":
        raise NotAllowed(_words(setting))
    return float(number)


def _base(unit: str | None) -> tuple[Decimal, Mapping[str, Decimal]]:
    """The size of that unit, and the units that a value may have instead."""
    if unit is None:
        return Decimal(1), {}
    match = re.fullmatch("([0-9]*)([A-Za-z]+)", unit)
    if match is None:
        raise ValueError(f"not a unit of PostgreSQL: {unit}")
    units = _SIZES if match[2] in _SIZES else _TIMES
    return Decimal(match[1] or 1) * units[match[2]], units


def _words(setting: Setting) -> str:
    number = "a whole number" if setting.type == "integer" else "a number"
    if setting.unit is None:
        return number
    _, units = _base(setting.unit)
    example = "64MB" if units is _SIZES else "5min"
    pages = " pages" if setting.unit[0].isdigit() else ""
    return (
        f"{number} of {setting.unit}{pages}, or a multiple of it with one of the units "
        f"{', '.join(units)}, as in {example}"
    )
