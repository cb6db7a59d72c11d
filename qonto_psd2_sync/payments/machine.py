# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The arrows between the states of a transfer.

::

    draft ⇄ to_approve ⇄ verified → sending ⇄ awaiting_sca → refused | expired | canceled
                                      │ │
                                      │ └──→ failed            a definite no to the first sending
                                      ├────→ submitted → processing → settled → returned
                                      │          └────────┴──→ declined | canceled
                                      └────→ unknown           no definite answer
                                               ├→ sending      identical bytes, as a look-up by key
                                               ├→ submitted …  found, or adopted
                                               └→ failed       given up by a person; found later: adopted, with alarm

Rules that the drawing cannot show:

* Before ``sending`` nothing has left: canceling is free. From ``awaiting_sca`` too: nothing moves without a replay.
* An unanswered sending leaves a **doubt**. With a doubt no answer to a later sending is a definite no: it may be the
  first one's money that is missing, or the first one is still on its way. Such a "no" leads to ``unknown``.
* A challenge in answer to bare bytes clears the doubt about bare ones (they move nothing), never one about proven
  ones; so a phone rings only for a transfer that is in no doubt.
* What the bank says never goes backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from . import windows
from .events import (
    Accepted,
    BankSays,
    Canceled,
    Challenged,
    Claimed,
    ClocksDiffer,
    Event,
    GivenUp,
    HandedOver,
    LookedUp,
    Matched,
    NoAnswer,
    NotEnrolled,
    NotSent,
    Refused,
    ScaSays,
    SentBack,
    Stopped,
    TakenBack,
    Verified,
)
from .life import AT_BANK, LOOK_UPS_APART, Doubt, Life, State

_BEFORE: Final = (State.DRAFT, State.TO_APPROVE, State.VERIFIED)
_ORDER: Final = (State.SUBMITTED, State.PROCESSING, State.SETTLED, State.RETURNED)

ARROWS: Final[Mapping[State, frozenset[State]]] = {
    State.DRAFT: frozenset({State.TO_APPROVE, State.CANCELED}),
    State.TO_APPROVE: frozenset({State.DRAFT, State.VERIFIED, State.CANCELED}),
    State.VERIFIED: frozenset({State.TO_APPROVE, State.SENDING, State.CANCELED}),
    State.SENDING: frozenset(
        {State.AWAITING_SCA, State.SUBMITTED, State.UNKNOWN, State.FAILED, State.VERIFIED}
    ),
    State.AWAITING_SCA: frozenset({State.SENDING, State.REFUSED, State.EXPIRED, State.CANCELED}),
    State.SUBMITTED: frozenset({State.PROCESSING, State.SETTLED, State.DECLINED, State.CANCELED}),
    State.PROCESSING: frozenset({State.SETTLED, State.DECLINED, State.CANCELED}),
    State.SETTLED: frozenset({State.RETURNED}),
    State.UNKNOWN: frozenset(
        {
            State.SENDING, State.SUBMITTED, State.PROCESSING, State.SETTLED, State.DECLINED, State.CANCELED,
            State.FAILED,
        }
    ),
    # Given up, and there after all.
    State.FAILED: frozenset(
        {State.SUBMITTED, State.PROCESSING, State.SETTLED, State.DECLINED, State.CANCELED}
    ),
    State.RETURNED: frozenset(),
    State.REFUSED: frozenset(),
    State.EXPIRED: frozenset(),
    State.CANCELED: frozenset(),
    State.DECLINED: frozenset(),
}  # fmt: skip

_BANK_STATES: Final[Mapping[str, State]] = {
    "pending": State.SUBMITTED,
    "processing": State.PROCESSING,
    "settled": State.SETTLED,
    "declined": State.DECLINED,
    "canceled": State.CANCELED,
}


