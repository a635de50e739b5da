"""A point in time in a stack file."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator

from components.forms.base import refuse
from components.forms.names import Form

_FORM = Form(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[-+][0-9]{2}:[0-9]{2})",
    None,
    "a point in time with its zone, such as 2026-11-25T08:00:00Z or 2026-11-25T09:00:00+01:00",
)


def in_utc(moment: str) -> datetime:
    """The same point in time in UTC.

    Raises:
        ValueError: there is no such day or hour.
    """
    return datetime.fromisoformat(moment).astimezone(UTC)


def rfc3339(moment: str) -> str:
    """The same point in time in UTC, as RFC 3339 has it, such as `2026-11-25T08:00:00Z`."""
    return in_utc(moment).isoformat().replace("+00:00", "Z")


def for_recovery(moment: str) -> str:
    """The same point in time in UTC as PostgreSQL's `recovery_target_time`, such as `2026-11-25 08:00:00+00`.

    The server reads it before it knows names of time zones, so `Z` is none of them.
    """
    return in_utc(moment).replace(tzinfo=None).isoformat(sep=" ") + "+00"


def _exists(value: str) -> str:
    try:
        in_utc(value)
    except (ValueError, OverflowError):
        refuse("a day and an hour that exist, such as 2026-11-25T08:00:00Z")
    return value


Moment = Annotated[str, _FORM, AfterValidator(_exists)]
"""A point in time as RFC 3339 has it: date, time, and `Z` or the distance from UTC."""
