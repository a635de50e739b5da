"""The name that is probably meant by a misspelt one."""

from collections.abc import Collection

_UNITS = ("count", "days", "gib", "id", "ids", "name", "seconds", "size")
"""Ends of names with the unit or form of a value: `timeout` and `timeoutSeconds` mean the same."""

_LETTERS_PER_ERROR = 4
"""One typing error is allowed for every four letters, and at least one. `storagSize` has one, compared with
`storageSize`; `tolerations` and `operator` share many letters and are far apart."""


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that is most similar to `name`, or None.

    It is the same word in another spelling (`storage_size` for `storageSize`), the word with a few typing errors, or
    the same word with or without its unit.
    """
    word = _letters(name)
    distances = {other: _distance(word, _letters(other)) for other in sorted(known)}
    near = [other for other, distance in distances.items() if distance <= _allowed(word, _letters(other))]
    if near:
        return min(near, key=lambda other: distances[other])
    return next((other for other in distances if _same_but_for_unit(word, _letters(other))), None)


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def _allowed(one: str, other: str) -> int:
    return max(1, max(len(one), len(other)) // _LETTERS_PER_ERROR) if min(len(one), len(other)) > 1 else 0


def _same_but_for_unit(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and long[len(short) :] in _UNITS


def _distance(one: str, other: str) -> int:
    """Damerau-Levenshtein distance: letters to insert, delete or replace, and neighbours to swap."""
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