class NotAllowed(Exception):
    """There is no such arrow from here, or not now.

    :ivar state: where the transfer is
    :ivar event: what was tried
    """

    def __init__(self, life: Life, event: Event) -> None:
        super().__init__(f"{type(event).__name__} is not possible for a transfer that is {life.state}")
        self.state = life.state
        self.event = event


def step(life: Life, event: Event) -> Life:
    """Return the transfer after an event. Pure; the same event twice is refused or changes nothing.

    :raise NotAllowed: the event cannot happen here
    """
    after = _STEPS[type(event)](life, event)
    if after is None:
        raise NotAllowed(life, event)
    return after


# Before anything leaves


def _handed_over(life: Life, _event: HandedOver) -> Life | None:
    return replace(life, state=State.TO_APPROVE) if life.state is State.DRAFT else None


def _taken_back(life: Life, _event: TakenBack) -> Life | None:
    if life.state is State.VERIFIED:
        return replace(life, state=State.TO_APPROVE)
    return replace(life, state=State.DRAFT) if life.state is State.TO_APPROVE else None


def _verified(life: Life, event: Verified) -> Life | None:
    if life.state is not State.TO_APPROVE:
        return None
    return replace(life, state=State.VERIFIED, needs_sca=event.needs_sca)


def _canceled(life: Life, event: Canceled) -> Life | None:
    if life.state in (*_BEFORE, State.SUBMITTED):
        return replace(life, state=State.CANCELED, reason=event.reason)
    return None


def _stopped(life: Life, event: Stopped) -> Life | None:
    if life.state in (*_BEFORE, State.AWAITING_SCA):
        return replace(life, state=State.CANCELED, reason=event.reason)
    return None


# Sending


def _claimed(life: Life, event: Claimed) -> Life | None:
    """Take it for sending: the first time, with the proof, or once more."""
    if life.state is State.VERIFIED:
        return replace(life, state=State.SENDING, first_sent_at=event.at, with_proof=False)
    if windows.may_replay(life, event.at):
        return replace(life, state=State.SENDING, with_proof=True)
    if windows.may_repeat(life, event.at, by_person=True):
        return replace(life, state=State.SENDING, with_proof=life.doubt is Doubt.PROVEN)
    return None


def _accepted(life: Life, event: Accepted) -> Life | None:
    if life.state is not State.SENDING:
        return None
    return replace(life, state=State.SUBMITTED, transfer_id=event.transfer_id, doubt=None)


def _challenged(life: Life, event: Challenged) -> Life | None:
    if life.state is not State.SENDING:
        return None
    if life.with_proof or life.doubt is Doubt.PROVEN:
        # A proof should have been enough: what it did, nobody knows.
        return _in_doubt(life, alarm="challenged_again")
    return replace(life, state=State.AWAITING_SCA, challenged_at=event.at, approved=False, doubt=None)


def _not_enrolled(life: Life, _event: NotEnrolled) -> Life | None:
    if life.state is not State.SENDING:
        return None
    if life.with_proof or life.doubt is Doubt.PROVEN:
        return _in_doubt(life, alarm="challenged_again")
    return replace(life, state=State.FAILED, reason="not_enrolled", doubt=None)


def _not_sent(life: Life, _event: NotSent) -> Life | None:
    """As if it had not been claimed."""
    if life.state is not State.SENDING:
        return None
    if life.doubt is not None:
        return replace(life, state=State.UNKNOWN)
    if life.with_proof:
        return replace(life, state=State.AWAITING_SCA)
    return replace(life, state=State.VERIFIED, first_sent_at=None)


def _refused(life: Life, event: Refused) -> Life | None:
    if life.state is not State.SENDING:
        return None
    if life.doubt is not None:
        return replace(life, state=State.UNKNOWN, reason=event.reason)
    return replace(life, state=State.FAILED, reason=event.reason)


def _no_answer(life: Life, event: NoAnswer) -> Life | None:
    return _in_doubt(life, alarm=event.alarm) if life.state is State.SENDING else None


