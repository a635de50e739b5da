"""Where words that nobody may see appear in what a program makes."""

from collections.abc import Iterator
from typing import Any

from tests.support.recording import GENERATED


def texts(value: Any) -> Iterator[str]:
    """Every string in it, keys included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def carries(value: Any, word: str) -> bool:
    """Whether a word is in it, perhaps inside a longer string."""
    return any(word in text for text in texts(value))


def has_password(value: Any) -> bool:
    """Whether a generated password is in it."""
    return carries(value, GENERATED)
