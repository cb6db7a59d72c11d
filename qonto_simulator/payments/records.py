"""What the bank remembers of payments and approvals: plain records, amounts in cents, instants in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass
class Phone:
    """A member's phone. One a person, whatever organizations that person belongs to.

    :ivar paired: without it there is no device to ask (section 6.2)
    :ivar reachable: a phone in a tunnel: the bank has sent its push, the person sees nothing
    """

    email: str
    paired: bool = True
    reachable: bool = True


@dataclass
class ScaSession:
    """A challenge on its way through a member's phone (section 6).

    :ivar digest: of method, path and body: what the member approves is exactly that
    :ivar summary: what the phone shows
    :ivar decision: ``allow`` or ``deny``, None while nobody decided
    :ivar used_at: when a replay was accepted with it; it works once
    """

    token: str
    recovery_token: str
    membership_id: str
    email: str
    method: str  # paired-device | passkey | mock
    action_type: str
    summary: str
    digest: str
    created_at: datetime
    expires_at: datetime
    decision: str | None = None
    decided_at: datetime | None = None
    used_at: datetime | None = None


@dataclass
class ReadingSca:
    """The next list of transactions by this member needs a proof (section 18.2)."""

    membership_id: str
