"""Withdrawing a consent by the API (``qonto-api.md`` section 4.5)."""

from __future__ import annotations

from starlette.responses import Response

from ..oauth import grants
from .call import Call, Endpoints

endpoints = Endpoints()


@endpoints.add("DELETE", "/v2/oauth2/consents", "organization.read", api_key=False)
async def revoke_consents(call: Call) -> Response:
    """End every grant that this member gave this app, the calling one included."""
    if call.grant:
        grants.revoke_consents(call.bank, call.grant.client_id, call.membership.id)
    return Response(status_code=204)
