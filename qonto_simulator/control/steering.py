"""State, reset, clock, apps, policy, faults, revocation, request log."""

from __future__ import annotations

import dataclasses
import math
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.routing import Route

from .. import world
from ..bank import DEFAULT_SEED, Bank
from ..clock import iso
from ..faults import KINDS
from ..model import Client, Fault
from ..oauth import grants
from ..policy import Policy
from .base import Json, WrongInput, as_json, assign, body_of, instant, object_of, route


def routes(bank: Bank) -> list[Route]:
    table = [
        ("/health", "GET", health),
        ("/state", "GET", state),
        ("/reset", "POST", reset),
        ("/clock", "POST", move_clock),
        ("/clients", "POST", register_client),
        ("/policy", "POST", set_policy),
        ("/revoke", "POST", revoke),
        ("/faults", "GET", list_faults),
        ("/faults", "POST", add_faults),
        ("/faults", "DELETE", clear_faults),
        ("/requests", "GET", list_requests),
        ("/requests", "DELETE", clear_requests),
    ]
    return [route(bank, path, method, action) for path, method, action in table]


async def health(bank: Bank, _request: Request) -> Json:
    return {"ok": True, "now": iso(bank.clock.now())}


async def state(bank: Bank, _request: Request) -> Json:
    return describe(bank)


def describe(bank: Bank) -> Json:
    settings = bank.store.settings.rows["settings"]
    clients = [_client(client) for client in bank.store.clients]
    organization = bank.first_organization()
    return {
        "now": iso(bank.clock.now()),
        "frozen": bank.clock.frozen,
        "seed": settings.seed,
        "scenario": settings.scenario,
        "created_at": iso(settings.created_at),
        "client": clients[0],
        "clients": clients,
        "api_key": {"login": organization.api_login, "secret": organization.api_secret},
        "members": [_member(bank, member.id) for member in bank.store.memberships],
        "organizations": [{"id": org.id, "name": org.name, "slug": org.slug} for org in bank.store.organizations],
        "policy": _policy(bank.policy),
    }


def _member(bank: Bank, membership_id: str) -> Json:
    member = bank.store.memberships.rows[membership_id]
    user = bank.user(member)
    return {
        "email": user.email,
        "password": user.password,
        "role": member.role,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "organization_id": member.organization_id,
        "membership_id": member.id,
    }


def _client(client: Client) -> Json:
    return as_json(client)


def _policy(policy: Policy) -> Json:
    shown = as_json(policy)
    del shown["id"]
    return shown


async def reset(bank: Bank, request: Request) -> Json:
    body = await object_of(request, {"seed", "now", "scenario", "redirect_uris", "frozen"})
    seed, scenario = body.get("seed", DEFAULT_SEED), body.get("scenario", world.DEFAULT_SCENARIO)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise WrongInput("seed must be an integer.")
    if scenario not in world.SCENARIOS:
        raise WrongInput(f"scenario must be one of: {', '.join(world.SCENARIOS)}.")
    addresses = _addresses(body)
    now = instant(body["now"], "now") if body.get("now") else None
    if not isinstance(body.get("frozen", False), bool):
        raise WrongInput("frozen must be true or false.")
    world.reset(bank, seed=seed, now=now, scenario=scenario, frozen=body.get("frozen", False))
    _register(bank, bank.first_client(), addresses)
    return describe(bank)


async def move_clock(bank: Bank, request: Request) -> Json:
    body = await object_of(request, {"now", "advance_seconds", "real", "frozen"})
    seconds = body.get("advance_seconds", 0)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise WrongInput("advance_seconds must be a number.")
    if not math.isfinite(seconds):
        raise WrongInput("advance_seconds must be finite.")
    if not isinstance(body.get("frozen", False), bool):
        raise WrongInput("frozen must be true or false.")
    target = instant(body["now"], "now") if "now" in body else None
    if body.get("real"):
        bank.clock.real()
    if target:
        bank.clock.set(target)
    if seconds:
        bank.clock.advance(seconds)
    if body.get("frozen") is True and not bank.clock.frozen:
        bank.clock.freeze(target if not seconds else None)
    elif body.get("frozen") is False:
        bank.clock.unfreeze()
    bank.save_clock()
    return {"now": iso(bank.clock.now()), "frozen": bank.clock.frozen}


