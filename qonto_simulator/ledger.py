"""The bank's books: adding, completing, editing transactions and the chain of balances.

``settled_balance`` of the rows of an account, in the order of ``settled_at`` (distinct), forms a
chain; ``balance`` is its end, ``authorized_balance`` that minus pending debits (sections 7.1, 8.3).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta

from .clock import Clock
from .model import COMPLETED, DEBIT, PENDING, Account, Transaction
from .store import Store

TICK = timedelta(milliseconds=1)
FOUND_KEPT = 32


def _settled(row: Transaction) -> datetime:
    return row.settled_at or row.created_at  # a booked row always has the first


class Ledger:
    """Keeps rows of each account in booking order beside the table of all rows."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._rows: dict[str, list[Transaction]] = {}
        self._booked: dict[str, list[Transaction]] = {}
        self._sorted: dict[tuple[str, str, bool], list[Transaction]] = {}
        self._found: dict[str, dict[Hashable, Sequence[Transaction]]] = {}
        self.rebuild()

    def rebuild(self) -> None:
        """Index the table anew (after a reset or a start from the state file)."""
        self._rows = {account.id: [] for account in self._store.accounts}
        self._booked = {account.id: [] for account in self._store.accounts}
        self._sorted.clear()
        self._found.clear()
        for row in self._store.transactions:
            self._rows[row.account_id].append(row)
        for account_id, rows in self._rows.items():
            booked = [row for row in rows if row.status == COMPLETED]
            self._booked[account_id] = sorted(booked, key=_settled)

    # === READING === #

    def open_account(self, account: Account) -> None:
        self._store.accounts.save(account)
        self._rows.setdefault(account.id, [])
        self._booked.setdefault(account.id, [])

    def rows(self, account: Account) -> list[Transaction]:
        return self._rows[account.id]

    def booked(self, account: Account) -> list[Transaction]:
        """Completed rows in booking order."""
        return self._booked[account.id]

    def sorted_rows(self, account: Account, field: str, descending: bool) -> list[Transaction]:
        """Rows by an instant; without one: first when descending, last when ascending.

        That is how the bank's database orders nulls. Kept until the account changes.
        """
        key = (account.id, field, descending)
        if key not in self._sorted:
            rows = self._rows[account.id]
            dated = [row for row in rows if getattr(row, field) is not None]
            undated = [row for row in rows if getattr(row, field) is None]
            dated.sort(key=lambda row: (getattr(row, field), row.id), reverse=descending)
            undated.sort(key=lambda row: (row.created_at, row.id), reverse=descending)
            self._sorted[key] = undated + dated if descending else dated + undated
        return self._sorted[key]

    def found(self, account: Account) -> dict[Hashable, Sequence[Transaction]]:
        """Answers to earlier searches in an account; forgotten when it changes, or too many."""
        found = self._found.setdefault(account.id, {})
        if len(found) >= FOUND_KEPT:
            found.clear()
        return found

    def balance(self, account: Account) -> int:
        booked = self._booked[account.id]
        return (booked[-1].settled_balance_cents or 0) if booked else account.opening_balance_cents

    def authorized_balance(self, account: Account) -> int:
        held = sum(row.amount_cents for row in self._rows[account.id] if row.status == PENDING and row.side == DEBIT)
        return self.balance(account) - held

    # === WRITING === #

    def add(self, account: Account, row: Transaction) -> Transaction:
        """Enter a row; a completed one gets a ``settled_at`` of its own and its place in the chain."""
        account.transaction_count += 1
        if not row.transaction_id:
            row.transaction_id = f"{account.slug}-transaction-{account.transaction_count}"
        self._rows[account.id].append(row)
        self._store.transactions.save(row)
        if row.status == COMPLETED:
            self._book(account, row)
        self._touched(account, row.updated_at)
        return row

    def settle(self, account: Account, row: Transaction, at: datetime | None = None) -> None:
        """Complete a row. Its id stays (section 8.3)."""
        self._unbook(account, row)
        row.status, row.settled_at = COMPLETED, at or self._clock.now()
        self._book(account, row)
        self.changed(account, row)

    def unsettle(self, account: Account, row: Transaction, status: str) -> None:
        """Make a row pending or declined: no ``settled_*``, no effect on the balance."""
        self._unbook(account, row)
        row.status, row.settled_at, row.settled_balance_cents = status, None, None
        self.changed(account, row)

    def amount_changed(self, account: Account, row: Transaction) -> None:
        booked = self._booked[account.id]
        if row in booked:
            self._chain(account, booked.index(row))
        self.changed(account, row)

    def remove(self, account: Account, row: Transaction) -> None:
        """Take a row away, as if the bank had never shown it."""
        self._unbook(account, row)
        self._rows[account.id].remove(row)
        self._store.transactions.delete(row.id)
        self._touched(account, self._clock.now())

    def changed(self, account: Account, row: Transaction, at: datetime | None = None) -> None:
        """Every change of a row moves its ``updated_at`` (section 8.2)."""
        row.updated_at = at or self._clock.now()
        self._store.transactions.save(row)
        self._touched(account, row.updated_at)

    def _book(self, account: Account, row: Transaction) -> None:
        booked = self._booked[account.id]
        row.settled_at = self._free_instant(booked, row.settled_at or row.updated_at)
        insort(booked, row, key=_settled)
        self._chain(account, bisect_left(booked, row.settled_at, key=_settled))

    def _unbook(self, account: Account, row: Transaction) -> None:
        booked = self._booked[account.id]
        if row in booked:
            index = booked.index(row)
            del booked[index]
            self._chain(account, index)

    @staticmethod
    def _free_instant(booked: list[Transaction], wanted: datetime) -> datetime:
        """Return ``wanted`` or the next free millisecond before or after it.

        Later instants would break the rule that nothing lies after the bank's now, so it goes back.
        """
        while True:
            index = bisect_left(booked, wanted, key=_settled)
            if index == len(booked) or _settled(booked[index]) != wanted:
                return wanted
            wanted -= TICK

    def _chain(self, account: Account, start: int) -> None:
        """Recompute balances from a position on; rows that thereby change count as updated."""
        booked, now = self._booked[account.id], self._clock.now()
        balance = (booked[start - 1].settled_balance_cents or 0) if start else account.opening_balance_cents
        for row in booked[start:]:
            balance += row.signed_cents
            if row.settled_balance_cents != balance:
                if row.settled_balance_cents is not None:
                    row.updated_at = max(row.updated_at, now)
                row.settled_balance_cents = balance
                self._store.transactions.save(row)

    def _touched(self, account: Account, at: datetime) -> None:
        account.updated_at = max(account.updated_at, at)
        self._store.accounts.save(account)
        self._found.pop(account.id, None)
        for key in [key for key in self._sorted if key[0] == account.id]:
            del self._sorted[key]
