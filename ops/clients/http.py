"""JSON over HTTP."""

import json
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from ops.clients.failure import Failure

_TIMEOUT_SECONDS = 30


def ask(url: str, body: object = None, *, token: str | None = None) -> Any:
    """The decoded reply to GET, or to POST of a body.

    Raises:
        Failure: there is no reply, or one with an error status.
    """
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - a port of this machine
    path = urlsplit(url).path
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as reply:  # noqa: S310
            return json.loads(reply.read())
    except urllib.error.HTTPError as error:
        raise Failure(f"{path} replied with status {error.code}") from None
    except (OSError, ValueError) as error:
        raise Failure(f"{path} did not reply: {error}") from None


def ask_until(url: str, *, seconds: float) -> Any:
    """The reply to GET as soon as there is one.

    Raises:
        Failure: there was none in that time.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            return ask(url)
        except Failure:
            if time.monotonic() > end:
                raise
            time.sleep(1)
