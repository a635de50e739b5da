"""Short-lived tokens (JWT, HS256), signed with the key that the bootloader generated."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

LIFETIME = 900  # seconds, as Airbyte's application tokens live


def issue(subject: str, key: str, now: float | None = None) -> str:
    """Return a token for a subject."""
    start = int(time.time() if now is None else now)
    head = _encode({"alg": "HS256", "typ": "JWT"})
    body = _encode({"sub": subject, "iat": start, "exp": start + LIFETIME})
    return f"{head}.{body}.{_sign(f'{head}.{body}', key)}"


def subject(token: str, key: str, now: float | None = None) -> str | None:
    """Return whom a token was issued to; None if it was not issued here or is too old."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature, _sign(signed, key)):
        return None
    body = signed.partition(".")[2]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return str(claims["sub"]) if claims["exp"] > (time.time() if now is None else now) else None


def _encode(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _sign(text: str, key: str) -> str:
    mac = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
