"""SCRAM verifiers: what a server, or a pooler in front of it, keeps instead of a password (RFC 5802 and 7677)."""

import hashlib
import hmac
from base64 import b64encode

SALT_BYTES = 16
"""Length of a salt, PostgreSQL's own (`SCRAM_DEFAULT_SALT_LEN`)."""

_HASH = "sha256"


def verifier(password: str, salt: bytes, iterations: int) -> str:
    """The verifier of a password as `pg_authid.rolpassword` and PgBouncer's `auth_file` have it.

    With the same salt it is the same text again: a login is passed on from a pooler to the server only where both have
    the same.

    Args:
        password: the password, in ASCII, for which SASLprep (RFC 4013) changes nothing.
        salt: random bytes, `SALT_BYTES` of them.
        iterations: iterations of PBKDF2, which every client computes at each login.

    Raises:
        ValueError: the password has other characters.
    """
    if not (password.isascii() and password.isprintable()):
        raise ValueError("a verifier is only computed of printable ASCII characters")
    salted = hashlib.pbkdf2_hmac(_HASH, password.encode(), salt, iterations)
    stored_key = hashlib.sha256(_keyed(salted, b"Client Key")).digest()
    server_key = _keyed(salted, b"Server Key")
    return f"SCRAM-SHA-256${iterations}:{_text(salt)}${_text(stored_key)}:{_text(server_key)}"


def _keyed(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, _HASH)


def _text(value: bytes) -> str:
    return b64encode(value).decode()
