"""Schedules of five fields as operators read them (robfig/cron): minutes first, Sunday is 0, never 7."""

import re
from typing import Annotated

from pydantic import AfterValidator

from components.forms.base import refuse

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# Name, least, most, and words for the numbers from the least on.
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)
_WANTED = "five fields, such as `0 1 * * 0` for Sundays at one (UTC)"
_PART = re.compile(r"(\*|\?|(\w+)(?:-(\w+))?)(?:/([0-9]+))?", re.ASCII)


def five_fields(value: str) -> str:
    """Return a schedule of five fields as it is, or refuse it."""
    fields = value.split(" ")
    if len(fields) == len(_FIELDS) + 1:
        refuse(f"{_WANTED}: without the field for seconds")
    if len(fields) != len(_FIELDS):
        refuse(_WANTED)
    for text, (name, least, most, words) in zip(fields, _FIELDS, strict=True):
        if not all(_is_part(part, least, most, words) for part in text.lower().split(",")):
            refuse(f"{_WANTED}; {name} is from {least} to {most}, found {text!r}")
    return value


def _is_part(part: str, least: int, most: int, words: tuple[str, ...]) -> bool:
    """Whether it is `*`, `?`, a number or word, or a range, any of them with a step."""
    match = _PART.fullmatch(part)
    if match is None or (match[4] is not None and int(match[4]) == 0):
        return False
    if match[2] is None:
        return True
    first, last = (_number(text, least, words) for text in (match[2], match[3] or match[2]))
    return least <= first <= last <= most


def _number(text: str, least: int, words: tuple[str, ...]) -> int:
    if text.isdigit():
        return int(text)
    return least + words.index(text) if text in words else -1


Cron = Annotated[str, AfterValidator(five_fields)]
"""When something is done, again and again, by UTC."""
