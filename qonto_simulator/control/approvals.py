"""Phones and challenges: what a member would do with fingers, and extra SCA while reading."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route

from ..bank import Bank
from ..clock import iso
from ..payments import sca
from ..payments.records import Phone, ScaSession
from .base import Json, WrongInput, as_json, assign, object_of, route

DECISIONS = (sca.ALLOW, sca.DENY, "expire")


def routes(bank: Bank) -> list[Route]:
    table = [
        ("/sca", "GET", list_sessions),
        ("/sca", "POST", decide_newest),
        ("/sca/reading", "POST", ask_when_reading),
        ("/sca/{token}", "POST", decide),
        ("/phones", "GET", list_phones),
        ("/phones", "POST", set_phone),
    ]
    return [route(bank, path, method, action) for path, method, action in table]


async def list_sessions(bank: Bank, request: Request) -> Json:
    """All challenges, oldest first; ``?state=waiting`` and ``?email=`` narrow them down."""
    wanted = request.query_params
    shown = [_session(bank, session) for session in bank.store.sca_sessions]
    return {
        "sessions": [
            session
            for session in shown
            if wanted.get("state") in (None, session["state"]) and wanted.get("email") in (None, session["email"])
        ]
    }


async def decide(bank: Bank, request: Request) -> Json:
    """Decide the challenge with this token: ``{decision}`` is allow, deny or expire."""
    session = bank.store.sca_sessions.get(request.path_params["token"])
    if session is None:
        raise WrongInput("No challenge has this token.")
    body = await object_of(request, {"decision"})
    return _decided(bank, session, body.get("decision"))


async def decide_newest(bank: Bank, request: Request) -> Json:
    """Decide the newest open challenge, of ``email`` or of anybody."""
    body = await object_of(request, {"decision", "email"})
    open_ones = [s for s in bank.store.sca_sessions if sca.state(bank, s) == sca.WAITING]
    mine = [session for session in open_ones if body.get("email") in (None, session.email)]
    if not mine:
        raise WrongInput("No challenge is open.")
    return _decided(bank, mine[-1], body.get("decision"))


def _decided(bank: Bank, session: ScaSession, decision: object) -> Json:
    if decision not in DECISIONS:
        raise WrongInput(f"decision must be one of: {', '.join(DECISIONS)}.")
    done = sca.let_expire(bank, session) if decision == "expire" else sca.decide(bank, session, str(decision))
    if not done:
        raise WrongInput(f"The challenge is over: {sca.state(bank, session)}.")
    return {"session": _session(bank, session)}


async def ask_when_reading(bank: Bank, request: Request) -> Json:
    """Lists of transactions need a proof from now on; of one member or all; ``off`` takes it back."""
    body = await object_of(request, {"email", "off"})
    members = [m for m in bank.store.memberships if body.get("email") in (None, m.email)]
    if not members:
        raise WrongInput("No member has this email.")
    if body.get("off"):
        for member in members:
            sca.reading_proved(bank, member)
    else:
        sca.ask_when_reading(bank, members)
    return {"asked": sorted(bank.store.memberships.rows[row.membership_id].email for row in bank.store.reading_sca)}


async def list_phones(bank: Bank, _request: Request) -> Json:
    return {"phones": [as_json(sca.phone_of(bank, user.email)) for user in bank.store.users]}


async def set_phone(bank: Bank, request: Request) -> Json:
    """Set ``paired`` and ``reachable`` of the phone of ``email``, or of all phones."""
    body = await object_of(request, set(Phone.__dataclass_fields__))
    email = body.pop("email", None)
    phones = [sca.phone_of(bank, user.email) for user in bank.store.users if email in (None, user.email)]
    if not phones:
        raise WrongInput("No member has this email.")
    for phone in phones:
        assign(phone, body, {"paired", "reachable"})
        bank.store.phones.save(phone)
    return {"phones": [as_json(phone) for phone in phones]}


def _session(bank: Bank, session: ScaSession) -> Json:
    return {
        "token": session.token,
        "email": session.email,
        "membership_id": session.membership_id,
        "method": session.method,
        "action_type": session.action_type,
        "summary": session.summary,
        "created_at": iso(session.created_at),
        "expires_at": iso(session.expires_at),
        "decided_at": iso(session.decided_at),
        "used_at": iso(session.used_at),
        "state": sca.state(bank, session),
    }
