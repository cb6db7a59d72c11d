# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an answer to a frozen request means for the money, and whether it answers it at all (design R2 to R5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from . import payment_schemas
from .errors import (
    BadRequest,
    Forbidden,
    InvalidAnswer,
    NetworkError,
    NotFound,
    PreconditionFailed,
    QontoError,
    ScaNotEnrolled,
    ScaRequired,
    Unauthorized,
)
from .frozen import BENEFICIARY, BULK_TRANSFER, INTERNAL_TRANSFER, TRANSFER, FrozenRequest
from .payment_orders import amount_text
from .payment_schemas import Beneficiary, BulkTransfer, InternalTransfer, Transfer

# What an error means for the money (R3 to R5).
NOT_SENT: Final = "not_sent"
REFUSED: Final = "refused"
CHALLENGED: Final = "challenged"
NOT_ENROLLED: Final = "not_enrolled"
UNKNOWN: Final = "unknown"

MAX_CLOCK_DIFFERENCE: Final = 60.0

Sent = Transfer | BulkTransfer | InternalTransfer | Beneficiary


class OtherAnswer(InvalidAnswer):
    """The bank answered with something else than what was sent: an old answer to this key, or a mix-up.

    Money may have moved, for what the answer says. Never treat it as success or as failure.

    :ivar answer: what the bank answered.
    """

    kind = "other_answer"

    def __init__(self, message: str, *, answer: Sent, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.answer = answer


def outcome_of(error: QontoError) -> str:
    """Return what an error in answer to a frozen request means for the money.

    * ``not_sent``: not a byte left. The same request can be sent as if for the first time.
    * ``refused``: the bank definitely did not do it, **if this was the first sending**. After an ``unknown`` it is no
      proof: the first one may still be on its way, or its money may be why the second lacks funds.
    * ``challenged``: the member is being asked; nothing exists until the replay succeeds.
    * ``not_enrolled``: there is no device to ask; repeating is useless.
    * ``unknown``: anything else. Time-out, lost connection, 5xx, a web page, "in progress", too many requests (that
      one may come from the layer that keeps the keys), an answer that cannot be read.
    """
    if isinstance(error, NetworkError) and not error.request_sent:
        return NOT_SENT
    if isinstance(error, ScaRequired):
        return CHALLENGED
    if isinstance(error, ScaNotEnrolled):
        return NOT_ENROLLED
    if isinstance(error, (BadRequest, Forbidden, NotFound, PreconditionFailed, Unauthorized)):
        return REFUSED
    return UNKNOWN


@dataclass(frozen=True)
class Accepted:
    """The bank took a frozen request.

    :ivar answer: what it made of it
    :ivar server_date: the bank's clock then; None when it did not say
    """

    answer: Sent
    server_date: datetime | None


def clock_difference(server_date: datetime | None, now: datetime) -> float | None:
    """Return by how many seconds the bank's clock is ahead of ``now``; None when the bank did not say.

    Beyond :data:`MAX_CLOCK_DIFFERENCE` either way no window in which a key is remembered can be relied on (R3).
    """
    return None if server_date is None else (server_date - now).total_seconds()


def read_accepted(frozen: FrozenRequest, payload: Any, server_date: datetime | None) -> Accepted:
    """Read a success, and hold it to what was sent: a key's old answer to another body looks like one (section 2.5).

    :raise InvalidAnswer: it cannot be read
    :raise OtherAnswer: it is about something else
    """
    try:
        answer = _PARSERS[frozen.kind](payload)
        if differing := _COMPARISONS[frozen.kind](answer, frozen.content()):
            message = f"POST {frozen.path} answered about another {frozen.kind}: {differing} differs"
            raise OtherAnswer(message, answer=answer)
    except InvalidAnswer as error:
        error.server_date = server_date
        raise
    return Accepted(answer, server_date)


_PARSERS: Final[Mapping[str, Callable[[Any], Sent]]] = {
    TRANSFER: lambda payload: payment_schemas.parse_transfer(payment_schemas.unwrapped(payload, "transfer")),
    BULK_TRANSFER: payment_schemas.parse_bulk_transfer,
    INTERNAL_TRANSFER: lambda payload: payment_schemas.parse_internal_transfer(
        payment_schemas.unwrapped(payload, "internal_transfer")
    ),
    BENEFICIARY: lambda payload: payment_schemas.parse_beneficiary(payment_schemas.unwrapped(payload, "beneficiary")),
}


def _transfer_difference(answer: Any, content: dict[str, Any]) -> str | None:
    sent = content["transfer"]
    pairs = {
        "amount": (amount_text(answer.amount), sent["amount"]),
        "currency": (answer.currency, "EUR"),
        "reference": (answer.reference, sent["reference"]),
        "note": (answer.note, sent.get("note")),
        "scheduled_date": (answer.scheduled_date.isoformat(), sent.get("scheduled_date")),
        "beneficiary_id": (answer.beneficiary_id, sent.get("beneficiary_id")),
        "bank_account_id": (answer.bank_account_id, sent["bank_account_id"]),
    }
    # What was not sent (a date: today) or is not told by the bank (an optional field) cannot differ.
    return _first_difference(pairs)


def _internal_difference(answer: Any, content: dict[str, Any]) -> str | None:
    sent = content["internal_transfer"]
    pairs = {
        "amount": (amount_text(answer.amount), sent["amount"]),
        "reference": (answer.reference, sent["reference"]),
    }
    return _first_difference(pairs)


def _bulk_difference(answer: Any, content: dict[str, Any]) -> str | None:
    sent = {order["client_transfer_id"].lower() for order in content["bulk_transfers"]}
    told = {item.client_transfer_id.lower() for item in answer.items}
    return None if sent == told else "client_transfer_id"


def _beneficiary_difference(answer: Any, content: dict[str, Any]) -> str | None:
    return _first_difference({"iban": (answer.iban, content["beneficiary"]["iban"])})


def _first_difference(pairs: Mapping[str, tuple[str | None, str | None]]) -> str | None:
    for name, (told, sent) in pairs.items():
        if told is not None and sent is not None and " ".join(told.split()) != " ".join(sent.split()):
            return name
    return None


_COMPARISONS: Final[Mapping[str, Callable[[Any, dict[str, Any]], str | None]]] = {
    TRANSFER: _transfer_difference,
    BULK_TRANSFER: _bulk_difference,
    INTERNAL_TRANSFER: _internal_difference,
    BENEFICIARY: _beneficiary_difference,
}