async def register_client(bank: Bank, request: Request) -> Json:
    """Add redirect addresses to an app (default the first), or make a new app with ``new``."""
    body = await object_of(request, {"redirect_uris", "client_id", "new", "name"})
    addresses = _addresses(body)
    if body.get("new"):
        name = str(body.get("name") or "Another app")
        client = Client(bank.new_id(), bank.new_secret(), name, bank.new_secret())
    elif (wanted := body.get("client_id")) is not None:
        found = bank.store.clients.get(wanted)
        if found is None:
            raise WrongInput("No app has this client_id.")
        client = found
    else:
        client = bank.first_client()
    _register(bank, client, addresses)
    return {"client": _client(client)}


def _addresses(body: Json) -> list[str]:
    addresses = body.get("redirect_uris", [])
    if not isinstance(addresses, list):
        raise WrongInput("redirect_uris must be a list.")
    for address in addresses:
        if problem := redirect_problem(address):
            raise WrongInput(f"{address}: {problem}")
    return addresses


def redirect_problem(address: Any) -> str | None:
    """Return what is wrong with a redirect address: https, or http on loopback, no fragment."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except (ValueError, TypeError, AttributeError):
        return "not an address."
    if not host or parts.fragment:
        return "must be a full address without a fragment."
    local = host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")
    if parts.scheme == "https" or (parts.scheme == "http" and local):
        return None
    return "must begin with https:// (http:// only on this machine)."


def _register(bank: Bank, client: Client, addresses: list[str]) -> None:
    client.redirect_uris = list(dict.fromkeys([*client.redirect_uris, *addresses]))
    bank.store.clients.save(client)


async def set_policy(bank: Bank, request: Request) -> Json:
    names = {f.name for f in dataclasses.fields(Policy)} - {"id"}
    body = await object_of(request, names)
    if body.get("auto_consent") not in (None, "allow", "deny"):
        raise WrongInput("auto_consent must be allow, deny or null.")
    if body.get("auto_member") and body["auto_member"] not in bank.store.users.rows:
        raise WrongInput("auto_member must be the e-mail of a member.")
    assign(bank.policy, body, names)
    bank.store.policy.save(bank.policy)
    return {"policy": _policy(bank.policy)}


async def revoke(bank: Bank, request: Request) -> Json:
    """Withdraw at the bank: all grants, or those of ``email`` or ``client_id`` only."""
    body = await object_of(request, {"email", "client_id"})
    count = 0
    for grant in list(bank.store.grants):
        member = bank.store.memberships.rows[grant.membership_id]
        mine = body.get("email") in (None, member.email)
        if grant.revoked_at is None and mine and body.get("client_id") in (None, grant.client_id):
            grants.revoke(bank, grant)
            count += 1
    return {"revoked": count}


async def list_faults(bank: Bank, _request: Request) -> Json:
    return {"faults": [as_json(fault) for fault in bank.store.faults]}


async def add_faults(bank: Bank, request: Request) -> Json:
    body = await body_of(request)
    wanted = body if isinstance(body, list) else [body]
    made = [_fault(bank, facts) for facts in wanted]
    for fault in made:
        bank.store.faults.save(fault)
    return {"faults": [as_json(fault) for fault in made]}


def _fault(bank: Bank, facts: Any) -> Fault:
    if not isinstance(facts, dict):
        raise WrongInput("A fault is a JSON object.")
    fault = Fault(bank.new_id(), "/v2", "status")
    names = {f.name for f in dataclasses.fields(Fault)} - {"id", "hits"}
    assign(fault, facts, names)
    if fault.kind not in KINDS:
        raise WrongInput(f"kind must be one of: {', '.join(KINDS)}.")
    if "path_prefix" not in facts or "kind" not in facts:
        raise WrongInput("A fault needs path_prefix and kind.")
    if fault.path_prefix.startswith("/_control") or "/_control".startswith(fault.path_prefix):
        raise WrongInput("The control API has no faults.")
    return fault


async def clear_faults(bank: Bank, _request: Request) -> Json:
    count = len(bank.store.faults)
    for fault in list(bank.store.faults):
        bank.store.faults.delete(fault.id)
    return {"cleared": count}


async def list_requests(bank: Bank, _request: Request) -> Json:
    return {"requests": bank.requests.entries()}


async def clear_requests(bank: Bank, _request: Request) -> Json:
    bank.requests.clear()
    return {"cleared": True}
