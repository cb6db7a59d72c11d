"""Asking how a challenge stands, and deciding a mocked one (``qonto-api.md`` section 6.3)."""

from __future__ import annotations

import time

from starlette.responses import Response

from ..payments import sca
from ..payments.records import ScaSession
from .call import Call, Endpoints
from .errors import ApiError, not_found
from .gate import answer

endpoints = Endpoints()


@endpoints.add("GET", "/v2/sca_sessions/{sca_session_token}", api_key=False)
async def get_session(call: Call) -> Response:
    session = _session(call)
    if call.bank.sca_polls.too_soon(session.token, call.bank.policy.sca_poll_seconds, time.monotonic()):
        raise ApiError(429, "too_many_requests", "An SCA session can be polled once per second")
    return _shown(call, session)


@endpoints.add("GET", "/v2/mocked_sca_sessions/{sca_session_token}")
async def get_mocked_session(call: Call) -> Response:
    return _shown(call, _mocked(call))


@endpoints.add("POST", "/v2/mocked_sca_sessions/{sca_session_token}/{decision}")
async def decide_mocked_session(call: Call) -> Response:
    session = _mocked(call)
    if call.path["decision"] not in (sca.ALLOW, sca.DENY):
        raise not_found("Resource")
    if not sca.decide(call.bank, session, call.path["decision"]):
        raise not_found("SCA session")
    return answer({"message": "Success"})


def _session(call: Call) -> ScaSession:
    session = call.bank.store.sca_sessions.get(call.path["sca_session_token"])
    if session is None or session.membership_id != call.membership.id:
        raise not_found("SCA session")
    return session


def _mocked(call: Call) -> ScaSession:
    """A mocked session can be decided by a call; one that rings a phone cannot."""
    staging = call.request.headers.get("X-Qonto-Staging-Token")
    known = any(staging == client.staging_token for client in call.bank.store.clients)
    session = call.bank.store.sca_sessions.get(call.path["sca_session_token"])
    if session is None or session.method != sca.MOCK or not known:
        raise not_found("SCA session")
    return session


def _shown(call: Call, session: ScaSession) -> Response:
    return answer({"result": sca.result(call.bank, session), "canceled_at": None})
