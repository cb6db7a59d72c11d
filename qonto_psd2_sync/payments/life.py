# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is known of one transfer, and what each state means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

# The bank forgets a key after 30 minutes and then pays again; we stop five before (R3).
REPEAT_WITHIN: Final = timedelta(minutes=25)
# A challenge and its proof (R5).
SCA_LIFE: Final = timedelta(minutes=15)
# Our clock and the bank's may differ by this much without anybody noticing (R3).
CLOCKS_MAY_DIFFER: Final = timedelta(seconds=60)
# "Not found" counts only after so many look-ups over so long a time, not all at once (R3).
LOOK_UPS: Final = 3
LOOK_UPS_OVER: Final = timedelta(hours=24)
LOOK_UPS_APART: Final = timedelta(hours=1)
# By then a transfer that left is among the account's booked transactions: where nobody can look it up as its sender.
BOOKED_BY: Final = timedelta(days=7)


class Word(str, Enum):
    """A word to store and to show; prints as itself."""

    def __str__(self) -> str:
        return str(self.value)


class State(Word):
    """Where a transfer is. ``machine.py`` draws the arrows."""

    DRAFT = "draft"  # prepared
    TO_APPROVE = "to_approve"  # handed to a payer
    VERIFIED = "verified"  # payee checked, request frozen: may be sent
    SENDING = "sending"  # claimed: bytes may be on their way
    AWAITING_SCA = "awaiting_sca"  # a phone rings
    SUBMITTED = "submitted"  # the bank has it
    PROCESSING = "processing"  # the account is debited
    SETTLED = "settled"  # sent to the network
    RETURNED = "returned"  # came back as a credit of its own
    UNKNOWN = "unknown"  # money may have moved, nobody knows
    REFUSED = "refused"  # the member said no
    EXPIRED = "expired"  # the member said nothing
    CANCELED = "canceled"  # by a person, or stopped by a check before money could move
    DECLINED = "declined"  # the bank took it and then did not execute it
    FAILED = "failed"  # the bank refused it, or a person gave it up


# Nothing more can be expected by itself.
OVER: Final = frozenset(
    {State.RETURNED, State.REFUSED, State.EXPIRED, State.CANCELED, State.DECLINED, State.FAILED}
)
# The bank has it.
AT_BANK: Final = frozenset({State.SUBMITTED, State.PROCESSING, State.SETTLED, State.RETURNED, State.DECLINED})
# It has it and has not said no.
ACCEPTED: Final = frozenset({State.SUBMITTED, State.PROCESSING, State.SETTLED})
# It is over, and no money has moved.
NO_MONEY: Final = OVER - {State.RETURNED}


class Doubt(Word):
    """Which sending was never answered."""

    BARE = "bare"  # without a proof of approval
    PROVEN = "proven"  # with one: it moves money


@dataclass(frozen=True)
class Life:
    """One transfer so far. Immutable; :func:`~.machine.step` makes the next one.

    :ivar needs_sca: whether the bank asks the member, as far as we know: a payee trusted at the bank and named by its
        id it does not (section 6.5)
    :ivar first_sent_at: when its bytes may have left for the first time
    :ivar with_proof: whether the latest sending carried a proof
    :ivar doubt: the unanswered sending that counts most; None when all were answered
    :ivar challenged_at: when the bank asked the member; ``approved``: the poll said so
    :ivar window_closed: the clocks differ too much for the window in which a key is remembered
    :ivar not_found_at: look-ups that found nothing, those that count
    :ivar given_up: a person decided that it does not exist (with the evidence, on record)
    :ivar alarm: something happened that must not: a person has to look
    :ivar matched: its bank line is booked and matched with it
    :ivar reason: the bank's or the check's word for how it ended
    """

    state: State = State.DRAFT
    needs_sca: bool = True
    first_sent_at: datetime | None = None
    with_proof: bool = False
    doubt: Doubt | None = None
    challenged_at: datetime | None = None
    approved: bool = False
    window_closed: bool = False
    not_found_at: tuple[datetime, ...] = ()
    given_up: bool = False
    alarm: str | None = None
    matched: bool = False
    transfer_id: str | None = None
    transaction_id: str | None = None
    reason: str | None = None

    @property
    def live(self) -> bool:
        """Whether it holds its bills, so that nobody pays them a second time (R1)."""
        return self.state not in OVER and not self.matched
