"""``POST /oauth2/token`` and ``POST /oauth2/revoke`` (``qonto-api.md`` sections 4.4, 4.5)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..api.gate import staging_page
from ..bank import Bank
from ..model import Client
from . import grants

FORM = "application/x-www-form-urlencoded"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthRefusal(Exception):
    """RFC 6749 section 5.2: ``{"error", "error_description"}``."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error, self.description = status, error, description

    def response(self) -> Response:
        body = {"error": self.error, "error_description": self.description}
        return JSONResponse(body, self.status, headers=NO_STORE)


class TokenHost:
    """The two calls that an app's server makes to the OAuth host."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    async def token(self, request: Request) -> Response:
        if page := staging_page(self.bank, request):
            return page
        try:
            form = await _form(request)
            return JSONResponse(self._tokens(request, form), headers=NO_STORE)
        except OAuthRefusal as refusal:
            return refusal.response()
        except grants.InvalidGrant as error:
            return OAuthRefusal(400, "invalid_grant", str(error)).response()

    async def revoke(self, request: Request) -> Response:
        if page := staging_page(self.bank, request):
            return page
        try:
            form = await _form(request)
            client = self._client(request, form)
            grants.revoke_token(self.bank, client, _field(form, "token"))
        except OAuthRefusal as refusal:
            return refusal.response()
        return Response(status_code=200)

    def _tokens(self, request: Request, form: Mapping[str, str]) -> dict[str, object]:
        kind = _field(form, "grant_type")
        client = self._client(request, form)
        if kind == "authorization_code":
            code, address = _field(form, "code"), _field(form, "redirect_uri")
            return grants.exchange(self.bank, client, code, address, form.get("code_verifier"))
        if kind == "refresh_token":
            return grants.refresh(self.bank, client, _field(form, "refresh_token"))
        raise OAuthRefusal(400, "unsupported_grant_type", "grant_type must be authorization_code or refresh_token")

    def _client(self, request: Request, form: Mapping[str, str]) -> Client:
        """Only ``client_secret_post``; HTTP Basic is not documented and refused (section 4.4)."""
        client = self.bank.store.clients.get(form.get("client_id", ""))
        given = form.get("client_secret", "").encode()
        if (
            client is None
            or "authorization" in request.headers
            or not hmac.compare_digest(client.client_secret.encode(), given)
        ):
            raise OAuthRefusal(401, "invalid_client", "Client authentication failed (client_secret_post expected)")
        request.state.client_id = client.client_id
        return client


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise OAuthRefusal(400, "invalid_request", f"The body must be {FORM}")
    fields = await request.form()
    names = [name for name, _value in fields.multi_items()]
    if len(names) != len(set(names)):
        raise OAuthRefusal(400, "invalid_request", "A parameter is given more than once")
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _field(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise OAuthRefusal(400, "invalid_request", f"The parameter {name} is missing")
    return value
