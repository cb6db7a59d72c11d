# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A real HTTP server in a thread that gives the answers it was told, one after the other, and remembers the calls.

For tests about the client itself. How the bank behaves is the business of ``qonto_simulator``.
"""

import json
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Call:
    method: str
    path: str
    query: list
    headers: dict
    body: bytes

    @property
    def form(self):
        return dict(parse_qsl(self.body.decode()))


@dataclass
class Reply:
    """One scripted answer; ``drop`` closes the connection without a word, ``cut`` in the middle of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    drop: bool = False
    cut: bool = False
    wait: threading.Event | None = None


def reply_json(payload, status=200, **headers):
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, body, {"Content-Type": "application/json; charset=utf-8", **given})


def reply_html(status=200):
    return Reply(status, b"<html><body>Log in</body></html>", {"Content-Type": "text/html; charset=utf-8"})


DROPPED = Reply(drop=True)


class ScriptedBank:
    """``bank.script(...)`` sets the answers; the last one is repeated when more calls come."""

    def __init__(self):
        self.calls = []
        self._replies = []
        bank = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                bank.handle(self)

            do_GET = do_POST = do_DELETE = handle_any

            def log_message(self, *_args):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_args):
                """Clients that break off (time-outs, cut bodies, TLS to a plain port) are what is tested."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def script(self, *replies):
        self.calls.clear()
        self._replies = [reply if isinstance(reply, Reply) else reply_json(reply) for reply in replies]

    def handle(self, request):
        parts = urlsplit(request.path)
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        query = parse_qsl(parts.query, keep_blank_values=True)
        self.calls.append(Call(request.command, parts.path, query, dict(request.headers.items()), body))
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if reply.wait:
            reply.wait.wait(10)
        request.close_connection = reply.drop or reply.cut
        if reply.drop:
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        request.send_response_only(reply.status)
        headers = {"Date": "Mon, 02 Mar 2026 10:00:00 GMT", **reply.headers}
        for name, value in headers.items():
            if value is not None:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(reply.body) + (10 if reply.cut else 0)))
        request.end_headers()
        request.wfile.write(reply.body)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def refused_url():
    """An address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"
