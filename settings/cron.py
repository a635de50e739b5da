"""Schedules as the CloudNativePG operator reads them: cron with a field of seconds before the usual five."""

import re

from settings.base import refuse

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Name, least, most, and words for the numbers from the least on (robfig/cron 1.2, which the operator reads them with).
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("seconds", 0, 59, ()),
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)


def six_fields(value: str) -> str:
    """Return a schedule of six fields as it is, or refuse it.

    Five are refused, although the operator takes them: it reads the first as seconds, so that what means two o'clock
    elsewhere would be the second minute of every hour.
    """
    fields = value.split()
    if len(fields) != len(_FIELDS):
        refuse("six fields, seconds first, such as `0 0 2 * * *` for two o'clock UTC")
    for text, (name, least, most, words) in zip(fields, _FIELDS, strict=True):
        if not all(_part_is_valid(part, least, most, words) for part in text.lower().split(",")):
            refuse(f"six fields, seconds first; {name} is from {least} to {most}, found {text!r}")
    if not fields[0].isdigit():
        refuse(f"six fields, with one number of seconds first, found {fields[0]!r}")
    return value


def _part_is_valid(part: str, least: int, most: int, words: tuple[str, ...]) -> bool:
    """Whether it is `*`, `?`, a number or word, or a range, any of them with a step."""
    match = re.fullmatch(r"(\*|\?|(\w+)(?:-(\w+))?)(?:/([0-9]+))?", part)
    if match is None or (match[4] is not None and int(match[4]) == 0):
        return False
    if match[2] is None:
        return True
    ends = [_number(text, least, words) for text in (match[2], match[3] or match[2])]
    return least <= ends[0] <= ends[1] <= most


def _number(text: str, least: int, words: tuple[str, ...]) -> int:
    if text.isdigit():
        return int(text)
    return least + words.index(text) if text in words else -1
