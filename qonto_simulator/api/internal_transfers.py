"""Between own accounts (``qonto-api.md`` section 14): no payee check, no approval, booked at once."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from ..entry import NewEntry, enter
from ..model import CREDIT, DEBIT, Account
from ..payments import checks, orders
from ..payments.idempotency import idempotent, key_of
from ..payments.records import InternalTransfer
from ..payments.sca import NotThisCall
from . import payment_views
from .call import Call, Endpoints
from .errors import ApiError
from .gate import answer

endpoints = Endpoints()

AT = "/internal_transfer"


@endpoints.add("POST", "/v2/internal_transfers", "internal_transfer.write")
@idempotent
async def create_internal_transfer(call: Call) -> Response:
    bank = call.bank
    orders.check_payer(bank, call.membership)
    body = checks.part(await checks.body_of(call.request), "internal_transfer")
    source, target = _account(call, body, "debit_iban"), _account(call, body, "credit_iban")
    reference = checks.text(body, "reference", AT, longest=140)
    cents = checks.amount(body, AT)
    if "EUR" not in (body.get("currency"), body.get("amount_currency")):
        raise checks.wrong(f"{AT}/currency", "currency must be EUR")
    if source is target:
        raise checks.wrong(f"{AT}/credit_iban", "the accounts must differ")
    if bank.ledger.authorized_balance(source) < cents:
        raise ApiError(400, "insufficient_funds", "Insufficient funds")
    record = InternalTransfer(
        id=bank.new_id(),
        organization_id=call.organization.id,
        slug=f"{call.organization.slug}-internal-{len(bank.store.internal_transfers) + 1}",
        debit_account_id=source.id,
        credit_account_id=target.id,
        amount_cents=cents,
        reference=reference,
        created_at=call.now,
        idempotency_key=key_of(call),
        initiator_id=call.membership.id,
    )
    bank.store.internal_transfers.save(record)
    for account, other, side in ((source, target, DEBIT), (target, source, CREDIT)):
        entry = NewEntry(
            side=side,
            amount_cents=cents,
            label=call.organization.legal_name,
            reference=reference,
            counterparty_iban=other.iban,
            counterparty_bic=other.bic,
            initiator_id=call.membership.id,
            category="treasury_and_interco",
        )
        enter(bank, account, entry)
    return answer({"internal_transfer": payment_views.internal_transfer(record)})


def _account(call: Call, body: dict[str, Any], name: str) -> Account:
    iban = checks.iban(body, name, AT)
    for account in call.bank.accounts(call.organization.id):
        if account.iban == iban and account.status == "active":
            return account
    raise NotThisCall
