"""The bank's monthly statements: one PDF for each month that is over, made when it is asked for."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .bank import Bank
from .clock import BERLIN, berlin_day
from .model import CREDIT, Account, Transaction
from .pdf import pdf


@dataclass(frozen=True)
class Statement:
    """What an account's month holds. Its id follows from account and month."""

    account: Account
    year: int
    month: int

    @property
    def id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"statement:{self.account.id}:{self.period}"))

    @property
    def period(self) -> str:
        return f"{self.month:02d}-{self.year}"

    @property
    def file_name(self) -> str:
        return f"{self.year}-{self.month:02d}-{self.account.slug}-statement.pdf"

    def content(self, bank: Bank) -> bytes:
        """Return the PDF: executed transactions only, and the balance at the end."""
        rows = [row for row in bank.ledger.booked(self.account) if _month(row) == (self.year, self.month)]
        lines = [f"{self.account.name}   {self.account.iban or ''}", ""]
        lines += [
            f"{berlin_day(row.settled_at)}  {row.label[:36]:<36}  {_signed(row):>14.2f} {row.currency}"
            for row in rows
            if row.settled_at
        ]
        if rows:
            lines += ["", f"Balance {(rows[-1].settled_balance_cents or 0) / 100:.2f} {self.account.currency}"]
        return pdf(f"Statement {self.period} (stand-in, not Qonto)", lines)


def statements_of(bank: Bank, account: Account) -> Iterator[Statement]:
    """Give the statements from the month of the first booking to the last month that is over."""
    rows = bank.ledger.booked(account)
    if not rows:
        return
    year, month = _month(rows[0])
    now = bank.clock.now().astimezone(BERLIN)
    while (year, month) < (now.year, now.month):
        yield Statement(account, year, month)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def find(bank: Bank, statement_id: str) -> Statement | None:
    """Return the statement with this id."""
    every = (each for account in bank.store.accounts for each in statements_of(bank, account))
    return next((each for each in every if each.id == statement_id), None)


def _month(row: Transaction) -> tuple[int, int]:
    at: datetime = row.settled_at or row.emitted_at
    local = at.astimezone(BERLIN)
    return local.year, local.month


def _signed(row: Transaction) -> float:
    return (row.amount_cents if row.side == CREDIT else -row.amount_cents) / 100
