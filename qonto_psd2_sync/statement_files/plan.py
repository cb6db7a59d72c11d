# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What becomes of each row of a file, given what the books and the feed have already. Count-aware, order-free."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from .facts import Row


class Decision(Enum):
    """What is done with a row unless a person says otherwise: `NEW` is imported, the rest is not."""

    NEW = "new"
    PRESENT = "present"
    """Already there: `Decided.existing` is it."""
    SUSPECT = "suspect"
    """May be there already, or is odd: a person should look."""
    NOT_BOOKED = "not_booked"
    """Pending, declined, canceled or reversed at the bank."""
    OTHER_ACCOUNT = "other_account"
    HELD = "held"
    """Never decided here: for the caller, who knows lock dates."""
    BAD = "bad"


class Reason(Enum):
    """Why. Beside each: the decision it leads to, and what else is told."""

    SAME_ID = "same_id"
    """present: one of the bank's ids."""
    SAME_CONTENT = "same_content"
    """present: account, local day, amount and text."""
    REPEATED = "repeated"
    """present: the file has this row twice, by the bank's id or by the running balance. `other_row`."""
    ID_OF_OTHER_AMOUNT = "id_of_other_amount"
    """suspect: the bank's id is there, with another amount. `existing`, or `other_row`."""
    SAME_DAY_AND_AMOUNT = "same_day_and_amount"
    """suspect: a line of the same day and amount has another text. `existing`."""
    NEAR_DAY = "near_day"
    """suspect: a line of the same amount lies some days apart. `existing`."""
    OTHER_ID = "other_id"
    """suspect: all is equal but the bank's id, and that id is not in this file: a twin, an id given anew, or ids of
    two kinds. `existing`."""
    STATUS_UNKNOWN = "status_unknown"
    """suspect: the bank's word for the status is not known (`Row.status_text`)."""
    OTHER_CURRENCY = "other_currency"
    """suspect: the row's currency is not the account's."""
    ZERO = "zero"
    """not booked: nothing moves."""
    IN_FUTURE = "in_future"
    """suspect: the day lies after `today`."""
    STATUS = "status"
    """not booked: see `Row.status`."""
    NO_SETTLEMENT = "no_settlement"
    """not booked: the file has settlement dates, this row has none."""
    OTHER_IBAN = "other_iban"
    OTHER_ACCOUNT_ID = "other_account_id"
    OTHER_ACCOUNT_NAME = "other_account_name"


class Origin(Enum):
    """Where something in the books comes from, which says how far its day and ids can be trusted."""

    FEED = "feed"
    """The bank's API: its ids, its day. A row of the feed that is no bank line (yet) counts as well."""
    FILE = "file"
    """An earlier import of one of these files: ids are those of the column *Transaction ID*."""
    OTHER = "other"
    """Typed by a person, or from another importer."""


class Existing(NamedTuple):
    """One thing that the account's journal or feed has already. A plain tuple, so that SQL rows become one quickly.

    :ivar key: the caller's name for it (the id of a line, say); comes back in `Decided.existing`.
    :ivar day: the line's day.
    :ivar amount: signed; a `Decimal`, or what `Decimal(str(amount))` reads exactly.
    :ivar ids: the bank's ids known of it: the API's `id` and `transaction_id`, the file's *Transaction ID*.
    :ivar text: counterparty, label, reference, note, one after the other, as they are.
    :ivar settled_at: of the feed: when the bank booked it (aware, or naive UTC).
    :ivar balance: of the feed: the account's balance after it; None when not known.
    :ivar operation_day: of the feed: the day it was made.
    """

    key: Hashable
    day: date
    amount: Decimal | float | str
    ids: tuple[str, ...] = ()
    text: str = ""
    origin: Origin = Origin.FEED
    settled_at: datetime | None = None
    balance: Decimal | float | str | None = None
    operation_day: date | None = None


@dataclass(frozen=True)
class Account:
    """The account that a file is imported into.

    :ivar ids: the bank's ids of the account, if known.
    :ivar names: what the account is or was called at the bank; of no meaning where a file has IBAN or id.
    :ivar ids_comparable: whether the file's *Transaction ID* is one of the API's ids: True or False once an earlier
        plan found it out (`Plan.ids_comparable`), None as long as nobody knows.
    """

    iban: str = ""
    currency: str = "EUR"
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    ids_comparable: bool | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A row and what becomes of it.

    :ivar existing: `Existing.key` of what it is, or may be.
    :ivar other_row: number of the row in this file that it repeats.
    """

    row: Row
    decision: Decision
    reason: Reason | None = None
    existing: Hashable | None = None
    other_row: int | None = None


@dataclass(frozen=True)
class Break:
    """Where the running balance does not follow from the row before.

    :ivar row: number of the row that does not follow; None for the seam to the feed.
    :ivar after_row: number of the row before it.
    :ivar existing: at a seam: `Existing.key` of the feed's neighbour.
    :ivar expected: the balance before the row, by its own balance and amount.
    :ivar found: the balance after the row before it. What is missing between them is `expected - found`.
    """

    expected: Decimal
    found: Decimal
    row: int | None = None
    after_row: int | None = None
    existing: Hashable | None = None

    @property
    def missing(self) -> Decimal:
        return self.expected - self.found


@dataclass(frozen=True)
class Chain:
    """The file's running balance, in the order of booking.

    :ivar rows: how many rows with a balance were looked at; 0: the file has none, nothing is known.
    :ivar opening: the balance before the first row, `closing`: after the last.
    :ivar breaks: the first ones, at most 20; empty when each balance follows from the one before.
    :ivar break_count: of all.
    """

    rows: int = 0
    opening: Decimal | None = None
    closing: Decimal | None = None
    breaks: tuple[Break, ...] = ()
    break_count: int = 0


@dataclass(frozen=True)
class Plan:
    """What becomes of each row, and whether it all adds up.

    :ivar decided: in the file's order.
    :ivar to_book: numbers into `decided` of the new rows, in the order in which they should be booked.
    :ivar counts, totals: by decision; totals are sums of `Row.amount` (bad rows: 0).
    :ivar first_day, last_day: of the rows of this account that are booked; None when there are none.
    :ivar chain: the running balance within the file.
    :ivar seams: where the file's end (or beginning) does not meet the feed's balance; empty: it does, or nobody knows.
    :ivar seams_checked: how many of the two ends could be compared.
    :ivar ids_comparable: see `Account`; True or False when this file settled it: worth keeping.
    :ivar account_assumed: the file does not say of which account it is.
    """

    decided: tuple[Decided, ...] = field(repr=False)
    to_book: tuple[int, ...] = field(repr=False)
    counts: dict[Decision, int]
    totals: dict[Decision, Decimal]
    first_day: date | None
    last_day: date | None
    chain: Chain
    seams: tuple[Break, ...]
    seams_checked: int
    ids_comparable: bool | None
    account_assumed: bool
