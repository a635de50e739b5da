"""One mistake in a stack file."""

from collections.abc import Iterable
from dataclasses import dataclass

from components.forms.base import KeyPath


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes:
        path: keys from the top of the settings.
        found: the value, or a `Placeholder`.
        allowed: what is allowed instead.
        reads: paths of other values that the rule depends on.
    """

    path: KeyPath
    found: object
    allowed: str
    reads: tuple[KeyPath, ...] = ()

    def touches(self, paths: Iterable[KeyPath]) -> bool:
        """Whether it is about a value above, at or below one of these paths."""
        return any(mine[: len(path)] == path[: len(mine)] for path in paths for mine in (self.path, *self.reads))


def key_of(path: KeyPath) -> str:
    """The key of a value; for an item of a list, the list's key."""
    return next((part for part in reversed(path) if isinstance(part, str)), "")
