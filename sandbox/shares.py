"""Where the time of a long command went: each step's share of it."""

from collections.abc import Iterator, Sequence

from sandbox.steps import NAME_WIDTH, Ended

LONG = 180.0  # seconds; an `up` that builds nothing takes one or two minutes
LEAST = 0.01  # of the whole; shorter steps share one line


def lines(ended: Sequence[Ended], total: float) -> Iterator[str]:
    """Yield a table of the steps, the longest first; nothing if the command was not long.

    Args:
        ended: the command's steps.
        total: how long the command took, in seconds.

    """
    if total < LONG:
        return
    yield ""
    yield f"  {'STEP':<{NAME_WIDTH}} {'SECONDS':>9}  SHARE"
    in_turn = sorted((step for step in ended if not step.beside), key=lambda step: -step.seconds)
    shown = [step for step in in_turn if step.seconds >= LEAST * total]
    for step in shown:
        yield _line(step.name, step.seconds, f"{step.seconds / total:5.0%}")
    rest = total - sum(step.seconds for step in shown)
    yield _line("all others", rest, f"{rest / total:5.0%}")
    for step in ended:
        if step.beside:
            yield _line(step.name, step.seconds, "beside the others")
    yield _line("together", total, f"{1:5.0%}")


def _line(name: str, seconds: float, share: str) -> str:
    return f"  {name:<{NAME_WIDTH}} {seconds:9.1f}  {share}"
