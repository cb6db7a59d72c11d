"""The developer portal: credentials of the apps and their redirect addresses."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..bank import Bank
from ..control.steering import redirect_problem
from .render import page


class Portal:
    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    async def show(self, request: Request) -> Response:
        return self._page(done="done" in request.query_params)

    async def add_address(self, request: Request) -> Response:
        form = await request.form()
        address = str(form.get("redirect_uri", "")).strip()
        client = self.bank.store.clients.get(str(form.get("client_id", "")))
        if client is None:
            return self._page(error="This app does not exist.")
        if problem := redirect_problem(address):
            return self._page(error=f"The redirect address {problem}")
        if address not in client.redirect_uris:
            client.redirect_uris.append(address)
            self.bank.store.clients.save(client)
        return RedirectResponse("/devportal?done=1", 303)

    def _page(self, error: str = "", done: bool = False) -> Response:
        return page(
            "devportal.html",
            400 if error else 200,
            clients=list(self.bank.store.clients),
            scopes=self.bank.policy.allowed_scopes,
            staging=self.bank.policy.staging_token_required,
            error=error,
            done=done,
        )


def routes(bank: Bank) -> list[Route]:
    portal = Portal(bank)
    return [
        Route("/devportal", portal.show, methods=["GET"]),
        Route("/devportal/redirect", portal.add_address, methods=["POST"]),
    ]
