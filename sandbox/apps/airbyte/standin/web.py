"""A small HTTP server: functions by method and path."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

log = logging.getLogger(__name__)

MAX_BODY = 1 << 20


@dataclass(frozen=True)
class Request:
    """What a function is given: the decoded JSON body (empty without one) and the bearer token, if any."""

    body: dict[str, Any] = field(default_factory=dict)
    token: str = ""


@dataclass(frozen=True)
class Answer:
    """What a function returns: a status, and JSON or an HTML page."""

    status: int
    body: dict[str, Any] | str


Routes = dict[tuple[str, str], Callable[[Request], Answer]]


def serve(port: int, routes: Routes, *, background: bool = False) -> ThreadingHTTPServer:
    """Serve these routes on all addresses; returns at once with ``background``, else never."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            function = routes.get((method, self.path.partition("?")[0].rstrip("/") or "/"))
            try:
                request = self._request()
                answer = function(request) if function else Answer(404, {"message": "no such path"})
            except ValueError as error:
                answer = Answer(400, {"message": str(error)})
            except Exception:
                log.exception("%s %s failed", method, self.path)
                answer = Answer(500, {"message": "see the log"})
            html = isinstance(answer.body, str)
            data = answer.body.encode() if isinstance(answer.body, str) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "text/html; charset=utf-8" if html else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _request(self) -> Request:
            length = int(self.headers.get("Content-Length") or 0)
            if length > MAX_BODY:
                msg = "the body is too large"
                raise ValueError(msg)
            body: Any = json.loads(self.rfile.read(length)) if length else {}
            if not isinstance(body, dict):
                msg = "the body is not a JSON object"
                raise ValueError(msg)
            return Request(cast("dict[str, Any]", body), self.headers.get("Authorization", "").removeprefix("Bearer "))

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing of each request: probes would fill the log."""

    server = ThreadingHTTPServer(("", port), Handler)
    server.daemon_threads = True
    if background:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    else:
        server.serve_forever()
    return server
