"""Things measured in turn in one run, and their ratios."""

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """What was measured.

    Attributes:
        what: in words.
        ours: median of our figures.
        other: median of the figures that they are held against.
        unit: of both.
        target: bound of ours / other; None for a figure that is only shown.
        more_is_better: whether the target is the least or the most.
    """

    what: str
    ours: float
    other: float
    unit: str
    target: float | None
    more_is_better: bool

    @property
    def ratio(self) -> float:
        """Ours over the other."""
        return self.ours / self.other

    @property
    def reached(self) -> bool:
        """Whether the ratio is on the right side of the target, if there is one."""
        if self.target is None:
            return True
        return self.ratio >= self.target if self.more_is_better else self.ratio <= self.target

    def line(self) -> str:
        """One aligned line for people."""
        figures = f"{self.what:<62} {self.ours:8.2f} / {self.other:8.2f} {self.unit:<9} ratio {self.ratio:5.2f}"
        if self.target is None:
            return figures
        sign = ">=" if self.more_is_better else "<="
        return f"{figures}  target {sign} {self.target:.2f}  {'reached' if self.reached else 'MISSED'}"


def in_turn(rounds: int, measurements: Mapping[str, Callable[[], float]]) -> list[float]:
    """Medians of measurements made alternately, so that whatever else the machine does hits all."""
    figures: dict[str, list[float]] = {label: [] for label in measurements}
    for number in range(1, rounds + 1):
        for label, measure in measurements.items():
            figures[label].append(measure())
            print(f"  round {number}/{rounds}  {label:<5}  {figures[label][-1]:.2f}", file=sys.stderr, flush=True)
    return [statistics.median(values) for values in figures.values()]


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes."""
    begin = time.monotonic()
    action()
    return time.monotonic() - begin
