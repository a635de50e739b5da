"""The name that somebody meant who wrote another one."""

from collections.abc import Collection

_UNITS = ("count", "days", "gib", "id", "ids", "name", "seconds", "size")
"""Ends of names that say in what form a value is given: `timeout` and `timeoutSeconds` mean the same."""

_LETTERS_PER_SLIP = 4
"""Every fourth letter of a name may be a slip; a shorter name may have one. `storagSize` is one from `storageSize`,
while `tolerations` and `operator`, which share many letters, are far apart."""


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that would do instead of `name`, or None.

    It is the same word in another spelling (`storage_size` for `storageSize`), the word with a few slips, or the
    same word with or without its unit.
    """
    word = _letters(name)
    slips = {it: _slips(word, _letters(it)) for it in sorted(known)}
    near = [it for it, count in slips.items() if count <= _allowed(word, _letters(it))]
    if near:
        return min(near, key=lambda it: slips[it])
    return next((it for it in slips if _same_but_for_unit(word, _letters(it))), None)


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def _allowed(one: str, other: str) -> int:
    return max(1, max(len(one), len(other)) // _LETTERS_PER_SLIP) if min(len(one), len(other)) > 1 else 0


def _same_but_for_unit(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and long[len(short) :] in _UNITS


def _slips(one: str, other: str) -> int:
    """Letters to add, leave out or replace, or neighbours to swap, to make one of the other (Damerau's distance)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, theirs in enumerate(other, 1):
            fewest = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != theirs))
            if row > 1 and column > 1 and (letter, one[row - 2]) == (other[column - 2], theirs):
                fewest = min(fewest, before[column - 2] + 1)
            line.append(fewest)
        before, last = last, line
    return last[-1]
