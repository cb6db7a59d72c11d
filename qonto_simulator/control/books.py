"""Adding accounts and transactions, and editing, completing, declining, removing them."""

from __future__ import annotations

from datetime import timedelta
from random import SystemRandom
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from ..bank import Bank
from ..clock import iso
from ..entry import EntryError, NewEntry, edit_entry, enter
from ..model import Account, Transaction
from ..world.iban import HOUSE_BIC, house
from .base import Json, WrongInput, assign, body_of, instant, object_of, route
from .truth import transaction_json

ENTRY_FIELDS = set(NewEntry.__dataclass_fields__)
INSTANTS = ("emitted_at", "settled_at", "created_at", "updated_at")


def routes(bank: Bank) -> list[Route]:
    return [
        route(bank, "/accounts", "POST", add_account),
        route(bank, "/accounts/{id}", "PATCH", edit_account),
        route(bank, "/transactions", "POST", add_transactions),
        route(bank, "/transactions/generate", "POST", generate),
        route(bank, "/transactions/{id}", "PATCH", edit_transaction),
        route(bank, "/transactions/{id}", "DELETE", remove_transaction),
    ]


async def add_account(bank: Bank, request: Request) -> Json:
    """Open an account in the first organization or ``organization_id``; ``iban`` null: none."""
    body = await object_of(request, {"name", "iban", "currency", "balance_cents", "organization_id", "status", "id"})
    organization = bank.store.organizations.get(body.get("organization_id") or bank.first_organization().id)
    if organization is None:
        raise WrongInput("No organization has this id.")
    number = len(bank.accounts(organization.id)) + 1
    account = Account(
        id=body.get("id") or bank.new_id(),
        organization_id=organization.id,
        number=number,
        slug=f"{organization.slug}-{number}",
        name=f"Konto {number}",
        iban=None,
        bic=HOUSE_BIC,
        currency="EUR",
        main=False,
        opening_balance_cents=body.pop("balance_cents", 0),
        updated_at=bank.clock.now(),
    )
    if account.id in bank.store.accounts.rows:
        raise WrongInput("An account with this id exists.")
    assign(account, body, {"name", "iban", "currency", "status", "id", "organization_id"})
    if "iban" not in body:
        account.iban = house(SystemRandom())
    bank.ledger.open_account(account)
    return {"account": account_json(bank, account)}


async def edit_account(bank: Bank, request: Request) -> Json:
    """Rename an account, close it (``status``: ``closed``) or change its IBAN."""
    account = _account(bank, request.path_params["id"])
    body = await object_of(request, {"name", "status", "iban", "main"})
    assign(account, body, set(body))
    account.updated_at = bank.clock.now()
    bank.store.accounts.save(account)
    return {"account": account_json(bank, account)}


async def add_transactions(bank: Bank, request: Request) -> Json:
    """Add one (an object) or many (a list): all or none."""
    body = await body_of(request)
    many = isinstance(body, list)
    entries = [_entry(bank, facts) for facts in (body if many else [body])]
    rows = [enter(bank, account, entry) for account, entry in entries]
    if many:
        return {"transactions": [transaction_json(row) for row in rows]}
    return {"transaction": transaction_json(rows[0])}


def _entry(bank: Bank, facts: Any) -> tuple[Account, NewEntry]:
    if not isinstance(facts, dict):
        raise WrongInput("A transaction is a JSON object.")
    account = _account(bank, facts.get("account_id"))
    entry = NewEntry()
    values = {name: value for name, value in facts.items() if name != "account_id"}
    for name in INSTANTS:
        if values.get(name) is not None:
            values[name] = instant(values[name], name)
    assign(entry, values, ENTRY_FIELDS)
    try:
        entry.check(bank)
    except EntryError as error:
        raise WrongInput(str(error)) from None
    return account, entry


async def generate(bank: Bank, request: Request) -> Json:
    """Add ``count`` plain completed rows over the last ``days``; for measuring."""
    body = await object_of(request, {"account_id", "count", "days"})
    account = _account(bank, body.get("account_id"))
    count, days = body.get("count", 1000), body.get("days", 80)
    if not (isinstance(count, int) and isinstance(days, int) and 0 < count <= 100_000 and days > 0):
        raise WrongInput("count must be 1 to 100000, days at least 1.")
    now = bank.clock.now()
    step = timedelta(days=days) / count
    for number in range(count):
        at = now - step * (count - number)
        entry = NewEntry(
            side="credit" if number % 3 else "debit",
            amount_cents=1000 + number % 977,
            label=f"Partner {number % 211}",
            reference=f"Vorgang {number:06d}",
            operation_type="income" if number % 3 else "transfer",
            emitted_at=at,
            settled_at=at,
            updated_at=at,
        )
        enter(bank, account, entry)
    return {"added": count, "account_id": account.id}


async def edit_transaction(bank: Bank, request: Request) -> Json:
    """Change fields; ``status`` completes, declines or re-opens. ``updated_at`` moves to now."""
    row = _row(bank, request.path_params["id"])
    body = await object_of(request, ENTRY_FIELDS | {"label_ids"})
    for name in INSTANTS:
        if body.get(name) is not None:
            body[name] = instant(body[name], name)
    try:
        edit_entry(bank, row, body)
    except EntryError as error:
        raise WrongInput(str(error)) from None
    return {"transaction": transaction_json(row)}


async def remove_transaction(bank: Bank, request: Request) -> Json:
    """Make a row vanish (a re-issued id, say): the chain closes over it."""
    row = _row(bank, request.path_params["id"])
    bank.ledger.remove(bank.account_of(row), row)
    return {"removed": row.id}


def _account(bank: Bank, account_id: Any) -> Account:
    account = bank.store.accounts.get(account_id) if isinstance(account_id, str) else None
    if account is None:
        raise WrongInput("account_id must be the id of an account.")
    return account


def _row(bank: Bank, transaction_id: str) -> Transaction:
    row = bank.store.transactions.get(transaction_id)
    if row is None:
        raise WrongInput("No transaction has this id.")
    return row


def account_json(bank: Bank, account: Account) -> Json:
    return {
        "id": account.id,
        "name": account.name,
        "iban": account.iban,
        "currency": account.currency,
        "main": account.main,
        "status": account.status,
        "organization_id": account.organization_id,
        "balance_cents": bank.ledger.balance(account),
        "updated_at": iso(account.updated_at),
    }
