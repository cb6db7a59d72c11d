"""Grants and their tokens: issue, rotate, end (``qonto-api.md`` sections 4.3 to 4.5).

code ──exchange──▶ access + refresh ──refresh──▶ access + refresh ──▶ …
 │ 10 min, once      1 h      90 d                the old refresh token works on for 60 s
 └─ comes again, or a refresh token past its grace ──▶ the grant ends (Ory Hydra)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from ..bank import Bank
from ..model import Authorization, Client, Code, Grant, Membership, Token

CODE_LIFE = timedelta(minutes=10)
ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=90)
REFRESH_GRACE = timedelta(seconds=60)
FORGET_AFTER = timedelta(days=100)

ACCESS, REFRESH = "access", "refresh"


class InvalidGrant(Exception):
    """400 ``invalid_grant`` of the token endpoint."""


def secret(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(32) + "." + secrets.token_urlsafe(32)


def new_code(bank: Bank, request: Authorization, membership: Membership) -> Code:
    """Record what the member allowed; the code stands for it for 10 minutes."""
    now = bank.clock.now()
    grant = Grant(bank.new_id(), request.client_id, membership.id, request.scopes, now)
    bank.store.grants.save(grant)
    code = Code(
        code=secret("ory_ac_"),
        grant_id=grant.id,
        redirect_uri=request.redirect_uri,
        expires_at=now + CODE_LIFE,
        code_challenge=request.code_challenge,
    )
    return bank.store.codes.save(code)


def exchange(bank: Bank, client: Client, value: str, redirect_uri: str, verifier: str | None) -> dict[str, Any]:
    """Turn a code into tokens, once."""
    code = bank.store.codes.get(value)
    grant = bank.store.grants.get(code.grant_id) if code else None
    if code is None or grant is None or grant.client_id != client.client_id:
        raise InvalidGrant("The authorization code is unknown or belongs to another client")
    if code.used_at:
        if bank.policy.reuse_revokes_grant:
            revoke(bank, grant)
        raise InvalidGrant("The authorization code has already been used")
    if grant.revoked_at or bank.clock.now() >= code.expires_at:
        raise InvalidGrant("The authorization code has expired")
    if redirect_uri != code.redirect_uri:
        raise InvalidGrant("The redirect_uri differs from the authorization request")
    if not _verifies(code.code_challenge, verifier):
        raise InvalidGrant("The PKCE code verifier does not match the code challenge")
    code.used_at = bank.clock.now()
    bank.store.codes.save(code)
    return _issue(bank, client, grant)


def _verifies(challenge: str | None, verifier: str | None) -> bool:
    """PKCE S256 (RFC 7636): a challenge needs its verifier, a verifier needs a challenge."""
    if challenge is None:
        return verifier is None
    if verifier is None or not 43 <= len(verifier) <= 128:
        return False
    return hmac.compare_digest(_b64(hashlib.sha256(verifier.encode()).digest()), challenge)


def refresh(bank: Bank, client: Client, value: str) -> dict[str, Any]:
    """Rotate: new tokens, and 60 seconds more for the old refresh token from its first use."""
    now = bank.clock.now()
    token = bank.store.tokens.get(value)
    grant = bank.store.grants.get(token.grant_id) if token and token.kind == REFRESH else None
    if token is None or grant is None or grant.client_id != client.client_id:
        raise InvalidGrant("The refresh token is unknown or belongs to another client")
    if token.revoked_at or grant.revoked_at or now >= token.expires_at:
        raise InvalidGrant("The refresh token has expired or was revoked")
    if token.used_at and now >= token.used_at + REFRESH_GRACE:
        if bank.policy.reuse_revokes_grant:
            revoke(bank, grant)
        raise InvalidGrant("The refresh token has already been used")
    if token.used_at is None:
        token.used_at = now
        bank.store.tokens.save(token)
    if bank.policy.refresh_revokes_access_token and token.paired_access:
        _end(bank, token.paired_access)
    return _issue(bank, client, grant)


def _issue(bank: Bank, client: Client, grant: Grant) -> dict[str, Any]:
    now = bank.clock.now()
    _forget_old(bank, now)
    access = Token(secret("ory_at_"), ACCESS, grant.id, now, now + ACCESS_LIFE)
    bank.store.tokens.save(access)
    answer: dict[str, Any] = {
        "access_token": access.value,
        "expires_in": int(ACCESS_LIFE.total_seconds()),
        "scope": " ".join(grant.scopes),
        "token_type": "bearer",
    }
    if "offline_access" in grant.scopes:
        renewal = Token(secret("ory_rt_"), REFRESH, grant.id, now, now + REFRESH_LIFE)
        renewal.paired_access = access.value
        bank.store.tokens.save(renewal)
        answer["refresh_token"] = renewal.value
    if "openid" in grant.scopes:
        answer["id_token"] = _id_token(bank, client, grant, access.value)
    return answer


def grant_of_access_token(bank: Bank, value: str) -> Grant | None:
    """Return the live grant behind an access token; None if bad, expired or revoked."""
    token = bank.store.tokens.get(value)
    if token is None or token.kind != ACCESS or token.revoked_at:
        return None
    grant = bank.store.grants.get(token.grant_id)
    if grant is None or grant.revoked_at or bank.clock.now() >= token.expires_at:
        return None
    return grant


def revoke(bank: Bank, grant: Grant) -> None:
    if grant.revoked_at is None:
        grant.revoked_at = bank.clock.now()
        bank.store.grants.save(grant)


def revoke_token(bank: Bank, client: Client, value: str) -> None:
    """RFC 7009: ends the token and, as the server family does, all others of its grant."""
    token = bank.store.tokens.get(value)
    grant = bank.store.grants.get(token.grant_id) if token else None
    if grant and grant.client_id == client.client_id:
        revoke(bank, grant)


def revoke_consents(bank: Bank, client_id: str, membership_id: str) -> None:
    for grant in list(bank.store.grants):
        if (grant.client_id, grant.membership_id) == (client_id, membership_id):
            revoke(bank, grant)


def revoke_all(bank: Bank) -> int:
    """End every grant; return how many were alive."""
    alive = [grant for grant in bank.store.grants if grant.revoked_at is None]
    for grant in alive:
        revoke(bank, grant)
    return len(alive)


def _end(bank: Bank, value: str) -> None:
    token = bank.store.tokens.get(value)
    if token and token.revoked_at is None:
        token.revoked_at = bank.clock.now()
        bank.store.tokens.save(token)


def _forget_old(bank: Bank, now: datetime) -> None:
    """Drop tokens that are long dead, so that a long life does not grow the state."""
    for token in list(bank.store.tokens):
        if token.expires_at + FORGET_AFTER < now:
            bank.store.tokens.delete(token.value)


def _id_token(bank: Bank, client: Client, grant: Grant, access_token: str) -> str:
    """Make the id_token with the claims of section 4.3; signed with the client's secret (HS256)."""
    now = int(bank.clock.now().timestamp())
    member = bank.store.memberships.rows[grant.membership_id]
    claims = {
        "at_hash": _b64(hashlib.sha256(access_token.encode()).digest()[:16]),
        "aud": [client.client_id],
        "auth_time": int(grant.created_at.timestamp()),
        "email": member.email,
        "exp": now + 3600,
        "iat": now,
        "iss": "https://stand-in.invalid/",
        "jti": bank.new_id(),
        "rat": int(grant.created_at.timestamp()),
        "sid": grant.id,
        "sub": member.id,
    }
    head = _b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    signed = f"{head}.{_b64(json.dumps(claims).encode())}"
    digest = hmac.new(client.client_secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_b64(digest)}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
