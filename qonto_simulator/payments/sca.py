"""Strong customer authentication: challenge, decision, proof (``qonto-api.md`` section 6).

waiting ──member──▶ allow ──replay──▶ used
   │  └───member──▶ deny      (no answer within 15 minutes is told as deny, too)
   └──── the same call again without proof: another challenge, another ring
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from ..api.errors import ApiError, error_response, new_trace_id
from ..bank import Bank
from ..model import Membership
from .records import Phone, ReadingSca, ScaSession

LIFE = timedelta(minutes=15)
PAIRED_DEVICE, PASSKEY, SMS, MOCK = "paired-device", "passkey", "sms-otp", "mock"
METHODS = (PAIRED_DEVICE, PASSKEY, SMS, MOCK)
WAITING, ALLOW, DENY = "waiting", "allow", "deny"
READ_TRANSACTIONS = "transaction.list"

MESSAGES = {
    PAIRED_DEVICE: "SCA required",
    MOCK: "SCA required",
    PASSKEY: "Passkey verification required",
}


class Challenge(ApiError):
    """428 with a token: a person is being asked."""

    def __init__(self, session: ScaSession) -> None:
        super().__init__(428, "sca_required", MESSAGES[session.method])
        self.session = session

    def response(self) -> Response:
        return _flat(
            {
                "code": self.code,
                "message": self.detail,
                "action_type": self.session.action_type,
                "sca_session_token": self.session.token,
                "sca_recovery_token": self.session.recovery_token,
            }
        )


class NotEnrolled(ApiError):
    """428 without a token: there is no device to ask."""

    def __init__(self) -> None:
        super().__init__(428, "sca_not_enrolled", "Please enable strong customer authentication in the app.")

    def response(self) -> Response:
        return _flat({"code": self.code, "message": self.detail})


class NotThisCall(ApiError):
    """422 in the shape seen live: a token of another payload, refused by the member, or unknown."""

    def __init__(self) -> None:
        super().__init__(422, "not_found", "Not found")

    def response(self) -> Response:
        return error_response(422, {"message": "Not found"})


def _flat(body: dict[str, Any]) -> Response:
    trace_id = new_trace_id()
    return JSONResponse({**body, "trace_id": trace_id}, 428, {"X-Tyk-Trace-Id": trace_id})


def digest(method: str, path: str, body: bytes) -> str:
    """What a proof is bound to. Query and headers are not part of it: they were not seen to matter."""
    return hashlib.sha256(b"\0".join([method.encode(), path.encode(), body])).hexdigest()


def demand(
    bank: Bank,
    member: Membership,
    *,
    bound_to: str,
    action_type: str,
    summary: str,
    preference: str | None,
    token: str | None,
) -> None:
    """Let the call pass with a proof of exactly this call by this member; ask the member otherwise.

    :param bound_to: the :func:`digest` of the call
    :param preference, token: the headers ``X-Qonto-2fa-Preference`` and ``X-Qonto-Sca-Session-Token``
    :raise ApiError: 428 with or without a token, 412 for a proof that is over, 422 for one of another call
    """
    method = preference or PAIRED_DEVICE
    if method not in METHODS:
        raise ApiError(400, "not_in_list", f"2fa preference must be one of: {', '.join(METHODS)}")
    session = bank.store.sca_sessions.get(token) if token else None
    if token:
        if session is None or session.membership_id != member.id or session.digest != bound_to:
            raise NotThisCall
        if session.decision == DENY:
            raise NotThisCall
        if session.used_at or bank.clock.now() >= session.expires_at:
            raise ApiError(412, "precondition_failed", "SCA session is expired or has been used")
        if session.decision == ALLOW:
            session.used_at = bank.clock.now()
            bank.store.sca_sessions.save(session)
            return
    raise _challenge(bank, member, method, bound_to, action_type, summary)


def _challenge(
    bank: Bank, member: Membership, method: str, bound_to: str, action_type: str, summary: str
) -> Challenge | ApiError:
    if method == SMS:
        return ApiError(403, "forbidden", "sms-otp is available to Embed partners only")
    if method == MOCK and not bank.policy.mock_sca:
        return ApiError(400, "not_in_list", "mock is available in the sandbox only")
    if method == PAIRED_DEVICE and not phone_of(bank, member.email).paired:
        return NotEnrolled()
    now = bank.clock.now()
    session = ScaSession(
        token=secrets.token_urlsafe(48),
        recovery_token=secrets.token_urlsafe(48),
        membership_id=member.id,
        email=member.email,
        method=method,
        action_type=action_type,
        summary=summary,
        digest=bound_to,
        created_at=now,
        expires_at=now + LIFE,
    )
    return Challenge(bank.store.sca_sessions.save(session))


def result(bank: Bank, session: ScaSession) -> str:
    """What a poll is told. ``deny`` covers refusal and expiry (section 6.3)."""
    if session.decision == DENY:
        return DENY
    if session.used_at is None and bank.clock.now() >= session.expires_at:
        return DENY
    return session.decision or WAITING


def state(bank: Bank, session: ScaSession) -> str:
    """The truth behind it: ``waiting``, ``allow``, ``deny``, ``expired`` or ``used``."""
    if session.used_at:
        return "used"
    if session.decision == DENY:
        return DENY
    return "expired" if bank.clock.now() >= session.expires_at else session.decision or WAITING


def decide(bank: Bank, session: ScaSession, decision: str) -> bool:
    """The member approves or refuses; False when it is too late for that."""
    if state(bank, session) != WAITING:
        return False
    session.decision, session.decided_at = decision, bank.clock.now()
    bank.store.sca_sessions.save(session)
    return True


def let_expire(bank: Bank, session: ScaSession) -> bool:
    """End the 15 minutes of a challenge now. The clock stays: a client's own clock does not move either."""
    if state(bank, session) not in (WAITING, ALLOW):
        return False
    session.expires_at = bank.clock.now()
    bank.store.sca_sessions.save(session)
    return True


# === PHONES === #


def phone_of(bank: Bank, email: str) -> Phone:
    return bank.store.phones.get(email) or bank.store.phones.save(Phone(email))


def on_phone(bank: Bank, email: str) -> list[ScaSession]:
    """Return the open challenges that ring there, the newest first."""
    if not phone_of(bank, email).reachable:
        return []
    mine = [s for s in bank.store.sca_sessions if s.email == email and s.method != MOCK]
    return sorted((s for s in mine if state(bank, s) == WAITING), key=_newest, reverse=True)


def lately(bank: Bank, email: str, count: int) -> list[ScaSession]:
    """Return the last challenges that are over."""
    mine = [s for s in bank.store.sca_sessions if s.email == email and s.method != MOCK]
    return sorted((s for s in mine if state(bank, s) != WAITING), key=_newest, reverse=True)[:count]


def _newest(session: ScaSession) -> datetime:
    return session.created_at


# === READING === #


def ask_when_reading(bank: Bank, members: list[Membership]) -> None:
    """From now on lists of transactions by these members need a proof, until one is accepted."""
    for member in members:
        bank.store.reading_sca.save(ReadingSca(member.id))


def reading_needs_proof(bank: Bank, member: Membership) -> bool:
    return member.id in bank.store.reading_sca.rows


def reading_proved(bank: Bank, member: Membership) -> None:
    bank.store.reading_sca.delete(member.id)
