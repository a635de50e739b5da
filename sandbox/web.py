"""HTTP requests to the sandbox, never through a proxy."""

import ssl
import urllib.error
import urllib.request
from pathlib import Path


def answers(url: str, ca_certificate: Path | None = None) -> bool:
    """Return whether a GET request returns status 200 within ten seconds.

    Args:
        url: with an address of the sandbox.
        ca_certificate: file with the CA certificate of the server; for https only.

    """
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if ca_certificate:
        context = ssl.create_default_context(cafile=str(ca_certificate))
        handlers.append(urllib.request.HTTPSHandler(context=context))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=10) as reply:
            return reply.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
