"""Takes secrets out of text that the program did not write, such as a container's log."""

import base64
import re
from collections.abc import Iterator, Sequence

from components.kubernetes.kubectl import Object, mapping

HIDDEN = "(not shown)"

SHORTEST = 8
"""Characters that a value must have to be looked for: shorter ones, such as `true` or a port, are everywhere."""

# What a Secret holds beside a password and everybody may know. A message without host or role is no use.
_PUBLIC = re.compile(
    r"(?i)(^|[^a-z])(host|hostname|port|user|username|role|db|dbname|database|ca\.crt|tls\.crt|region|bucket)$"
)
_ASSIGNED = re.compile(
    r"(?i)((?:[\w.-]*(?:passw(?:or)?d|passphrase|secret|token|credential|private[_-]?key|access[_-]?key)[\w.-]*)[\"']?\s*[=:]\s*[\"']?)"
    r"[^\s\"',;&]+"
)
_IN_URL = re.compile(r"(://[^:/@\s]*):[^@\s]+@")


def secret_values(secrets: Sequence[Object]) -> list[str]:
    """What must not be shown of some Secrets, longest first: their values, and each line of those with several."""
    return sorted(set(_values(secrets)), key=len, reverse=True)


def _values(secrets: Sequence[Object]) -> Iterator[str]:
    for secret in secrets:
        for key, encoded in mapping(secret, "data").items():
            if _PUBLIC.search(key):
                continue
            text = base64.b64decode(encoded).decode(errors="replace")
            yield from (part for it in (text, *text.splitlines()) if len(part := it.strip()) >= SHORTEST)


def masked(text: str, values: Sequence[str]) -> str:
    """The text with `HIDDEN` in place of each of the values, and of what looks like a password.

    Args:
        text: any text.
        values: as `secret_values` lists them.
    """
    text = _IN_URL.sub(rf"\1:{HIDDEN}@", _ASSIGNED.sub(rf"\1{HIDDEN}", text))
    for value in values:
        text = text.replace(value, HIDDEN)
    return text
