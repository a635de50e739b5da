"""Searches for secret words in a program's resources."""

import base64
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
    """Whether a word is in it, perhaps inside a longer string, or in one that is in Base64."""
    return any(word in text or word in _decoded(text) for text in texts(value))


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except ValueError:
        return ""


def has_password(value: Any) -> bool:
    """Whether a generated password is in it."""
    return carries(value, GENERATED)
