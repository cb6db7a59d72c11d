# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What may be done when (R3, R5), and what is to be done next."""

from __future__ import annotations

from datetime import datetime

from .life import (
    BOOKED_BY,
    CLOCKS_MAY_DIFFER,
    LOOK_UPS,
    LOOK_UPS_OVER,
    REPEAT_WITHIN,
    SCA_LIFE,
    Doubt,
    Life,
    State,
    Word,
)


class Due(Word):
    """The next thing to do for a transfer."""

    NOTHING = "nothing"
    PERSON = "person"  # hand over, check, send, decide: not ours
    POLL = "poll"  # ask how the challenge stands
    EXPIRE = "expire"  # its time is over, whatever the poll says
    REPLAY = "replay"  # approved: run the checks, then send with the proof
    REPEAT = "repeat"  # the identical bytes once more, as a look-up by key
    LOOK_UP = "look_up"  # ask for our marker
    READ = "read"  # ask the bank for its state


def sca_over(life: Life, now: datetime) -> bool:
    """Whether the 15 minutes of the challenge are over, by our clock."""
    return life.challenged_at is not None and now >= life.challenged_at + SCA_LIFE


def in_window(life: Life, now: datetime) -> bool:
    """Whether the bank certainly still remembers the key."""
    if life.window_closed or life.first_sent_at is None:
        return False
    return life.first_sent_at <= now < life.first_sent_at + REPEAT_WITHIN


def may_replay(life: Life, now: datetime) -> bool:
    """Whether the approved bytes may go out with their proof: not when it is dead."""
    return life.state is State.AWAITING_SCA and life.approved and not sca_over(life, now)


def may_repeat(life: Life, now: datetime, *, by_person: bool = False) -> bool:
    """Whether the identical bytes may go out once more as a look-up by key (R3).

    By itself only where that rings no phone: with the proof of an approved challenge that still lives, or where the
    bank asks nobody. A person who pressed the button may make it ring again.
    """
    if life.state is not State.UNKNOWN or not in_window(life, now):
        return False
    if life.doubt is Doubt.PROVEN:
        # A proof that died is refused, and the refusal would tell nothing.
        return not sca_over(life, now)
    return by_person or not life.needs_sca


def may_give_up(life: Life, now: datetime, booked_until: datetime | None = None) -> bool:
    """Whether a person may decide that it does not exist: three look-ups over 24 hours found nothing (R3).

    :param booked_until: see :class:`GivenUp`; a week of bookings without it counts as much
    """
    found_nothing = life.not_found_at
    if life.state is not State.UNKNOWN:
        return False
    if booked_until and life.first_sent_at and life.first_sent_at + BOOKED_BY <= booked_until <= now:
        return True
    if len(found_nothing) < LOOK_UPS:
        return False
    return found_nothing[-1] - found_nothing[0] >= LOOK_UPS_OVER and now >= found_nothing[-1]


def due(life: Life, now: datetime) -> Due:
    """Return what is to be done next; how often is the caller's business."""
    if life.state is State.AWAITING_SCA:
        if may_replay(life, now):
            return Due.REPLAY
        # The bank's own word counts while it may still come; then ours.
        over = life.challenged_at is not None and now >= life.challenged_at + SCA_LIFE + CLOCKS_MAY_DIFFER
        return Due.EXPIRE if over else Due.POLL
    if life.state is State.UNKNOWN:
        if may_repeat(life, now):
            return Due.REPEAT
        return Due.PERSON if may_give_up(life, now) else Due.LOOK_UP
    if life.state in (State.SUBMITTED, State.PROCESSING):
        return Due.READ
    if life.state in (State.DRAFT, State.TO_APPROVE, State.VERIFIED):
        return Due.PERSON
    return Due.NOTHING
