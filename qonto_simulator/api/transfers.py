"""Credit transfers (``qonto-api.md`` section 12)."""

from __future__ import annotations

from datetime import date

from starlette.responses import Response

from ..model import EMPLOYEE
from ..payments import checks, life, orders, payees
from ..payments.idempotency import idempotent, key_of
from ..payments.records import Transfer
from . import params, payment_views
from .call import Call, Endpoints
from .errors import ApiError, not_found
from .gate import answer

endpoints = Endpoints()

STATUSES = ("pending", "processing", "canceled", "declined", "settled")
MOST_IDS = 100


@endpoints.add("GET", "/v2/sepa/transfers", "organization.read")
async def list_transfers(call: Call) -> Response:
    query = call.query
    statuses = params.some_of(query, "status", STATUSES)
    ids, payee_ids = params.some_of(query, "ids", None), params.some_of(query, "beneficiary_ids", None)
    if len(ids) > MOST_IDS:
        raise ApiError(400, "bad_request", f"ids: at most {MOST_IDS}", parameter="ids")
    since, until = params.instant(query, "updated_at_from"), params.instant(query, "updated_at_to")
    first, last = _day(call, "scheduled_date_from"), _day(call, "scheduled_date_to")
    field, descending = params.sort_by(query, ("updated_at", "scheduled_date"), "updated_at:desc")
    rows = [
        row
        for row in call.bank.store.transfers
        if _visible(call, row)
        and (not statuses or row.status in statuses)
        and (not ids or row.id in ids)
        and (not payee_ids or row.beneficiary_id in payee_ids)
        and (since is None or row.updated_at >= since)
        and (until is None or row.updated_at <= until)
        and (first is None or row.scheduled_date >= first)
        and (last is None or row.scheduled_date <= last)
    ]
    rows.sort(key=lambda row: (getattr(row, field), row.id), reverse=descending)
    page = params.Page(query, rows)
    return answer({"transfers": [payment_views.transfer(row) for row in page.rows], "meta": page.meta})


@endpoints.add("POST", "/v2/sepa/transfers", "payment.write", api_key=False)
@idempotent
async def create_transfer(call: Call) -> Response:
    """Check all, ask the member, then accept. Nothing is there before the member has approved."""
    bank = call.bank
    orders.check_payer(bank, call.membership)
    body = await checks.body_of(call.request)
    if "vop_proof_token" not in body:
        raise ApiError(401, "vop_proof_token_missing", "VoP proof token is missing", pointer="/vop_proof_token")
    token = checks.text(body, "vop_proof_token", "")
    inner = checks.part(body, "transfer")
    account = orders.debit_account(bank, call.organization, inner, "/transfer")
    order = orders.read_order(bank, call.organization, inner, "/transfer")
    orders.check_order(bank, order, call.grant.id if call.grant else None, call.membership, "/transfer")
    if problem := payees.proof_problem(bank, call.organization, token, [order.payee]):
        raise checks.wrong("/vop_proof_token", problem)
    orders.check_funds(bank, account, order)
    if not (order.beneficiary and order.beneficiary.trusted):
        euros = f"{order.amount_cents // 100:,}.{order.amount_cents % 100:02d} EUR"
        await call.prove("transfer.single.create", f"Send {euros} to {order.payee[1]}")
    transfer = orders.make_transfer(bank, account, order, call.membership.id, call.now, idempotency_key=key_of(call))
    payees.spend_proof(bank, token)
    return answer({"transfer": payment_views.transfer(transfer)})


@endpoints.add("GET", "/v2/sepa/transfers/{id}", "organization.read")
async def get_transfer(call: Call) -> Response:
    return answer({"transfer": payment_views.transfer(_one(call))})


@endpoints.add("POST", "/v2/sepa/transfers/{id}/cancel", "payment.write", api_key=False)
async def cancel_transfer(call: Call) -> Response:
    orders.check_payer(call.bank, call.membership)
    if not life.cancel(call.bank, _one(call)):
        raise ApiError(400, "cannot_cancel", "The transfer is being processed or final")
    return Response(status_code=204)


def _one(call: Call) -> Transfer:
    row = call.bank.store.transfers.get(call.path["id"])
    if row is None or not _visible(call, row):
        raise not_found("Transfer")
    return row


def _visible(call: Call, row: Transfer) -> bool:
    if row.organization_id != call.organization.id:
        return False
    return call.membership.role != EMPLOYEE or row.initiator_id == call.membership.id


def _day(call: Call, name: str) -> date | None:
    text = call.query.get(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ApiError(400, "bad_request", f"{name} must be YYYY-MM-DD", parameter=name) from None