def _in_doubt(life: Life, *, alarm: str | None = None) -> Life:
    proven = life.with_proof or life.doubt is Doubt.PROVEN
    doubt = Doubt.PROVEN if proven else Doubt.BARE
    return replace(life, state=State.UNKNOWN, doubt=doubt, alarm=alarm or life.alarm)


def _clocks_differ(life: Life, _event: ClocksDiffer) -> Life:
    return replace(life, window_closed=True)


# Approval


def _sca_says(life: Life, event: ScaSays) -> Life | None:
    if life.state is not State.AWAITING_SCA:
        return None
    if event.result == "deny":
        late = windows.sca_over(life, event.at)
        return replace(life, state=State.EXPIRED if late else State.REFUSED)
    if windows.due(life, event.at) is windows.Due.EXPIRE:
        return replace(life, state=State.EXPIRED)
    return replace(life, approved=life.approved or event.result == "allow")


# At the bank


def _looked_up(life: Life, event: LookedUp) -> Life | None:
    given_up = life.state is State.FAILED and life.given_up
    if life.state is not State.UNKNOWN and not given_up:
        return None
    if event.transfer_id is None:
        counts = not life.not_found_at or event.at - life.not_found_at[-1] >= LOOK_UPS_APART
        return replace(life, not_found_at=(*life.not_found_at, event.at)) if counts and not given_up else life
    alarm = "found_after_given_up" if given_up else life.alarm
    found = replace(
        life, state=State.SUBMITTED, transfer_id=event.transfer_id or None, doubt=None, alarm=alarm, reason=None
    )
    return _bank_says(found, BankSays(event.status or "", event.reason))


def _bank_says(life: Life, event: BankSays) -> Life | None:
    """Follow the bank, forward only; a word that is not known here changes nothing."""
    if life.state not in AT_BANK and life.state is not State.CANCELED:
        return None
    told = _BANK_STATES.get(event.status)
    life = replace(
        life,
        transaction_id=event.transaction_id or life.transaction_id,
        transfer_id=life.transfer_id or event.transfer_id,
    )
    if told is None or told is life.state:
        return life
    if life.state not in _ORDER:
        # Declined and canceled are final at the bank; a stale word changes nothing, "settled" is an alarm.
        return replace(life, alarm="settled_after_end") if told is State.SETTLED else life
    if told in (State.DECLINED, State.CANCELED):
        if life.state in (State.SETTLED, State.RETURNED):
            return replace(life, alarm="ended_after_settled")
        return replace(life, state=told, reason=event.reason)
    forward = _ORDER.index(told) > _ORDER.index(life.state)
    return replace(life, state=told) if forward else life


def _sent_back(life: Life, _event: SentBack) -> Life | None:
    return replace(life, state=State.RETURNED) if life.state is State.SETTLED else None


def _matched(life: Life, event: Matched) -> Life | None:
    if life.state not in AT_BANK:
        return None
    return replace(life, matched=not event.undone)


def _given_up(life: Life, event: GivenUp) -> Life | None:
    if not event.reason.strip() or not windows.may_give_up(life, event.at, event.booked_until):
        return None
    return replace(life, state=State.FAILED, given_up=True, reason=event.reason)


_STEPS: Final[Mapping[type, Callable[[Life, Any], Life | None]]] = {
    HandedOver: _handed_over,
    TakenBack: _taken_back,
    Verified: _verified,
    Canceled: _canceled,
    Stopped: _stopped,
    Claimed: _claimed,
    Accepted: _accepted,
    Challenged: _challenged,
    NotEnrolled: _not_enrolled,
    NotSent: _not_sent,
    Refused: _refused,
    NoAnswer: _no_answer,
    ClocksDiffer: _clocks_differ,
    ScaSays: _sca_says,
    LookedUp: _looked_up,
    BankSays: _bank_says,
    SentBack: _sent_back,
    Matched: _matched,
    GivenUp: _given_up,
}
