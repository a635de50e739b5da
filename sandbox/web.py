"""Asking whether something answers over HTTP, never through a proxy."""

import ssl
import urllib.error
import urllib.request
from pathlib import Path


def answers(url: str, authority: Path | None = None) -> bool:
    """Return whether a URL is answered with status 200 within ten seconds.

    Args:
        url: of an address of the sandbox.
        authority: certificate of who must have signed the server's.

    """
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if authority:
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(authority))))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=10) as reply:
            return reply.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
