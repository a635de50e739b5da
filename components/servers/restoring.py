"""Restoring a new server from a backup: what every kind has in common."""

from collections.abc import Iterator, Mapping, Sequence

import pulumi

from components.forms.base import Placeholder, Refusal


def one_of_refusals(given: Mapping[str, object]) -> Iterator[Refusal]:
    """None of several sources, or more than one of them.

    Args:
        given: the sources by key, None for those that are absent.
    """
    reads = tuple((key,) for key in given)
    present = [key for key, value in given.items() if value is not None]
    words = " or ".join(f"`{key}`" for key in given)
    if not present:
        yield Refusal(reads[0], Placeholder.NOTHING, f"either {words}", reads)
    for key in present[1:]:
        yield Refusal((key,), given[key], f"only one of {words}", reads)


def refuse_late(name: str, *, wanted: pulumi.Input[list[str]], actual: pulumi.Output[list[str]], another: str) -> None:
    """Fail if a server that exists was not restored from what the stack file says.

    A server is restored when it is created, and what it was created from is never changed afterwards. Without this, a
    `restoreFrom` that comes later would do nothing and say nothing.

    Args:
        name: name of the server's component.
        wanted: what the server shall be restored from, in words.
        actual: what it was restored from, in the same words; empty for a server that was created empty. Unknown in a
            preview before there is a server, and not looked at then.
        another: the setting that a new server needs another value of.
    """

    def compare(both: Sequence[list[str]]) -> None:
        asked, found = both
        if found == asked:
            return
        was = f"restored from {', '.join(found)}" if found else "created empty"
        raise pulumi.RunError(
            f"{name}: `restoreFrom` says {', '.join(asked)}, but the server exists already and was {was}. A server is"
            f" restored only when it is created: remove `restoreFrom`, or give another `{another}` for a new server."
        )

    pulumi.Output.all(wanted, actual).apply(compare)
