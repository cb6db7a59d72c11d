# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The life of a transfer: states, events, arrows and windows of time. Pure Python: no Odoo, no database, no HTTP.

Design section 6 decides (R1, R3, R4, R5, R9). Who calls::

    life = step(step(Life(), HandedOver()), Verified())
    life = step(life, Claimed(at=now))    # commit, then send the frozen bytes
    life = step(life, what_was_answered)  # commit
    due(life, now)                        # what to do next
"""

from .events import (
    Accepted,
    BankSays,
    Canceled,
    Challenged,
    Claimed,
    ClocksDiffer,
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
from .life import Life, State
from .machine import ARROWS, NotAllowed, step
from .windows import Due, due, may_give_up, may_repeat, may_replay

__all__ = [
    "ARROWS",
    "Accepted",
    "BankSays",
    "Canceled",
    "Challenged",
    "Claimed",
    "ClocksDiffer",
    "Due",
    "GivenUp",
    "HandedOver",
    "Life",
    "LookedUp",
    "Matched",
    "NoAnswer",
    "NotAllowed",
    "NotEnrolled",
    "NotSent",
    "Refused",
    "ScaSays",
    "SentBack",
    "State",
    "Stopped",
    "TakenBack",
    "Verified",
    "due",
    "may_give_up",
    "may_repeat",
    "may_replay",
    "step",
]
