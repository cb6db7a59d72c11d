"""Members' phones in the browser: approve, refuse, let expire; a phone not paired or out of reach."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..bank import Bank
from ..model import User
from ..payments import sca
from ..payments.records import ScaSession
from .render import page

SHOWN = 5


class Phones:
    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    async def choose(self, _request: Request) -> Response:
        """List the phones, each with the number of challenges that ring on it."""
        rows = [(user, sca.phone_of(self.bank, user.email), self._ringing(user)) for user in self.bank.store.users]
        return page("phones.html", rows=rows)

    async def show(self, request: Request) -> Response:
        user = self._user(request)
        if user is None:
            return self._unknown()
        return page(
            "phone.html",
            user=user,
            phone=sca.phone_of(self.bank, user.email),
            now=self.bank.clock.now(),
            frozen=self.bank.clock.frozen,
            open=[(s, self._seconds_left(s)) for s in sca.on_phone(self.bank, user.email)],
            lately=[(s, sca.state(self.bank, s)) for s in sca.lately(self.bank, user.email, SHOWN)],
            late="late" in request.query_params,
        )

    async def decide(self, request: Request) -> Response:
        user, form = self._user(request), await request.form()
        session = self.bank.store.sca_sessions.get(str(form.get("token", "")))
        if user is None or session is None or session.email != user.email:
            return self._unknown()
        decision = form.get("decision")
        if decision == "expire":
            done = sca.let_expire(self.bank, session)
        else:
            done = sca.decide(self.bank, session, sca.ALLOW if decision == sca.ALLOW else sca.DENY)
        return self._back(user, "" if done else "?late=1")

    async def set_up(self, request: Request) -> Response:
        user, form = self._user(request), await request.form()
        if user is None:
            return self._unknown()
        phone = sca.phone_of(self.bank, user.email)
        phone.paired, phone.reachable = form.get("state") != "unpaired", form.get("state") != "unreachable"
        self.bank.store.phones.save(phone)
        return self._back(user)

    def _user(self, request: Request) -> User | None:
        return self.bank.store.users.get(request.path_params["email"])

    def _ringing(self, user: User) -> int:
        return len(sca.on_phone(self.bank, user.email))

    def _seconds_left(self, session: ScaSession) -> int:
        return max(0, int((session.expires_at - self.bank.clock.now()).total_seconds()))

    @staticmethod
    def _back(user: User, query: str = "") -> Response:
        return RedirectResponse(f"/phone/{user.email}{query}", 303)

    @staticmethod
    def _unknown() -> Response:
        return page("message.html", 404, title="No such phone", text="Choose a phone at /phone.")


def routes(bank: Bank) -> list[Route]:
    phones = Phones(bank)
    return [
        Route("/phone", phones.choose, methods=["GET"]),
        Route("/phone/{email}", phones.show, methods=["GET"]),
        Route("/phone/{email}/decision", phones.decide, methods=["POST"]),
        Route("/phone/{email}/state", phones.set_up, methods=["POST"]),
    ]
