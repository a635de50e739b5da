"""The terms that a connection budget adds up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """Connections that something may have at once.

    Attributes:
        what: who opens them, and why so many.
        count: how many at the most.
        direct: whether they go past a connection pooler, as migrations do.
    """

    what: str
    count: int
    direct: bool = False

    def __str__(self) -> str:
        return f"{self.count} {self.what}"


def total(terms: Iterable[Term]) -> int:
    """The sum of some terms."""
    return sum(term.count for term in terms)


Demand = Mapping[str, tuple[Term, ...]]
"""What an app opens at the most, by database."""
