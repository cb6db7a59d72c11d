"""What the bank knows: plain records, amounts in cents, instants in UTC.

Field meanings follow ``qonto-api.md`` sections 7 (organization, accounts, members) and 8
(transactions); how a record is shown to a client is decided in ``api/views.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from .clock import ClockState

OWNER, ADMIN, MANAGER = "owner", "admin", "manager"
REPORTING, EMPLOYEE, ACCOUNTANT = "reporting", "employee", "accountant"

PENDING, COMPLETED, DECLINED = "pending", "completed", "declined"
STATUSES = (PENDING, DECLINED, COMPLETED)
CREDIT, DEBIT = "credit", "debit"


@dataclass
class Settings:
    """How this world was made."""

    seed: int
    scenario: str
    created_at: datetime
    id: str = "settings"


@dataclass
class ClockRow:
    state: ClockState = field(default_factory=ClockState)
    id: str = "clock"


@dataclass
class Organization:
    id: str
    slug: str
    name: str
    legal_name: str
    legal_number: str
    legal_form: str
    legal_sector: str
    legal_address: str
    street: str
    zipcode: str
    city: str
    legal_registration_date: str
    contract_signed_at: datetime
    api_secret: str
    legal_share_capital: int = 25000
    legal_country: str = "DE"
    locale: str = "de"
    plan_code: str | None = "team_business"

    @property
    def api_login(self) -> str:
        """Login of the API key (section 4.9)."""
        return self.slug


@dataclass
class User:
    """Somebody who can log in; acts in an organization through a membership."""

    email: str
    password: str
    first_name: str
    last_name: str
    phone_number: str


@dataclass
class Membership:
    id: str
    organization_id: str
    email: str
    role: str
    position: str = ""
    status: str = "active"
    birthdate: str | None = None
    ubo: bool | None = None


@dataclass
class Account:
    id: str
    organization_id: str
    number: int
    slug: str
    name: str
    iban: str | None
    bic: str | None
    currency: str
    main: bool
    opening_balance_cents: int
    updated_at: datetime
    status: str = "active"
    transaction_count: int = 0


@dataclass
class Label:
    id: str
    organization_id: str
    name: str
    parent_id: str | None = None


@dataclass(eq=False)
class Transaction:
    """One row of an account; ``amount_cents`` is unsigned, the sign is in ``side`` (8.2).

    Compared by identity: the books look rows up in lists of tens of thousands.
    """

    id: str
    transaction_id: str
    account_id: str
    side: str
    status: str
    operation_type: str
    amount_cents: int
    currency: str
    local_amount_cents: int
    local_currency: str
    label: str
    emitted_at: datetime
    created_at: datetime
    updated_at: datetime
    settled_at: datetime | None = None
    settled_balance_cents: int | None = None
    reference: str | None = None
    note: str | None = None
    counterparty_name: str | None = None
    counterparty_iban: str | None = None
    counterparty_bic: str | None = None
    initiator_id: str | None = None
    card_last_digits: str | None = None
    category: str | None = None
    cashflow_category: str | None = None
    cashflow_subcategory: str | None = None
    vat_rate: float | None = None
    vat_amount_cents: int | None = None
    label_ids: list[str] = field(default_factory=list)
    attachment_ids: list[str] = field(default_factory=list)
    attachment_required: bool = False
    attachment_lost: bool = False

    @property
    def signed_cents(self) -> int:
        return self.amount_cents if self.side == CREDIT else -self.amount_cents


@dataclass
class Partner:
    """A customer or vendor of the demo company, as its accounting would know it."""

    id: str
    kind: str  # customer | vendor
    name: str
    street: str
    zipcode: str
    city: str
    country: str
    iban: str
    bic: str
    vat: str


@dataclass
class Settlement:
    """Which part of a document a bank transaction pays, and how well its text says so.

    ``hint``: ``exact`` number, ``reformatted`` number, ``none``.
    """

    transaction_id: str
    amount_cents: int
    hint: str


@dataclass
class Document:
    """An invoice to a customer or a bill of a vendor; gross amount in cents."""

    id: str
    kind: str  # customer_invoice | vendor_bill
    number: str
    partner_id: str
    account_id: str
    issue_date: date
    due_date: date
    amount_cents: int
    vat_rate: int
    description: str
    currency: str = "EUR"
    settlements: list[Settlement] = field(default_factory=list)

    @property
    def open_cents(self) -> int:
        return self.amount_cents - sum(part.amount_cents for part in self.settlements)

    @property
    def state(self) -> str:
        if not self.settlements:
            return "open"
        return "partial" if self.open_cents else "paid"


@dataclass
class Client:
    """An app of the developer portal (section 4.6)."""

    client_id: str
    client_secret: str
    name: str
    staging_token: str
    redirect_uris: list[str] = field(default_factory=list)


@dataclass
class Authorization:
    """An authorization request on its way through the pages."""

    challenge: str
    client_id: str
    redirect_uri: str
    scopes: list[str]
    state: str
    created_at: datetime
    code_challenge: str | None = None
    organization_id: str | None = None
    email: str | None = None
    membership_id: str | None = None


@dataclass
class Grant:
    """What a member allowed an app; tokens live and die with it."""

    id: str
    client_id: str
    membership_id: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass
class Code:
    code: str
    grant_id: str
    redirect_uri: str
    expires_at: datetime
    code_challenge: str | None = None
    used_at: datetime | None = None


@dataclass
class Token:
    """An access or refresh token; ``used_at`` is the first use of a refresh token (rotation)."""

    value: str
    kind: str  # access | refresh
    grant_id: str
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    paired_access: str | None = None


@dataclass
class Fault:
    """A wrong answer to give on purpose; see ``faults.py``."""

    id: str
    path_prefix: str
    kind: str
    method: str | None = None
    status: int = 500
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0
    after_effect: bool = False
    retry_after: int | None = None
    body: Any = None
    hits: int = 0
