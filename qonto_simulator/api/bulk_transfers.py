"""Many transfers with one approval (``qonto-api.md`` section 13)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from ..payments import bulks, checks, orders, payees
from ..payments.idempotency import idempotent, key_of
from ..payments.orders import Order
from ..payments.records import Bulk
from . import params, payment_views
from .call import Call, Endpoints
from .errors import ApiError, not_found
from .gate import answer

endpoints = Endpoints()


@endpoints.add("GET", "/v2/sepa/bulk_transfers", "organization.read")
async def list_bulk_transfers(call: Call) -> Response:
    rows = [row for row in call.bank.store.bulks if row.organization_id == call.organization.id]
    page = params.Page(call.query, list(reversed(rows)))
    shown = [payment_views.bulk(call.bank, row) for row in page.rows]
    return answer({"bulk_transfers": shown, "meta": page.meta})


@endpoints.add("POST", "/v2/sepa/bulk_transfers", "payment.write", api_key=False)
@idempotent
async def create_bulk_transfer(call: Call) -> Response:
    """Check the shape of all, ask the member once, then begin to make them."""
    bank = call.bank
    orders.check_payer(bank, call.membership)
    body = await checks.body_of(call.request)
    if "bank_account_id" not in body or "bulk_transfers" not in body:  # a wrapper around it, say
        raise checks.wrong("/bulk_transfers", "bank_account_id and bulk_transfers are required", "invalid_body")
    if "vop_proof_token" not in body:
        raise ApiError(401, "vop_proof_token_missing", "VoP proof token is missing", pointer="/vop_proof_token")
    token = checks.text(body, "vop_proof_token", "")
    account = orders.debit_account(bank, call.organization, body, "")
    inputs = checks.records(body, "bulk_transfers", "", most=bulks.MOST)
    found = _orders(call, inputs)
    if problem := payees.proof_problem(bank, call.organization, token, [order.payee for order in found]):
        raise checks.wrong("/vop_proof_token", problem)
    if not all(order.beneficiary and order.beneficiary.trusted for order in found):
        total = sum(order.amount_cents for order in found)
        euros = f"{total // 100:,}.{total % 100:02d} EUR"
        count = "one transfer" if len(found) == 1 else f"{len(found)} transfers"
        await call.prove("transfer.bulk.create", f"Send {count}, {euros} in all")
    grant_id = call.grant.id if call.grant else None
    bulk = bulks.make_bulk(bank, account, call.membership, list(inputs), grant_id, key_of(call))
    payees.spend_proof(bank, token)
    shown = payment_views.bulk(bank, bulk)
    return answer({"bulk_transfer": shown} if bank.policy.bulk_wrapped else shown)


@endpoints.add("GET", "/v2/sepa/bulk_transfers/{id}", "organization.read")
async def get_bulk_transfer(call: Call) -> Response:
    return answer({"bulk_transfer": payment_views.bulk(call.bank, _one(call))})


def _orders(call: Call, inputs: Any) -> list[Order]:
    """Read all inputs; what is wrong with their content is found later, one by one."""
    found = []
    for number, item in enumerate(inputs):
        at = f"/bulk_transfers/{number}"
        checks.uuid(item, "client_transfer_id", at)
        found.append(orders.read_order(call.bank, call.organization, item, at))
    if len({item["client_transfer_id"] for item in inputs}) < len(inputs):
        raise checks.wrong("/bulk_transfers", "client_transfer_id must be unique")
    return found


def _one(call: Call) -> Bulk:
    row = call.bank.store.bulks.get(call.path["id"])
    if row is None or row.organization_id != call.organization.id:
        raise not_found("Bulk transfer")
    return row
