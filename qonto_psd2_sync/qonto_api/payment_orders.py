# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a caller wants to pay, checked, and frozen into a request (sections 12 to 14)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from . import const, sepa
from .frozen import BENEFICIARY, BULK_TRANSFER, INTERNAL_TRANSFER, TRANSFER, FrozenRequest, freeze

MOST_IN_BULK: Final = 400
MOST_ATTACHMENTS: Final = 5
ATTACHMENT_NEEDED_ABOVE: Final = Decimal("30000.00")
# SEPA's own limit for one transfer.
MOST_AMOUNT: Final = Decimal("999999999.99")

_BIC: Final = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")


class OrderProblem(ValueError):
    """An order cannot be frozen.

    :ivar field: ``amount``, ``name``, ``iban``, ``bic``, ``reference``, ``note``, ``attachments``, ``payee`` …
    :ivar why: machine word, those of :mod:`~.sepa` and some more; the caller has the words for people
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


@dataclass(frozen=True)
class Payee:
    """A payee given with the order ("inline"): a known one with this IBAN is renamed to it (section 10).

    :raise OrderProblem: on making one
    """

    name: str
    iban: str
    bic: str | None = None

    def __post_init__(self) -> None:
        if why := sepa.name_problem(self.name):
            raise OrderProblem("name", why)
        if why := sepa.iban_problem(self.iban):
            raise OrderProblem("iban", why)
        if self.iban != sepa.compact_iban(self.iban):
            raise OrderProblem("iban", sepa.WRONG_FORM)
        if self.bic is not None and not _BIC.fullmatch(self.bic):
            raise OrderProblem("bic", sepa.WRONG_FORM)

    def content(self) -> dict[str, Any]:
        """Return the ``BeneficiaryInput`` of the contract."""
        return {"name": self.name, "iban": self.iban, **({"bic": self.bic} if self.bic else {})}


@dataclass(frozen=True)
class TransferOrder:
    """One credit transfer in EUR.

    :ivar amount: above 0, at most two decimals
    :ivar payee: given inline; or ``beneficiary_id``, a payee known at the bank (trusted: no approval, section 6.5)
    :ivar scheduled_date: None: now
    :ivar note: our marker; nobody but the company's members sees it
    :raise OrderProblem: on making one
    """

    amount: Decimal
    reference: str
    payee: Payee | None = None
    beneficiary_id: str | None = None
    scheduled_date: date | None = None
    note: str | None = None
    attachment_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        amount_text(self.amount)
        if why := sepa.reference_problem(self.reference):
            raise OrderProblem("reference", why)
        if (self.payee is None) == (self.beneficiary_id is None):
            raise OrderProblem("payee", "one_of_two")
        if self.beneficiary_id is not None and not is_uuid(self.beneficiary_id):
            raise OrderProblem("payee", sepa.WRONG_FORM)
        if self.note is not None and (why := sepa.text_problem(self.note, sepa.NOTE_LENGTH)):
            raise OrderProblem("note", why)
        if len(self.attachment_ids) > MOST_ATTACHMENTS:
            raise OrderProblem("attachments", "too_many")
        if self.amount > ATTACHMENT_NEEDED_ABOVE and not self.attachment_ids:
            raise OrderProblem("attachments", "missing")

    def content(self) -> dict[str, Any]:
        """Return the ``TransferInput`` of the contract; absent fields are left out."""
        content: dict[str, Any] = {"amount": amount_text(self.amount), "reference": self.reference}
        if self.payee is not None:
            content["beneficiary"] = self.payee.content()
        if self.beneficiary_id is not None:
            content["beneficiary_id"] = self.beneficiary_id
        if self.scheduled_date is not None:
            content["scheduled_date"] = self.scheduled_date.isoformat()
        if self.note is not None:
            content["note"] = self.note
        if self.attachment_ids:
            content["attachment_ids"] = list(self.attachment_ids)
        return content


@dataclass(frozen=True)
class BulkOrder:
    """One of a bulk.

    :ivar client_transfer_id: our UUID for it, for life
    """

    client_transfer_id: str
    order: TransferOrder


def freeze_transfer(
    order: TransferOrder,
    *,
    bank_account_id: str,
    proof_token: str,
    idempotency_key: str,
    sca_method: str = const.SCA_PAIRED_DEVICE,
) -> FrozenRequest:
    """Freeze a single transfer.

    :param proof_token: of the payee check of exactly this name and IBAN
    :raise ValueError: no account, no proof, no UUID as key
    """
    content = {
        "vop_proof_token": _needed("proof_token", proof_token),
        "transfer": {**order.content(), "bank_account_id": _uuid("bank_account_id", bank_account_id)},
    }
    return freeze(TRANSFER, content, idempotency_key=idempotency_key, sca_method=sca_method)


def freeze_bulk(
    orders: Sequence[BulkOrder],
    *,
    bank_account_id: str,
    proof_token: str,
    idempotency_key: str,
    sca_method: str = const.SCA_PAIRED_DEVICE,
) -> FrozenRequest:
    """Freeze 1 to 400 transfers that are approved together.

    :param proof_token: of the bulk check of exactly these payees
    :raise OrderProblem: none, too many, or the same ``client_transfer_id`` twice
    """
    if not orders:
        raise OrderProblem("orders", sepa.EMPTY)
    if len(orders) > MOST_IN_BULK:
        raise OrderProblem("orders", "too_many")
    ids = [_uuid("client_transfer_id", order.client_transfer_id) for order in orders]
    if len(set(ids)) < len(ids):
        raise OrderProblem("client_transfer_id", "not_unique")
    content = {
        "vop_proof_token": _needed("proof_token", proof_token),
        "bank_account_id": _uuid("bank_account_id", bank_account_id),
        "bulk_transfers": [
            {**bulk_order.order.content(), "client_transfer_id": bulk_order.client_transfer_id}
            for bulk_order in orders
        ],
    }
    return freeze(BULK_TRANSFER, content, idempotency_key=idempotency_key, sca_method=sca_method)


def freeze_internal(
    *, debit_iban: str, credit_iban: str, amount: Decimal, reference: str, idempotency_key: str
) -> FrozenRequest:
    """Freeze a transfer between own accounts: no payee check, no approval (section 14).

    :raise OrderProblem: a field that cannot be
    """
    for field, iban in (("debit_iban", debit_iban), ("credit_iban", credit_iban)):
        if why := sepa.iban_problem(iban):
            raise OrderProblem(field, why)
    if sepa.compact_iban(debit_iban) == sepa.compact_iban(credit_iban):
        raise OrderProblem("credit_iban", "same_account")
    if why := sepa.reference_problem(reference):
        raise OrderProblem("reference", why)
    content = {
        "debit_iban": sepa.compact_iban(debit_iban),
        "credit_iban": sepa.compact_iban(credit_iban),
        "amount": amount_text(amount),
        "reference": reference,
        # Two generations of the reference name this field differently: send both (section 19).
        "currency": "EUR",
        "amount_currency": "EUR",
    }
    return freeze(INTERNAL_TRANSFER, {"internal_transfer": content}, idempotency_key=idempotency_key)


def freeze_beneficiary(payee: Payee, *, idempotency_key: str) -> FrozenRequest:
    """Freeze adding a payee to those known at the bank; it is never trusted by that."""
    return freeze(BENEFICIARY, {"beneficiary": payee.content()}, idempotency_key=idempotency_key)


def amount_text(amount: Decimal) -> str:
    """Return an amount as the bank wants it: ``12.50``, a text.

    :raise OrderProblem: not above 0, more than two decimals, or beyond what SEPA carries
    """
    if not isinstance(amount, Decimal) or not amount.is_finite() or amount <= 0:
        raise OrderProblem("amount", "not_positive")
    if amount > MOST_AMOUNT:
        raise OrderProblem("amount", "too_large")
    rounded = amount.quantize(Decimal("0.01"))
    if rounded != amount:
        raise OrderProblem("amount", "decimals")
    return f"{rounded:f}"


def is_uuid(text: str) -> bool:
    """Whether ``text`` is a UUID as the bank writes them."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except (ValueError, AttributeError, TypeError):
        return False


def _uuid(field: str, text: str) -> str:
    if not is_uuid(text):
        raise OrderProblem(field, sepa.WRONG_FORM)
    return text


def _needed(field: str, text: str) -> str:
    if not isinstance(text, str) or not text:
        raise OrderProblem(field, sepa.EMPTY)
    return text
