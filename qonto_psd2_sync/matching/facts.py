# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the engine is told, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum


class ProofKind(Enum):
    """Why a proposal is made. The first five are proofs, the others only hints: they never book a line.

    A number and a structured reference are one proof: both are what the payer wrote.
    """

    TRANSFER = "transfer"
    """The line is the transfer that was sent for this item."""
    NUMBER = "number"
    """The item's full number stands in the line's text."""
    STRUCTURED = "structured"
    """The item's structured payment reference stands in the text, and its check digits are right."""
    IBAN = "iban"
    """The counterparty's account is known as the partner's."""
    AMOUNT = "amount"
    """The line's amount is the open amount, or the sum of the items."""
    DISCOUNT = "discount"
    """The line's amount is what was to be paid until the discount's day, and it came in time. `detail`: that day."""
    NAME = "name"
    """The counterparty's name is like the partner's. `detail`: the partner's name."""
    CONFIRMED = "confirmed"
    """Somebody confirmed before that this counterparty's name is this partner's."""
    NUMBER_PART = "number_part"
    """The number stands there without its prefix, its zeros or its beginning, or as part of a range. `detail`: it."""
    NUMBER_NEAR = "number_near"
    """The number stands there with one wrong character. `detail`: the item's number."""
    RETURNED = "returned"
    """The text says that a transfer comes back."""

    @property
    def is_hint(self) -> bool:
        """Whether this never counts as one of the two proofs that a booking needs."""
        return self not in PROOFS


PROOFS = frozenset({
    ProofKind.TRANSFER, ProofKind.NUMBER, ProofKind.STRUCTURED, ProofKind.IBAN, ProofKind.AMOUNT,
})


class ItemKind(Enum):
    """What an open item is."""

    DOCUMENT = "document"
    """An invoice, a bill, a credit note, or anything else that is open on a partner."""
    PAYMENT = "payment"
    """A payment that was recorded and waits for its bank line."""
    SENT = "sent"
    """A transfer that the bank has booked, and that may come back; its `residual` is what would come back. It is
    proposed only for a line that says so; what it had paid is then open again."""


class Rest(Enum):
    """Why line and items are not equal, and what becomes of the difference."""

    PART = "part"
    """Less than is open was paid: the items stay open with what is left."""
    FEE = "fee"
    """Somebody kept a fee: the items are paid in full, `rest_amount` goes to an account that a person names."""
    LATE_DISCOUNT = "late_discount"
    """The discount was taken after its day: the item stays open with it, unless a person grants it."""
    OVERPAID = "overpaid"
    """More than is open was paid: the items are paid in full, `rest_amount` stays open on the partner."""
    ROUNDING = "rounding"
    """Cents of a foreign currency: the items are paid in full, `rest_amount` is a difference of the exchange."""


@dataclass(frozen=True)
class LineFacts:
    """One bank line.

    :ivar amount: signed as on the statement, in ``currency``; in the currency that the other party paid in, if the
        bank tells it.
    :ivar texts: label, reference, note: whatever a number can stand in.
    :ivar iban: the counterparty's account without spaces, upper case; None when not known.
    :ivar partner_id: the partner that is set on the line, None when none is. Items of others are then not proposed.
    :ivar transfer_id: the id of an own transfer that the bank books here, None when it is none.
    :ivar name: the counterparty's name as the bank shows it.
    :ivar operation: the bank's kind of transaction (`operation_type`): ``card``, ``qonto_fee``, ``income`` …
    :ivar own_account: the counterparty's account is one of the company's own: money only moved between them.
    :ivar account_amount: what the account was moved by, in ``account_currency``, where that is another than
        ``currency``.
    :ivar confirmed: partners that somebody confirmed for this counterparty's name before.
    """

    id: int
    amount: Decimal
    currency: str
    texts: tuple[str, ...]
    day: date
    iban: str | None = None
    partner_id: int | None = None
    transfer_id: str | None = None
    name: str = ""
    operation: str = ""
    own_account: bool = False
    account_amount: Decimal | None = None
    account_currency: str | None = None
    confirmed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class OpenItem:
    """One open journal item of a document.

    :ivar residual: what is open, signed as the line that pays it: positive for a customer's invoice.
    :ivar numbers: the document's number, its payment reference, the vendor's number.
    :ivar ibans: accounts known as the partner's, without spaces, upper case.
    :ivar transfer_id: the id of an own transfer that pays it (or that it is, for a sent one), None when there is none.
    :ivar names: the partner's names, the usual one first.
    :ivar discount_day: until this day ``discount_amount`` is enough.
    :ivar discount_amount: what has to be paid until then, signed as ``residual``; None when there is no discount.
    """

    id: int
    partner_id: int | None
    residual: Decimal
    currency: str
    numbers: tuple[str, ...]
    day: date
    ibans: frozenset[str] = frozenset()
    transfer_id: str | None = None
    kind: ItemKind = ItemKind.DOCUMENT
    names: tuple[str, ...] = ()
    discount_day: date | None = None
    discount_amount: Decimal | None = None


@dataclass(frozen=True)
class Proof:
    """Why a proposal is made; a person can check it.

    :ivar detail: the number found, the account known; empty where the kind says it all.
    """

    kind: ProofKind
    detail: str = ""


@dataclass(frozen=True)
class Proposal:
    """Items that the line may pay, best first.

    :ivar proofs: at least one; in the order of :class:`ProofKind`.
    :ivar certain: two independent proofs and no rival: it may be booked without asking.
    :ivar amounts: how much of each item is settled, beside ``item_ids``, signed as the item's residual and in its
        currency; with a discount taken or a fee kept back that is all of it. Never empty in the engine's answers.
    :ivar discounted: the items whose early-payment discount is taken (`Match.discount`).
    :ivar rest: why line and items are not equal; None when they are, or when only discounts make the difference.
    :ivar rest_amount: what of the line the items do not explain, signed as on the statement: positive when more money
        came in than is settled; negative when a fee was kept back. Zero for a part payment.
    :ivar confidence: how often a proposal like this is right, between 0 and 1.
    """

    line_id: int
    item_ids: tuple[int, ...]
    proofs: tuple[Proof, ...]
    certain: bool
    amounts: tuple[Decimal, ...] = ()
    discounted: frozenset[int] = frozenset()
    rest: Rest | None = None
    rest_amount: Decimal = Decimal(0)
    confidence: float = 0.5

    @property
    def kinds(self) -> frozenset[ProofKind]:
        return frozenset(proof.kind for proof in self.proofs)
