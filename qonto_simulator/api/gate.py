"""The way into the API: limits, staging token, credentials, scope, then the endpoint.

Order: 429 before anything else (2.4), the HTML page of a sandbox without staging token (1), 400
for a missing and 401 for a bad ``Authorization`` (2.3), 404 for an unknown path, 403 for a scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..bank import Bank
from ..model import OWNER, Grant, Membership
from ..oauth import grants
from .call import Call, Endpoint
from .errors import ApiError, error_response, missing_scope, not_found

STAGING_PAGE = """<!DOCTYPE html><html lang="en"><head><title>Sign in (stand-in, not Qonto)</title>
</head><body><h1>Sign in</h1><p>Stand-in, not Qonto. This environment is for developers only:
the request carried no valid staging token.</p></body></html>"""


class Gate:
    """Serves every ``/v2`` request."""

    def __init__(self, bank: Bank, endpoints: Iterable[Endpoint]) -> None:
        self.bank = bank
        self._routes = [(_pattern(endpoint.path), endpoint) for endpoint in endpoints]

    async def serve(self, request: Request) -> Response:
        address = request.client.host if request.client else "local"
        policy = self.bank.policy
        if exceeded := self.bank.limiter.exceeded(address, policy):
            headers = {"Retry-After": str(policy.retry_after)} if policy.retry_after else {}
            item = {"code": "too_many_requests", "detail": exceeded}
            return error_response(429, [item], headers)
        if refusal := staging_page(self.bank, request):
            return refusal
        try:
            response = await self._answer(request)
        except ApiError as error:
            response = error.response()
        self.bank.limiter.note_status(address, response.status_code)
        return response

    async def _answer(self, request: Request) -> Response:
        membership, grant = self._credentials(request)
        endpoint, path = self._route(request)
        if grant is None and not endpoint.api_key:
            raise ApiError(403, "forbidden", "This endpoint does not accept API keys")
        if grant and endpoint.scopes and not set(endpoint.scopes) & set(grant.scopes):
            raise missing_scope(endpoint.scopes)
        self._check_organization(request, membership)
        request.state.membership_id = membership.id
        request.state.client_id = grant.client_id if grant else None
        call = Call(
            bank=self.bank,
            request=request,
            organization=self.bank.organization(membership.organization_id),
            membership=membership,
            grant=grant,
            now=self.bank.clock.now(),
            path=path,
        )
        return await endpoint.handler(call)

    def _credentials(self, request: Request) -> tuple[Membership, Grant | None]:
        """Read ``Authorization``: a bearer token, or ``login:secret`` (sections 1, 4.9)."""
        text = request.headers.get("Authorization")
        if not text:
            raise ApiError(400, "bad_request", "Authorization field missing", header="Authorization")
        if text.startswith("Bearer "):
            grant = grants.grant_of_access_token(self.bank, text.removeprefix("Bearer ").strip())
            if grant:
                return self.bank.store.memberships.rows[grant.membership_id], grant
        else:
            login, _, secret = text.partition(":")
            for organization in self.bank.store.organizations:
                if (login, secret) == (organization.api_login, organization.api_secret):
                    return self._owner(organization.id), None
        raise ApiError(401, "unauthorized", "Unauthorized")

    def _owner(self, organization_id: str) -> Membership:
        members = self.bank.memberships(organization_id)
        return next(member for member in members if member.role == OWNER)

    def _route(self, request: Request) -> tuple[Endpoint, dict[str, str]]:
        for pattern, endpoint in self._routes:
            match = pattern.fullmatch(request.url.path)
            if match and request.method == endpoint.method:
                return endpoint, match.groupdict()
        raise not_found("Resource")

    @staticmethod
    def _check_organization(request: Request, membership: Membership) -> None:
        """A membership's token acts for its own organization only (sections 4.7, 4.8)."""
        named = request.headers.get("X-Qonto-Organization-Id")
        if named and named.lower() != membership.organization_id:
            raise ApiError(
                403,
                "forbidden",
                "Organization is not accessible",
                header="X-Qonto-Organization-Id",
            )


def staging_page(bank: Bank, request: Request) -> Response | None:
    """Return the sandbox's HTML page with status 200, unless the staging token is valid."""
    if not bank.policy.staging_token_required:
        return None
    given = request.headers.get("X-Qonto-Staging-Token")
    if any(given == client.staging_token for client in bank.store.clients):
        return None
    return Response(STAGING_PAGE, media_type="text/html; charset=utf-8")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def answer(body: dict[str, object], status: int = 200) -> Response:
    return JSONResponse(body, status_code=status)
