"""The bank's desk: accounts, last rows, a form to add one, log-ins to use."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..bank import Bank
from ..entry import EntryError, NewEntry, enter
from ..model import COMPLETED, PENDING, Account, Transaction
from .render import page

SHOWN = 15


class Desk:
    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    async def show(self, request: Request) -> Response:
        return self._page(request.query_params.get("account"), done="done" in request.query_params)

    async def add(self, request: Request) -> Response:
        form = await request.form()
        account = self.bank.store.accounts.get(_text(form, "account"))
        if account is None:
            return self._page(None, error="Choose an account.")
        entry = NewEntry(
            side=_text(form, "side"),
            amount_cents=_cents(_text(form, "amount")),
            label=_text(form, "label"),
            reference=_text(form, "reference") or None,
            status=PENDING if _text(form, "status") == PENDING else COMPLETED,
        )
        try:
            entry.check(self.bank)
        except EntryError:
            return self._page(account.id, error="Give a name and an amount above zero, such as 120.50.")
        enter(self.bank, account, entry)
        return RedirectResponse(f"/?account={account.id}&done=1", 303)

    def _page(self, account_id: str | None, error: str = "", done: bool = False) -> Response:
        bank = self.bank
        accounts = list(bank.store.accounts)
        chosen = bank.store.accounts.get(account_id or "") or accounts[0]
        return page(
            "desk.html",
            400 if error else 200,
            now=bank.clock.now(),
            frozen=bank.clock.frozen,
            groups=[
                (org, [self._account(account) for account in bank.accounts(org.id)]) for org in bank.store.organizations
            ],
            chosen=chosen,
            rows=sorted(bank.ledger.rows(chosen), key=_booked_or_made, reverse=True)[:SHOWN],
            total=len(bank.ledger.rows(chosen)),
            members=[(bank.user(m), m.role, bank.organization(m.organization_id).name) for m in bank.store.memberships],
            error=error,
            done=done,
        )

    def _account(self, account: Account) -> tuple[Account, int, int]:
        ledger = self.bank.ledger
        return account, ledger.balance(account), ledger.authorized_balance(account)


def routes(bank: Bank) -> list[Route]:
    desk = Desk(bank)
    return [
        Route("/", desk.show, methods=["GET"]),
        Route("/desk/transactions", desk.add, methods=["POST"]),
    ]


def _booked_or_made(row: Transaction) -> datetime:
    return row.settled_at or row.emitted_at


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _cents(text: str) -> int:
    """Read ``1234.50`` or ``1234,50``; 0 when it is no amount."""
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return 0
    if not value.is_finite() or abs(value) > 10**9:
        return 0
    return int((value * 100).to_integral_value())
