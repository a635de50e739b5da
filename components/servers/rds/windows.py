"""Times at which AWS may work on an instance: a daily window for backups, a weekly one for maintenance, both in UTC."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from components.forms.base import refuse
from components.servers.cloud import CLOCK

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_WEEK = 7 * _DAY
_SHORTEST = 30


@dataclass(frozen=True)
class Window:
    """A stretch of time that recurs, in minutes: since Monday's midnight if weekly, else since midnight."""

    start: int
    length: int

    def overlaps(self, daily: "Window") -> bool:
        """Whether this weekly window has a minute in common with a daily one."""
        # The week before and the week after: either window may go over their edges.
        starts = (day * _DAY + daily.start for day in range(-8, 15))
        return any(
            start < self.start + shift + self.length and self.start + shift < start + daily.length
            for start in starts
            for shift in (0, _WEEK)
        )


_BACKUP = re.compile(f"({CLOCK})-({CLOCK})")
_MAINTENANCE = re.compile(f"({'|'.join(_DAYS)}):({CLOCK})-({'|'.join(_DAYS)}):({CLOCK})")


def _minutes(clock: str) -> int:
    """Minutes since midnight of `HH:MM`."""
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


def daily_window(text: str) -> Window:
    """The window of `HH:MM-HH:MM`.

    Raises:
        ValueError: it has another form.
    """
    match = _BACKUP.fullmatch(text)
    if match is None:
        raise ValueError(f"not a daily window: {text}")
    start = _minutes(match[1])
    return Window(start, (_minutes(match[2]) - start) % _DAY)


def weekly_window(text: str) -> Window:
    """The window of `ddd:HH:MM-ddd:HH:MM`.

    Raises:
        ValueError: it has another form.
    """
    match = _MAINTENANCE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a weekly window: {text}")
    start = _DAYS.index(match[1]) * _DAY + _minutes(match[2])
    end = _DAYS.index(match[3]) * _DAY + _minutes(match[4])
    return Window(start, (end - start) % _WEEK)


def _backup_window(value: str) -> str:
    allowed = f"a time of day in UTC of at least {_SHORTEST} minutes, such as 02:00-03:00"
    try:
        window = daily_window(value)
    except ValueError:
        refuse(allowed)
    if window.length < _SHORTEST:
        refuse(allowed)
    return value


def _maintenance_window(value: str) -> str:
    allowed = f"days and times in UTC, {_SHORTEST} minutes to a day long, such as sun:04:00-sun:05:00"
    try:
        window = weekly_window(value)
    except ValueError:
        refuse(allowed)
    if not _SHORTEST <= window.length <= _DAY:
        refuse(allowed)
    return value


BackupWindow = Annotated[str, AfterValidator(_backup_window)]
"""PreferredBackupWindow: `HH:MM-HH:MM`, at least half an hour."""

# The provider stores it in small letters; capitals would show as a change.
MaintenanceWindow = Annotated[str, AfterValidator(_maintenance_window)]
"""PreferredMaintenanceWindow: `ddd:HH:MM-ddd:HH:MM`, at least half an hour."""
