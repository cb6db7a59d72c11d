"""An admitted API call, and the registry of endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from ..bank import Bank
from ..model import Grant, Membership, Organization
from ..payments import sca


@dataclass
class Call:
    """Who asks what: by grant (OAuth) or API key, always as one member of one organization."""

    bank: Bank
    request: Request
    organization: Organization
    membership: Membership
    grant: Grant | None
    now: datetime
    path: dict[str, str] = field(default_factory=dict)

    @property
    def query(self) -> QueryParams:
        return self.request.query_params

    async def prove(self, action_type: str, summary: str) -> None:
        """Go on only with the member's approval of exactly this call; ask for it otherwise (section 6).

        :param summary: what the member reads on the phone
        """
        sca.demand(
            self.bank,
            self.membership,
            bound_to=sca.digest(self.request.method, self.request.url.path, await self.request.body()),
            action_type=action_type,
            summary=summary,
            preference=self.request.headers.get("X-Qonto-2fa-Preference"),
            token=self.request.headers.get("X-Qonto-Sca-Session-Token"),
        )


Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True)
class Endpoint:
    """One row of the endpoint map (``qonto-api.md`` section 3).

    :param scopes: any one of them is enough
    :param api_key: whether an API key may call it
    """

    method: str
    path: str
    scopes: tuple[str, ...]
    api_key: bool
    handler: Handler


class Endpoints:
    """Collects the endpoints of a module; ``gate.py`` serves them."""

    def __init__(self) -> None:
        self.all: list[Endpoint] = []

    def add(self, method: str, path: str, *scopes: str, api_key: bool = True) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.all.append(Endpoint(method, path, scopes, api_key, handler))
            return handler

        return register
