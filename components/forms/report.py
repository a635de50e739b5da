"""All mistakes of a stack file in one message."""

import json
from collections.abc import Sequence

from components.forms.base import Placeholder
from components.forms.mistake import Mistake, key_of
from components.forms.redact import HIDDEN, redact

_LONGEST = 80
"""Maximum length of a value in a message, in characters."""


def report(mistakes: Sequence[Mistake], *, stack: str) -> str:
    """The message.

    Args:
        mistakes: the mistakes, with paths that begin with the key as it is in the file.
        stack: name of the stack, for the name of its file.
    """
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return "\n\n".join([f"Pulumi.{stack}.yaml has {count}; nothing was created.", *map(_part, mistakes)])


def _part(mistake: Mistake) -> str:
    path = ".".join(str(part) for part in mistake.path)
    return f"  {path}\n    found    {_show(mistake)}\n    allowed  {mistake.allowed}"


def _show(mistake: Mistake) -> str:
    if isinstance(mistake.found, Placeholder):
        return mistake.found.value
    shown = redact(mistake.found, key_of(mistake.path))
    text = HIDDEN if shown == HIDDEN else json.dumps(shown, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
