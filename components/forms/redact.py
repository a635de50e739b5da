"""Redacts passwords in values for messages, which are logged. Names of Secrets, and of the keys in them, are not secret
and are shown.
"""

import re
from collections.abc import Mapping
from typing import cast

HIDDEN = "(not shown)"

_SECRET = re.compile(r"(?i)pass(word|wd|phrase)|secret|token|credential|private.?key|signature")
# Ends of keys that contain such a word without a secret value: names of Secrets, numbers.
_HARMLESS = re.compile(r"(?i)(name|names|rotation)$")
# `passwordSecretKey` is where a password is; `secretKey` alone, or a cloud's, is the key itself.
_KEY_IN_A_SECRET = re.compile(r"(?i)(?P<of>\w+?)_?secret_?key$")
_WHOSE_KEY_IS_SECRET = {
    "access",
    "account",
    "api",
    "app",
    "aws",
    "azure",
    "encryption",
    "minio",
    "root",
    "s3",
    "shared",
}
# Keys with the name of a Secret or of a key in one, and the form of such names. Text of another form is redacted, since
# it may be the password itself.
_PLACE_OF_A_NAME = re.compile(r"(?i)((pull|env|existing)_?secrets?|secret_?(key_?)?ref|(password|token|key)_?key)$")
_NAME = re.compile(r"[-._a-zA-Z0-9]+")
# Mappings of names to secrets.
_HOLDS_SECRETS = re.compile(r"secrets|stringData")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")
# A key in PEM form, alone or beside its certificate.
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_PASSWORD_IN_URL = re.compile(r"(://[^:/@\s]*):[^@\s]+@")


def redact(value: object, key: str) -> object:
    """The value of `key`, with `HIDDEN` in place of everything that may be a secret."""
    if isinstance(value, Mapping):
        mapping = cast("Mapping[str, object]", value)
        # An environment variable as Kubernetes writes it: `{name: …, value: …}`.
        variable = mapping.get("name")
        secrets = _HOLDS_SECRETS.fullmatch(key) is not None
        return {name: redact(inner, _key_of(name, inner, variable, secrets=secrets)) for name, inner in mapping.items()}
    if isinstance(value, list):
        return [redact(inner, key) for inner in cast("list[object]", value)]
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    assignment = _ASSIGNMENT.match(text)
    if _is_secret(key, text) or (assignment and _is_secret(assignment[1], text)) or _KEY.search(text):
        return HIDDEN
    return _PASSWORD_IN_URL.sub(rf"\1:{HIDDEN}@", value) if isinstance(value, str) else value


def _key_of(name: str, value: object, variable: object, *, secrets: bool) -> str:
    """The key that determines whether `value` is secret; it is the value of `name`, or of an environment variable."""
    if secrets and not isinstance(value, Mapping | list):
        return "secret"
    return variable if name == "value" and isinstance(variable, str) else str(name)


def _is_secret(key: str, text: str) -> bool:
    if _SECRET.search(key) is None or _HARMLESS.search(key):
        return False
    if _PLACE_OF_A_NAME.search(key):
        return _NAME.fullmatch(text) is None
    place = _KEY_IN_A_SECRET.fullmatch(key)
    return place is None or place["of"].lower() in _WHOSE_KEY_IS_SECRET
