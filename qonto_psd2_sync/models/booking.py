# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What somebody asks for when a bank line is booked: plain arguments, no rules.

Amounts that explain a line are signed as on the bank's statement: what came in is positive. A customer's invoice
explains money that came in, a credit note the opposite; a fee that the bank kept is negative on a line of money in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from odoo.models import BaseModel


@dataclass(frozen=True)
class Match:
    """An open journal item that the line pays, wholly or in part.

    `item`: the document's (or the payment's) open journal item.
    `amount`: how much of it is paid, in the item's currency, positive; None: all of it, or as much as the line has.
    `of_line`: how much of the line pays it, in the line's currency, positive; only for an item in a third currency,
    where otherwise the rate of the line's day decides. The difference becomes an exchange entry.
    `discount`: the early-payment discount is taken, and the item paid as a whole.
    `agreed`: it was in time when the payment was sent, whatever the line's day.
    """

    item: BaseModel
    amount: float | None = None
    of_line: float | None = None
    discount: bool = False
    agreed: bool = False


@dataclass(frozen=True)
class WriteOff:
    """What the line explains without a document: a fee, a rest, an expense.

    `amount`: signed as on the statement, in the line's currency, with its taxes; None: all that is left.
    """

    account: BaseModel
    amount: float | None = None
    label: str = ""
    partner: BaseModel | None = None
    taxes: BaseModel | None = None
    analytic: dict | None = None
    model: BaseModel | None = None


@dataclass(frozen=True)
class Booking:
    """How one bank line is to be booked, to its last cent.

    `matches`, `payments` (`account.payment` records), `write_offs` and `model` (an `account.reconcile.model`, applied
    to what is left) explain the line. `rest_on_partner`: what is then left stays open on the partner; otherwise a rest
    is refused.
    `partner`: who the line is with; None: the line's own partner, else the only one of the documents.
    `for_others`: documents of others than the line's partner are meant to be paid.
    `sent_back` (`qonto.transfer` records): their money comes back by this line; what they had debited is matched.
    """

    line: BaseModel
    matches: tuple[Match, ...] = ()
    payments: BaseModel | None = None
    write_offs: tuple[WriteOff, ...] = ()
    model: BaseModel | None = None
    rest_on_partner: bool = False
    partner: BaseModel | None = None
    for_others: bool = False
    sent_back: BaseModel | None = None


@dataclass
class Plan:
    """What will be written: values of journal items, and which of them are matched with what."""

    line: BaseModel
    partner: BaseModel
    values: list[dict] = field(default_factory=list)
    items: list[BaseModel | None] = field(default_factory=list)  # beside `values`: the item that it pays
    payments: list[BaseModel] = field(default_factory=list)  # without journal entry, paid by this line

    def add(self, values: dict, item: BaseModel | None = None) -> None:
        self.values.append(values)
        self.items.append(item)
