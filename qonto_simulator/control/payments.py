"""Payments behind the scenes: the ledger of debits (the oracle), payees, fates, transfers made in the bank's app."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from ..api.errors import ApiError
from ..bank import Bank
from ..clock import iso
from ..payments import life, orders, payees
from ..payments.records import Beneficiary, InternalTransfer, Payee, Transfer
from .base import Json, WrongInput, as_json, assign, body_of, object_of, route

FATES = ("declined", "rejected", "returned", "failed", "stuck")
ORDER_FIELDS = {"amount", "reference", "beneficiary", "beneficiary_id", "scheduled_date", "note"}


def routes(bank: Bank) -> list[Route]:
    table = [
        ("/debits", "GET", debits),
        ("/transfers", "POST", pay_in_app),
        ("/transfers/{id}", "POST", force),
        ("/payees", "GET", list_payees),
        ("/payees", "POST", set_payees),
        ("/payees", "DELETE", forget_payees),
        ("/beneficiaries", "POST", set_beneficiary),
    ]
    return [route(bank, path, method, action) for path, method, action in table]


async def debits(bank: Bank, request: Request) -> Json:
    """All money that left or will leave: each accepted transfer once, in the order of acceptance.

    ``?account_id=`` and ``?note=`` (a part of it: a client's marker) narrow it down. ``debited_cents`` counts what left
    the account and did not come back by being declined.
    """
    wanted = request.query_params
    rows = [_debit(bank, transfer) for transfer in bank.store.transfers]
    rows += [_internal_debit(bank, transfer) for transfer in bank.store.internal_transfers]
    rows = [
        row
        for row in rows
        if wanted.get("account_id") in (None, row["account_id"]) and (wanted.get("note") or "") in (row["note"] or "")
    ]
    rows.sort(key=lambda row: row["created_at"])
    gone = sum(row["amount_cents"] for row in rows if row["debited_at"] and row["status"] != "declined")
    return {"debits": rows, "debited_cents": gone}


def _debit(bank: Bank, transfer: Transfer) -> Json:
    payee = bank.store.beneficiaries.rows[transfer.beneficiary_id]
    return {
        "kind": "transfer",
        "id": transfer.id,
        "origin": transfer.origin,
        "status": transfer.status,
        "declined_reason": transfer.declined_reason,
        "account_id": transfer.account_id,
        "amount_cents": transfer.amount_cents,
        "iban": payee.iban,
        "name": payee.name,
        "reference": transfer.reference,
        "note": transfer.note,
        "client_transfer_id": transfer.client_transfer_id,
        "bulk_id": transfer.bulk_id,
        "idempotency_key": transfer.idempotency_key,
        "email": bank.store.memberships.rows[transfer.initiator_id].email,
        "created_at": iso(transfer.created_at),
        "debited_at": iso(transfer.debited_at),
        "completed_at": iso(transfer.completed_at),
        "returned_at": iso(transfer.returned_at),
        "transaction_id": transfer.transaction_id,
    }


def _internal_debit(bank: Bank, transfer: InternalTransfer) -> Json:
    target = bank.store.accounts.rows[transfer.credit_account_id]
    at = iso(transfer.created_at)
    return {
        "kind": "internal",
        "id": transfer.id,
        "origin": "api",
        "status": "settled",
        "declined_reason": None,
        "account_id": transfer.debit_account_id,
        "amount_cents": transfer.amount_cents,
        "iban": target.iban,
        "name": target.name,
        "reference": transfer.reference,
        "note": None,
        "client_transfer_id": None,
        "bulk_id": None,
        "idempotency_key": transfer.idempotency_key,
        "email": bank.store.memberships.rows[transfer.initiator_id].email,
        "created_at": at,
        "debited_at": at,
        "completed_at": at,
        "returned_at": None,
        "transaction_id": None,
    }


async def pay_in_app(bank: Bank, request: Request) -> Json:
    """Make a transfer as a member would in the bank's own app: ``account_id`` and a transfer's input."""
    body = await object_of(request, ORDER_FIELDS | {"account_id", "email"})
    account = bank.store.accounts.get(body.get("account_id") or "")
    if account is None:
        raise WrongInput("account_id must be the id of an account.")
    members = [m for m in bank.memberships(account.organization_id) if body.get("email") in (None, m.email)]
    if not members:
        raise WrongInput("No member has this email.")
    try:
        order = orders.read_order(bank, bank.organization(account.organization_id), body, "")
        transfer = orders.make_transfer(bank, account, order, members[0].id, bank.clock.now(), origin="app")
    except ApiError as error:
        raise WrongInput(error.detail) from None
    return {"transfer": _debit(bank, transfer)}


async def force(bank: Bank, request: Request) -> Json:
    """Bring a transfer to ``status`` now: processing, settled, declined (with ``reason``), canceled or returned."""
    transfer = bank.store.transfers.get(request.path_params["id"])
    if transfer is None:
        raise WrongInput("No transfer has this id.")
    body = await object_of(request, {"status", "reason"})
    now, status = bank.clock.now(), body.get("status")
    if transfer.status == "pending" and status in ("processing", "settled"):
        transfer.execute_at = now
        life.execute(bank, transfer)
    if transfer.status == "processing" and status == "settled":
        life.finish(bank, transfer, now)
    elif transfer.status in ("pending", "processing") and status == "declined":
        life.decline(bank, transfer, str(body.get("reason") or "qonto_processing_failed"), now)
    elif transfer.status == "pending" and status == "canceled":
        life.cancel(bank, transfer)
    elif transfer.status == "settled" and transfer.returned_at is None and status == "returned":
        life.give_back(bank, transfer, now)
    elif transfer.status != status:
        raise WrongInput(f"A transfer that is {transfer.status} cannot become {status}.")
    return {"transfer": _debit(bank, transfer)}


async def list_payees(bank: Bank, _request: Request) -> Json:
    return {"payees": [as_json(payee) for payee in bank.store.payees]}


async def set_payees(bank: Bank, request: Request) -> Json:
    """Say what other banks know of an IBAN and do with money for it; one (object) or many (list)."""
    body = await body_of(request)
    made = [_payee(facts) for facts in (body if isinstance(body, list) else [body])]
    for payee in made:
        bank.store.payees.save(payee)
    return {"payees": [as_json(payee) for payee in made]}


def _payee(facts: Any) -> Payee:
    if not isinstance(facts, dict) or not facts.get("iban"):
        raise WrongInput("A payee is a JSON object with an iban.")
    payee = Payee(iban="")
    assign(payee, facts, set(Payee.__dataclass_fields__))
    if payee.vop_result and payee.vop_result not in payees.RESULTS:
        raise WrongInput(f"vop_result must be one of: {', '.join(payees.RESULTS)}.")
    if payee.fate and payee.fate not in FATES:
        raise WrongInput(f"fate must be one of: {', '.join(FATES)}.")
    return payee


async def forget_payees(bank: Bank, _request: Request) -> Json:
    count = len(bank.store.payees)
    bank.store.payees.clear()
    return {"forgotten": count}


async def set_beneficiary(bank: Bank, request: Request) -> Json:
    """Add a payee, or change the one with this IBAN: ``{iban, name, trusted?, status?, organization_id?}``."""
    body = await object_of(request, set(Beneficiary.__dataclass_fields__))
    organization = bank.store.organizations.get(body.get("organization_id") or bank.first_organization().id)
    if organization is None or not body.get("iban") or not body.get("name"):
        raise WrongInput("A beneficiary needs iban and name, and an organization that exists.")
    beneficiary = payees.keep(bank, organization, body)
    assign(beneficiary, {k: v for k, v in body.items() if k in ("trusted", "status")}, {"trusted", "status"})
    bank.store.beneficiaries.save(beneficiary)
    return {
        "beneficiary": {
            "id": beneficiary.id,
            "name": beneficiary.name,
            "iban": beneficiary.iban,
            "trusted": beneficiary.trusted,
            "status": beneficiary.status,
        }
    }
