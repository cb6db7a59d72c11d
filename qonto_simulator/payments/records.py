"""What the bank remembers of payments and approvals: plain records, amounts in cents, instants in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


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


# === PAYEES === #


@dataclass
class Beneficiary:
    """A payee known to the organization (section 10)."""

    id: str
    organization_id: str
    name: str
    iban: str
    created_at: datetime
    updated_at: datetime
    bic: str | None = None
    email: str | None = None
    activity_tag: str | None = None
    trusted: bool = False
    status: str = "validated"


@dataclass
class Payee:
    """What other banks know of an account and do with money sent to it; set by the control API.

    :ivar holder: its owner's name, which the payee check compares; None: as in the world's documents
    :ivar vop_result, matched_name: this result whatever the name
    :ivar vop_error, vop_status, vop_token: the other bank fails instead; with or without a proof token
    :ivar fate: ``declined`` at execution, ``rejected`` while processing, ``returned`` after it, ``failed`` in a
        bulk's creation, ``stuck`` in processing
    :ivar reason: for ``declined`` and ``rejected`` a declined reason, for ``failed`` an error code
    :ivar seconds: after execution (``rejected``) or settlement (``returned``)
    :ivar times: how many transfers it befalls; None: all
    """

    iban: str
    holder: str | None = None
    vop_result: str | None = None
    matched_name: str | None = None
    vop_error: str | None = None
    vop_status: int = 502
    vop_token: bool = True
    fate: str | None = None
    reason: str | None = None
    seconds: float = 3600.0
    times: int | None = None


@dataclass
class Proof:
    """A payee check that was made (section 11). ``payees`` are ``IBAN|name``, sorted."""

    token: str
    organization_id: str
    payees: list[str]
    created_at: datetime
    expires_at: datetime
    bulk: bool = False
    used_at: datetime | None = None


# === MONEY === #


@dataclass
class Transfer:
    """A credit transfer (section 12).

    :ivar origin: ``api``, ``bulk``, ``app`` (made in the bank's own app)
    :ivar execute_at: when it is processed; ``finish_at``: when it is settled or rejected then
    :ivar fate, fate_reason, fate_seconds: taken from :class:`Payee` when it was made
    :ivar debited_at: money left the account
    """

    id: str
    organization_id: str
    account_id: str
    beneficiary_id: str
    initiator_id: str
    amount_cents: int
    reference: str
    scheduled_date: date
    created_at: datetime
    updated_at: datetime
    execute_at: datetime
    origin: str = "api"
    status: str = "pending"
    note: str | None = None
    attachment_ids: list[str] = field(default_factory=list)
    idempotency_key: str | None = None
    client_transfer_id: str | None = None
    bulk_id: str | None = None
    declined_reason: str | None = None
    finish_at: datetime | None = None
    processed_at: datetime | None = None
    completed_at: datetime | None = None
    debited_at: datetime | None = None
    returned_at: datetime | None = None
    transaction_id: str | None = None
    fate: str | None = None
    fate_reason: str | None = None
    fate_seconds: float = 0.0


@dataclass
class BulkItem:
    """One of a bulk: its input, and what came of its creation (section 13)."""

    client_transfer_id: str
    input: dict[str, Any]
    due_at: datetime
    status: str = "pending"
    transfer_id: str | None = None
    error_code: str | None = None
    error_detail: str | None = None


@dataclass
class Bulk:
    id: str
    organization_id: str
    account_id: str
    initiator_id: str
    created_at: datetime
    updated_at: datetime
    grant_id: str | None
    idempotency_key: str
    items: list[BulkItem]


@dataclass
class InternalTransfer:
    """Between two accounts of one organization (section 14); booked at once, on both sides."""

    id: str
    organization_id: str
    slug: str
    debit_account_id: str
    credit_account_id: str
    amount_cents: int
    reference: str
    created_at: datetime
    idempotency_key: str
    initiator_id: str


@dataclass
class Attachment:
    """An uploaded file; usable in a transfer only under the grant that uploaded it (12.1)."""

    id: str
    organization_id: str
    grant_id: str | None
    file_name: str
    content_type: str
    size: int
    content: str  # Base64
    created_at: datetime


@dataclass
class StoredAnswer:
    """What an idempotency key was answered with (section 2.5)."""

    key: str
    status: int
    body: Any
    stored_at: datetime
