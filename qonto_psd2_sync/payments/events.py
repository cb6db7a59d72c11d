# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What can happen to a transfer. Times are PostgreSQL's (R3), aware."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class HandedOver:
    """The preparer gave it to a payer."""


@dataclass(frozen=True)
class TakenBack:
    """The payer gave it back, or the preparer took it back."""


@dataclass(frozen=True)
class Verified:
    """The payee was checked, the result accepted where it is no match, the request frozen.

    :ivar needs_sca: False for a payee trusted at the bank and named by its id
    """

    needs_sca: bool = True


@dataclass(frozen=True)
class Canceled:
    """A person does not want it any more, and the bank has not got it; or the bank canceled it for us."""

    reason: str | None = None


@dataclass(frozen=True)
class Stopped:
    """A check right before money could move failed (R8, R14): the bill changed, the grant is another one …"""

    reason: str


@dataclass(frozen=True)
class Claimed:
    """One worker took it, committed, and sends its bytes now: the first time, with a proof, or once more (R9)."""

    at: datetime


# What became of a sending (``qonto_api.payment_outcomes``).


@dataclass(frozen=True)
class Accepted:
    """The bank has it.

    :ivar transfer_id: None in a bulk: its transfers are made later, one by one
    """

    transfer_id: str | None = None


@dataclass(frozen=True)
class Challenged:
    """428 with a token: the member's phone rings."""

    at: datetime


@dataclass(frozen=True)
class NotEnrolled:
    """428 without a token: there is no device to ask."""


@dataclass(frozen=True)
class NotSent:
    """Not one byte left."""


@dataclass(frozen=True)
class Refused:
    """A definite no."""

    reason: str


@dataclass(frozen=True)
class NoAnswer:
    """No definite answer: time-out, lost connection, 5xx, a web page, "in progress", a worker that died (R4, R9).

    :ivar alarm: why a person has to look at once, if so
    """

    alarm: str | None = None


@dataclass(frozen=True)
class ClocksDiffer:
    """The bank's clock differs from ours by more than a minute: no window can be relied on."""


@dataclass(frozen=True)
class ScaSays:
    """A poll of the challenge: ``waiting``, ``allow`` or ``deny``."""

    result: str
    at: datetime


@dataclass(frozen=True)
class LookedUp:
    """Somebody asked the bank by our marker.

    :ivar transfer_id, status: what was found; None: nothing. Empty: the bank has it, and has not made it yet (a bulk)
    """

    at: datetime
    transfer_id: str | None = None
    status: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class BankSays:
    """The bank's own state of it: ``pending``, ``processing``, ``settled``, ``declined``, ``canceled`` …

    :ivar transfer_id: of one in a bulk, once the bank has made it
    """

    status: str
    reason: str | None = None
    transaction_id: str | None = None
    transfer_id: str | None = None


@dataclass(frozen=True)
class SentBack:
    """The money came back after settlement."""


@dataclass(frozen=True)
class Matched:
    """Its bank line is booked and matched with it; ``undone``: not any more."""

    undone: bool = False


@dataclass(frozen=True)
class GivenUp:
    """A person decided, with the evidence shown and a reason on record, that it does not exist.

    :ivar booked_until: until when the account's booked transactions are known, and none of them is it; only where
        nobody can look it up as its sender
    """

    at: datetime
    reason: str
    booked_until: datetime | None = None


Event = (
    HandedOver | TakenBack | Verified | Canceled | Stopped | Claimed | Accepted | Challenged | NotEnrolled | NotSent
    | Refused | NoAnswer | ClocksDiffer | ScaSays | LookedUp | BankSays | SentBack | Matched | GivenUp
)  # fmt: skip
