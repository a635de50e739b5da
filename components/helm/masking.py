"""Masks secrets in text that the program did not write, such as a container's log."""

import base64
import re
from collections.abc import Iterator, Sequence

from components.kubernetes.kubectl import Object, mapping

HIDDEN = "(not shown)"

SHORTEST = 8
"""Minimum length of a value to be masked: shorter ones, such as `true` or a port, are common in any text."""

# Keys of Secrets whose values are not secret. A message without host or role would be useless.
_PUBLIC = re.compile(
    r"(?i)(^|[^a-z])(host|hostname|port|user|username|role|db|dbname|database|ca\.crt|tls\.crt|region|bucket)$"
)
_ASSIGNED = re.compile(
    r"(?i)((?:[\w.-]*(?:passw(?:or)?d|passphrase|secret|token|credential|private[_-]?key|access[_-]?key)[\w.-]*)[\"']?\s*[=:]\s*[\"']?)"
    r"[^\s\"',;&]+"
)
_IN_URL = re.compile(r"(://[^:/@\s]*):[^@\s]+@")


def secret_values(secrets: Sequence[Object]) -> list[str]:
    """The values of Secrets to be masked, and each line of those with several, longest first."""
    return sorted(set(_values(secrets)), key=len, reverse=True)


def _values(secrets: Sequence[Object]) -> Iterator[str]:
    for secret in secrets:
        for key, encoded in mapping(secret, "data").items():
            if _PUBLIC.search(key):
                continue
            text = base64.b64decode(encoded).decode(errors="replace")
            yield from (part for line in (text, *text.splitlines()) if len(part := line.strip()) >= SHORTEST)


def masked(text: str, values: Sequence[str]) -> str:
    """The text with `HIDDEN` in place of the values and of everything that is likely to be a password.

    Args:
        text: any text.
        values: from `secret_values`.
    """
    text = _IN_URL.sub(rf"\1:{HIDDEN}@", _ASSIGNED.sub(rf"\1{HIDDEN}", text))
    for value in values:
        text = text.replace(value, HIDDEN)
    return text
