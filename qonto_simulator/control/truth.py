"""What the bank really holds, for comparing with what a client made of it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route

from ..bank import Bank
from ..clock import berlin_day, iso
from ..model import Account, Document, Partner, Transaction
from .base import Json, as_json, route


def routes(bank: Bank) -> list[Route]:
    return [
        route(bank, "/truth", "GET", truth),
        route(bank, "/documents", "GET", documents),
    ]


async def truth(bank: Bank, request: Request) -> Json:
    """All accounts with all rows; ``?account_id=`` or ``?organization_id=`` narrow it down."""
    wanted = request.query_params
    accounts = [
        account
        for account in bank.store.accounts
        if wanted.get("account_id") in (None, account.id)
        and wanted.get("organization_id") in (None, account.organization_id)
    ]
    return {
        "now": iso(bank.clock.now()),
        "accounts": [_account(bank, account) for account in accounts],
    }


def _account(bank: Bank, account: Account) -> Json:
    return {
        "id": account.id,
        "organization_id": account.organization_id,
        "name": account.name,
        "iban": account.iban,
        "currency": account.currency,
        "main": account.main,
        "status": account.status,
        "opening_balance_cents": account.opening_balance_cents,
        "balance_cents": bank.ledger.balance(account),
        "authorized_balance_cents": bank.ledger.authorized_balance(account),
        "transactions": [transaction_json(row) for row in bank.ledger.rows(account)],
    }


def transaction_json(row: Transaction) -> Json:
    """One row; ``amount_cents`` signed, ``local_date`` the Berlin day of its booking."""
    return {
        "id": row.id,
        "transaction_id": row.transaction_id,
        "account_id": row.account_id,
        "status": row.status,
        "side": row.side,
        "operation_type": row.operation_type,
        "amount_cents": row.signed_cents,
        "currency": row.currency,
        "local_amount_cents": row.local_amount_cents,
        "local_currency": row.local_currency,
        "emitted_at": iso(row.emitted_at),
        "settled_at": iso(row.settled_at),
        "updated_at": iso(row.updated_at),
        "local_date": berlin_day(row.settled_at) if row.settled_at else None,
        "settled_balance_cents": row.settled_balance_cents,
        "label": row.label,
        "reference": row.reference,
        "note": row.note,
        "counterparty_iban": row.counterparty_iban,
    }


async def documents(bank: Bank, request: Request) -> Json:
    """Invoices and bills behind the rows; ``?issued_from=YYYY-MM-DD`` leaves older ones out."""
    since = request.query_params.get("issued_from", "")
    chosen = [d for d in bank.store.documents if d.issue_date.isoformat() >= since]
    used = {document.partner_id for document in chosen}
    return {
        "now": iso(bank.clock.now()),
        "partners": [_partner(p) for p in bank.store.partners if p.id in used],
        "documents": [_document(document) for document in chosen],
    }


def _partner(partner: Partner) -> Json:
    return as_json(partner)


def _document(document: Document) -> Json:
    net = round(document.amount_cents * 100 / (100 + document.vat_rate))
    return {
        "id": document.id,
        "kind": document.kind,
        "number": document.number,
        "partner_id": document.partner_id,
        "account_id": document.account_id,
        "issue_date": document.issue_date.isoformat(),
        "due_date": document.due_date.isoformat(),
        "amount_cents": document.amount_cents,
        "net_cents": net,
        "vat_cents": document.amount_cents - net,
        "vat_rate": document.vat_rate,
        "currency": document.currency,
        "description": document.description,
        "state": document.state,
        "open_cents": document.open_cents,
        "transactions": [as_json(part) for part in document.settlements],
    }
