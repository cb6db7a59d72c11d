"""The whole bank: its memory, its clock, its books, and what watches over requests."""

from __future__ import annotations

import secrets
import uuid
from pathlib import Path

from .clock import Clock
from .ledger import Ledger
from .model import (
    Account,
    Client,
    ClockRow,
    Membership,
    Organization,
    Transaction,
    User,
)
from .policy import Policy
from .ratelimit import Polls, RateLimiter
from .requestlog import RequestLog
from .store import Store

DEFAULT_SEED = 1


class Bank:
    """One per process. Every change goes through its tables and is written by ``commit``."""

    def __init__(self, state_file: Path | None = None) -> None:
        self.store = Store(state_file)
        row = self.store.clock.get("clock")
        self.clock = Clock(row.state if row else None)
        self.ledger = Ledger(self.store, self.clock)
        self.limiter = RateLimiter()
        self.sca_polls = Polls()
        self.keys_in_work: set[str] = set()  # idempotency keys of calls that are being answered
        self.requests = RequestLog()

    @property
    def policy(self) -> Policy:
        policy = self.store.policy.get("policy")
        return policy or self.store.policy.save(Policy())

    def commit(self) -> None:
        self.store.commit()

    def save_clock(self) -> None:
        self.store.clock.save(ClockRow(self.clock.state))

    def close(self) -> None:
        self.store.close()

    # === LOOKING THINGS UP === #

    def organization(self, organization_id: str) -> Organization:
        return self.store.organizations.rows[organization_id]

    def first_organization(self) -> Organization:
        return next(iter(self.store.organizations))

    def accounts(self, organization_id: str) -> list[Account]:
        return [a for a in self.store.accounts if a.organization_id == organization_id]

    def account_of(self, row: Transaction) -> Account:
        return self.store.accounts.rows[row.account_id]

    def memberships(self, organization_id: str) -> list[Membership]:
        return [m for m in self.store.memberships if m.organization_id == organization_id]

    def memberships_of(self, email: str) -> list[Membership]:
        return [m for m in self.store.memberships if m.email == email and m.status == "active"]

    def user(self, membership: Membership) -> User:
        return self.store.users.rows[membership.email]

    def first_client(self) -> Client:
        return next(iter(self.store.clients))

    def new_id(self) -> str:
        """Return a UUID. Made by chance: worlds draw theirs from the seed, later rows need not."""
        return str(uuid.uuid4())

    def new_secret(self, prefix: str = "") -> str:
        return prefix + secrets.token_urlsafe(32)
