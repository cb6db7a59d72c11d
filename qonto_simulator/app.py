"""Puts the hosts together: OAuth, API, pages, control; one ASGI app over one bank."""

from __future__ import annotations

import time

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .api.gate import Gate
from .api.subjects import ENDPOINTS
from .bank import Bank
from .clock import http_date, iso
from .control import all_routes as control_routes
from .faults import Faults
from .oauth.pages import ConsentPages
from .oauth.token import TokenHost
from .payments.passing import pass_time
from .web import desk, export, files, phone, portal

API_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
LOGGED = ("/v2/", "/oauth2/token", "/oauth2/revoke", "/oauth2/auth")


def build_app(bank: Bank) -> ASGIApp:
    gate, tokens = Gate(bank, ENDPOINTS), TokenHost(bank)
    pages = Starlette(
        routes=[
            Route("/v2/{path:path}", gate.serve, methods=API_METHODS),
            Route("/oauth2/token", tokens.token, methods=["POST"]),
            Route("/oauth2/revoke", tokens.revoke, methods=["POST"]),
            *ConsentPages(bank).routes(),
            *control_routes(bank),
            *desk.routes(bank),
            *export.routes(bank),
            *portal.routes(bank),
            *phone.routes(bank),
            *files.routes(bank),
        ]
    )
    return Outermost(Faults(pages, bank), bank)


class Outermost:
    """States the bank's date, writes what changed before the answer leaves, keeps the log."""

    def __init__(self, app: ASGIApp, bank: Bank) -> None:
        self.app, self.bank = app, bank

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        pass_time(self.bank)
        scope.setdefault("state", {})

        async def stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["Date"] = http_date(self.bank.clock.now())
                self.bank.commit()
            await send(message)

        try:
            await self.app(scope, receive, Sender(stamped, send))
        finally:
            self.bank.commit()
            if scope["path"].startswith(LOGGED):
                self._log(scope, status, started)

    def _log(self, scope: Scope, status: int, started: float) -> None:
        state = scope["state"]
        api = scope["path"].startswith("/v2/")
        self.bank.requests.add(
            time=iso(self.bank.clock.now()),
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1") if api else "",
            status=status,
            milliseconds=round((time.perf_counter() - started) * 1000, 2),
            client_id=state.get("client_id"),
            membership_id=state.get("membership_id"),
            fault=state.get("fault"),
        )


class Sender:
    """A ``send`` that still leads to the server's connection, which a fault may have to close."""

    def __init__(self, stamped: Send, original: Send) -> None:
        self._stamped, self.original = stamped, original

    async def __call__(self, message: Message) -> None:
        await self._stamped(message)
