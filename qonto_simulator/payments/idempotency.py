"""Idempotency keys as the bank keeps them (``qonto-api.md`` section 2.5).

Only answers of success are kept, for 30 minutes of the bank's clock; a repeated key gets the kept answer even if its
body differs, and whatever the path. After that the same key does the same thing again: it pays twice.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

from starlette.responses import JSONResponse, Response

from ..api.call import Call
from ..api.errors import ApiError, new_trace_id
from .records import StoredAnswer

KEPT = timedelta(minutes=30)
HEADER = "X-Qonto-Idempotency-Key"

Handler = Callable[[Call], Awaitable[Response]]


def idempotent(handler: Handler) -> Handler:
    """Answer a known key from memory; keep what succeeds under a new one."""

    async def guarded(call: Call) -> Response:
        given = call.request.headers.get(HEADER)
        if not given:
            raise ApiError(400, "bad_request", f"{HEADER} is required", header=HEADER)
        bank = call.bank
        key = f"{call.grant.client_id if call.grant else 'key'}/{call.organization.id}/{given}"
        if key in bank.keys_in_work:
            body = {"error": "Concurrent requests detected"}
            return JSONResponse(body, bank.policy.concurrent_status, {"X-Tyk-Trace-Id": new_trace_id()})
        kept = bank.store.stored_answers.get(key)
        if kept and bank.clock.now() < kept.stored_at + KEPT:
            return JSONResponse(kept.body, kept.status)
        bank.keys_in_work.add(key)
        try:
            if bank.policy.money_call_seconds:
                await asyncio.sleep(bank.policy.money_call_seconds)
            response = await handler(call)
        finally:
            bank.keys_in_work.discard(key)
        if response.status_code < 300:
            body = json.loads(bytes(response.body))
            bank.store.stored_answers.save(StoredAnswer(key, response.status_code, body, bank.clock.now()))
        return response

    return guarded


def key_of(call: Call) -> str:
    return call.request.headers[HEADER]
