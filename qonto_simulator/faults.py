"""Wrong answers on purpose (``POST /_control/faults``).

| kind        | what the client gets                                                       |
|-------------|----------------------------------------------------------------------------|
| status      | ``status`` (default 500), an error body or ``body``, ``retry_after`` if set  |
| html        | 200 with an HTML page                                                       |
| garbage     | 200, ``application/json``, no JSON                                          |
| drop        | the connection is closed without an answer                                  |
| delay       | the right answer, ``seconds`` late                                          |
| truncate    | the first half of the right answer, then the connection is closed           |
| wrong_shape | 200 with JSON that fits no contract, or ``body`` if given                   |
| alter       | the right answer with the changes in ``body``, see ``_altered``                |
| huge        | the right answer's beginning, then zeros without end (``body``: MiB, default 64) |
| meanwhile   | the right answer, then the bank changes as ``body`` says, see ``meanwhile.py``  |

With ``after_effect`` the request takes effect first and only its answer is spoilt. ``times``
(default 1, null: until cleared) and ``skip`` (first so many right answers) count matching requests.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import meanwhile
from .api.errors import error_response, new_trace_id
from .bank import Bank
from .model import Fault

KINDS = ("status", "html", "garbage", "drop", "delay", "truncate", "wrong_shape", "alter", "huge", "meanwhile")
NEED_THE_ANSWER = ("delay", "truncate", "alter", "huge", "meanwhile")


class ConnectionDropped(Exception):
    """Raised in place of a closed connection where there is no socket (tests in-process)."""


class Faults:
    """ASGI layer between the server and the bank."""

    def __init__(self, app: ASGIApp, bank: Bank) -> None:
        self.app, self.bank = app, bank

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._due(scope) if scope["type"] == "http" else None
        if fault is None:
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["fault"] = fault.kind
        if fault.kind == "delay" and not fault.after_effect:
            receive = await _whole(receive)
            await asyncio.sleep(fault.seconds)
        answered = fault.after_effect or fault.kind in NEED_THE_ANSWER
        messages = await self._right_answer(scope, receive) if answered else []
        if fault.kind == "delay" and fault.after_effect:
            await asyncio.sleep(fault.seconds)
        if fault.kind == "meanwhile":
            meanwhile.happens(self.bank, fault.body or [])
        if fault.kind in ("delay", "meanwhile"):
            for message in messages:
                await send(message)
        elif fault.kind == "drop":
            _drop(send)
        else:
            spoil = {"truncate": _truncated, "alter": _altered, "huge": _huge}.get(fault.kind)
            await (spoil(messages, fault, send) if spoil else _spoilt(fault, scope, receive, send))

    def _due(self, scope: Scope) -> Fault | None:
        for fault in self.bank.store.faults:
            if not scope["path"].startswith(fault.path_prefix):
                continue
            if fault.method and fault.method != scope["method"]:
                continue
            fault.hits += 1
            self.bank.store.faults.save(fault)
            if fault.hits <= fault.skip:
                continue
            if fault.times is not None and fault.hits >= fault.skip + fault.times:
                self.bank.store.faults.delete(fault.id)
            return fault
        return None

    async def _right_answer(self, scope: Scope, receive: Receive) -> list[Message]:
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, collect)
        return messages


async def _whole(receive: Receive) -> Receive:
    """Read the request now: what has arrived takes effect even if its client has gone by then."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return again


async def _truncated(messages: list[Message], _fault: Fault, send: Send) -> None:
    body = b"".join(message.get("body", b"") for message in messages[1:])
    await send(messages[0])  # states the whole length
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    await asyncio.sleep(0.01)
    _drop(send)


async def _altered(messages: list[Message], fault: Fault, send: Send) -> None:
    """Change values of the right answer: ``{"set": path, "to": value}``, ``{"drop": path}``, ``{"repeat": path}``.

    A path leads through objects by name and through lists by number.
    """
    answer = json.loads(b"".join(message.get("body", b"") for message in messages[1:]))
    for change in fault.body or []:
        *way, last = change.get("set") or change.get("drop") or change["repeat"]
        place: Any = answer
        for step in way:
            place = place[step]
        if "set" in change:
            place[last] = change["to"]
        elif "drop" in change:
            del place[last]
        else:
            place.append(place[last])
    body = json.dumps(answer).encode()
    headers = [pair for pair in messages[0]["headers"] if pair[0].lower() != b"content-length"]
    await send({**messages[0], "headers": [*headers, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


async def _huge(messages: list[Message], fault: Fault, send: Send) -> None:
    """Say nothing of the length, and go on and on."""
    headers = [pair for pair in messages[0]["headers"] if pair[0].lower() != b"content-length"]
    await send({**messages[0], "headers": headers})
    body = b"".join(message.get("body", b"") for message in messages[1:])
    await send({"type": "http.response.body", "body": body, "more_body": True})
    mebibytes = fault.body if isinstance(fault.body, int) else 64
    for _number in range(mebibytes):
        await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _drop(send: Send) -> None:
    """Close the connection under uvicorn's feet; without one, raise."""
    cycle: Any = find_cycle(send)
    if cycle is None:
        raise ConnectionDropped
    cycle.disconnected = True
    cycle.response_complete = True
    cycle.transport.close()


def find_cycle(send: Any) -> Any:
    """Return uvicorn's request/response cycle, whose bound method the server's ``send`` is."""
    owner = getattr(getattr(send, "original", send), "__self__", None)
    return owner if hasattr(owner, "transport") else None


async def _spoilt(fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    kind: bytes = b"application/json"
    status, body = 200, b""
    headers: list[tuple[bytes, bytes]] = []
    if fault.kind == "status":
        await _refusal(fault)(scope, receive, send)
        return
    if fault.kind == "html":
        kind = b"text/html; charset=utf-8"
        body = b"<!DOCTYPE html><title>Sign in</title><p>Stand-in, not Qonto.</p>"
    elif fault.kind == "garbage":
        body = b'{"transactions": [{"id": nonsense'
    elif fault.kind == "wrong_shape":
        shape = fault.body if fault.body is not None else {"data": {"unexpected": True}}
        body = json.dumps(shape).encode()
    headers += [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _refusal(fault: Fault) -> Response:
    """Answer with the status and, in ``body``, any error shape of section 2.3; a text goes out bare."""
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.body is None:
        return error_response(fault.status, [{"code": "unknown", "detail": "Unknown error"}], headers)
    headers["X-Tyk-Trace-Id"] = new_trace_id()
    if isinstance(fault.body, str):
        return PlainTextResponse(fault.body, fault.status, headers)
    return JSONResponse(fault.body, fault.status, headers)
