"""Times of scheduled work, as a Kubernetes CronJob reads them."""

import re
from typing import Annotated

from pydantic import AfterValidator

from settings.base import refuse

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# Least, most and names of each field, as the library of Kubernetes has them (robfig/cron v3): Sunday is 0, never 7.
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[0-9]+))?")


def _number(text: str, least: int, names: tuple[str, ...]) -> int:
    if text.lower() in names:
        return least + names.index(text.lower())
    return int(text) if text.isascii() and text.isdigit() else -1


def _is_part(text: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    match = _PART.fullmatch(text)
    if match is None or (match["step"] is not None and int(match["step"]) == 0):
        return False
    first = least if match["first"] is None else _number(match["first"], least, names)
    last = first if match["last"] is None else _number(match["last"], least, names)
    return least <= first <= last <= most


def cron(value: str) -> str:
    """Return a schedule as it is, or refuse it."""
    fields = value.split(" ")
    if len(fields) != len(_FIELDS) or not all(
        _is_part(part, *limits) for field, limits in zip(fields, _FIELDS, strict=True) for part in field.split(",")
    ):
        refuse(
            "five fields with one space between: minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-6, such as"
            " `0 1 * * 0` for Sundays at one (UTC)"
        )
    return value


Cron = Annotated[str, AfterValidator(cron)]
"""When something is done again and again, by the clock of the cluster (UTC)."""
