"""Accepting a transfer: what is checked, in which order, and what is made of it (section 12.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ..api.errors import ApiError
from ..bank import Bank
from ..clock import BERLIN
from ..model import ADMIN, MANAGER, OWNER, Account, Membership, Organization
from . import checks, life, payees
from .records import Beneficiary, Transfer
from .sca import NotThisCall

MAY_PAY = {OWNER, ADMIN, MANAGER}
NEEDS_ATTACHMENT_ABOVE = 30_000_00
MOST_ATTACHMENTS = 5


@dataclass
class Order:
    """A checked transfer input (``TransferInput`` of the contract)."""

    amount_cents: int
    reference: str
    beneficiary: Beneficiary | None  # None: the payee is given inline
    inline: dict[str, Any]
    scheduled: date | None = None
    note: str | None = None
    attachment_ids: list[str] = field(default_factory=list)

    @property
    def payee(self) -> tuple[str, str]:
        """IBAN and name, as the payee check must have seen them."""
        if self.beneficiary:
            return self.beneficiary.iban, self.beneficiary.name
        return self.inline["iban"], self.inline["name"]


def check_payer(bank: Bank, member: Membership) -> None:
    if member.role not in MAY_PAY:
        raise ApiError(403, "forbidden", "You are not allowed to make transfers")
    if bank.policy.payment_policy:
        code = f"payment_policy_{bank.policy.payment_policy}"
        raise ApiError(400, code, "A payment policy of your organization applies: ask for a transfer instead")


def debit_account(bank: Bank, organization: Organization, body: dict[str, Any], at: str) -> Account:
    account = bank.store.accounts.get(checks.uuid(body, "bank_account_id", at))
    if account is None or account.organization_id != organization.id or account.status != "active":
        raise NotThisCall  # live shape of an id that is not to be found
    if account.currency != "EUR":
        raise checks.wrong(f"{at}/bank_account_id", "bank_account must be in EUR")
    return account


def read_order(bank: Bank, organization: Organization, body: dict[str, Any], at: str) -> Order:
    """Check the shape of a transfer's input.

    :raise ApiError: 400 with a pointer, or 422 for a beneficiary that is not to be found
    """
    cents = checks.amount(body, at)
    reference = checks.text(body, "reference", at, longest=140)
    if ("beneficiary_id" in body) == ("beneficiary" in body):
        raise checks.wrong(f"{at}/beneficiary_id", "either beneficiary_id or beneficiary is required")
    beneficiary, inline = None, {}
    if "beneficiary_id" in body:
        beneficiary = bank.store.beneficiaries.get(checks.uuid(body, "beneficiary_id", at))
        if beneficiary is None or beneficiary.organization_id != organization.id:
            raise NotThisCall
    else:
        inline = read_beneficiary(checks.part(body, "beneficiary", at), f"{at}/beneficiary")
    return Order(
        amount_cents=cents,
        reference=reference,
        beneficiary=beneficiary,
        inline=inline,
        scheduled=checks.day(body, "scheduled_date", at),
        note=checks.optional_text(body, "note", at),
        attachment_ids=checks.texts(body, "attachment_ids", at, most=MOST_ATTACHMENTS),
    )


def read_beneficiary(body: dict[str, Any], at: str) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": checks.text(body, "name", at, longest=140),
        "iban": checks.iban(body, "iban", at),
    }
    for name in ("bic", "email", "activity_tag"):
        facts[name] = checks.optional_text(body, name, at)
    return facts


def check_order(bank: Bank, order: Order, grant_id: str | None, member: Membership, at: str) -> None:
    """Check what the shape does not tell: date, files, limits."""
    today = bank.clock.now().astimezone(BERLIN).date()
    if order.scheduled and order.scheduled < today:
        raise checks.wrong(f"{at}/scheduled_date", "scheduled_date must not be in the past")
    for attachment_id in order.attachment_ids:
        attachment = bank.store.attachments.get(attachment_id)
        if attachment is None or attachment.grant_id != grant_id:
            raise NotThisCall  # of another grant: section 12.1
    if order.amount_cents > NEEDS_ATTACHMENT_ABOVE and not order.attachment_ids:
        raise checks.wrong(
            f"{at}/attachment_ids", "attachments are required for transfers above 30000.00 EUR", status=422
        )
    limit = bank.policy.spending_limit_cents
    if limit is not None and member.role not in (OWNER, ADMIN) and order.amount_cents > limit:
        raise ApiError(403, "forbidden", "The amount is above your transfer limit")


def check_funds(bank: Bank, account: Account, order: Order) -> None:
    """A transfer for now needs its money now; one for later is looked at when it is executed."""
    today = bank.clock.now().astimezone(BERLIN).date()
    if order.scheduled and order.scheduled > today:
        return
    if bank.ledger.authorized_balance(account) < order.amount_cents:
        raise ApiError(400, "insufficient_funds", "Insufficient funds")


def make_transfer(
    bank: Bank, account: Account, order: Order, initiator_id: str, at: datetime, **facts: Any
) -> Transfer:
    """Accept a checked order. From here on money will move unless something happens."""
    organization = bank.organization(account.organization_id)
    beneficiary = order.beneficiary or payees.keep(bank, organization, order.inline)
    fate = payees.fate_of(bank, beneficiary.iban)
    if fate and fate.fate == "failed":
        raise ApiError(400, fate.reason or "invalid", "The transfer could not be created")
    today = at.astimezone(BERLIN).date()
    transfer = Transfer(
        id=bank.new_id(),
        organization_id=organization.id,
        account_id=account.id,
        beneficiary_id=beneficiary.id,
        initiator_id=initiator_id,
        amount_cents=order.amount_cents,
        reference=order.reference,
        scheduled_date=order.scheduled or today,
        created_at=at,
        updated_at=at,
        execute_at=life.execution(bank, order.scheduled, at),
        note=order.note,
        attachment_ids=order.attachment_ids,
        fate=fate.fate if fate else None,
        fate_reason=fate.reason if fate else None,
        fate_seconds=fate.seconds if fate else 0.0,
        **facts,
    )
    return bank.store.transfers.save(transfer)
