"""Takes out of a value what looks like a password: messages end up in logs that many can read."""

import re
from collections.abc import Mapping
from typing import cast

HIDDEN = "(not shown)"

_SECRET = re.compile(r"(?i)pass(word|wd|phrase)|secret|token|credential|private.?key|signature")
# Names of Secrets and of their keys, and numbers: no secrets themselves.
_HARMLESS = re.compile(r"(?i)(name|rotation|secret_?key|key_?key)$")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")
# A key in PEM form, alone or beside its certificate.
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_PASSWORD_IN_URL = re.compile(r"(://[^:/@\s]*):[^@\s]+@")


def redact(value: object, key: str) -> object:
    """The value that stands under `key`, with `HIDDEN` in place of every text that may be a secret."""
    if isinstance(value, Mapping):
        mapping = cast("Mapping[str, object]", value)
        # An environment variable as Kubernetes writes it: `{name: …, value: …}`.
        variable = mapping.get("name")
        return {
            name: redact(inner, variable if name == "value" and isinstance(variable, str) else name)
            for name, inner in mapping.items()
        }
    if isinstance(value, list):
        return [redact(inner, key) for inner in cast("list[object]", value)]
    if not isinstance(value, str):
        return value
    assignment = _ASSIGNMENT.match(value)
    if _is_secret(key) or (assignment and _is_secret(assignment[1])) or _KEY.search(value):
        return HIDDEN
    return _PASSWORD_IN_URL.sub(rf"\1:{HIDDEN}@", value)


def _is_secret(key: str) -> bool:
    return _SECRET.search(key) is not None and _HARMLESS.search(key) is None
