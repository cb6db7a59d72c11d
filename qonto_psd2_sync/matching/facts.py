# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the engine is told, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum


class ProofKind(Enum):
    """Independent of each other: each could be wrong while the others are right."""

    TRANSFER = "transfer"
    """The line is the transfer that was sent for this item."""
    NUMBER = "number"
    """The item's full number, or its payment reference, stands in the line's text."""
    IBAN = "iban"
    """The counterparty's account is known as the partner's."""
    AMOUNT = "amount"
    """The line's amount is the open amount, or the sum of the items that its text names."""


@dataclass(frozen=True)
class LineFacts:
    """One bank line.

    :ivar amount: signed as on the statement, in ``currency``.
    :ivar texts: label, reference, note: whatever a number can stand in.
    :ivar iban: the counterparty's account without spaces, upper case; None when not known.
    :ivar partner_id: the partner that is set on the line, None when none is.
    :ivar transfer_id: the id of an own transfer that the bank books here, None when it is none.
    """

    id: int
    amount: Decimal
    currency: str
    texts: tuple[str, ...]
    day: date
    iban: str | None = None
    partner_id: int | None = None
    transfer_id: str | None = None


@dataclass(frozen=True)
class OpenItem:
    """One open journal item of a document.

    :ivar residual: what is open, signed as the line that pays it: positive for a customer's invoice.
    :ivar numbers: the document's number, its payment reference, the vendor's number.
    :ivar ibans: accounts known as the partner's, without spaces, upper case.
    :ivar transfer_id: the id of an own transfer that pays it, None when there is none.
    """

    id: int
    partner_id: int | None
    residual: Decimal
    currency: str
    numbers: tuple[str, ...]
    day: date
    ibans: frozenset[str] = frozenset()
    transfer_id: str | None = None


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
    """

    line_id: int
    item_ids: tuple[int, ...]
    proofs: tuple[Proof, ...]
    certain: bool

    @property
    def kinds(self) -> frozenset[ProofKind]:
        return frozenset(proof.kind for proof in self.proofs)
