"""Entering and editing a transaction by hand (desk page and control API)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .bank import Bank
from .model import (
    COMPLETED,
    CREDIT,
    DEBIT,
    STATUSES,
    Account,
    Transaction,
)

# Kept in the row as given.
TEXTS = (
    "label",
    "reference",
    "note",
    "operation_type",
    "counterparty_name",
    "counterparty_iban",
    "counterparty_bic",
    "card_last_digits",
    "category",
    "vat_rate",
    "vat_amount_cents",
    "initiator_id",
    "local_amount_cents",
    "local_currency",
    "transaction_id",
    "emitted_at",
    "side",
    "label_ids",
)


class EntryError(ValueError):
    """What was entered makes no sense; the text says why."""


@dataclass
class NewEntry:
    """What may be said of a new row; the rest follows from it.

    :param operation_type: default ``income`` for credits, ``transfer`` for debits
    :param emitted_at, settled_at: default now; completed rows only have the latter
    :param updated_at: default now (a late post), or given to write history
    """

    id: str | None = None
    transaction_id: str | None = None
    side: str = CREDIT
    amount_cents: int = 0
    label: str = ""
    status: str = COMPLETED
    operation_type: str | None = None
    reference: str | None = None
    note: str | None = None
    emitted_at: datetime | None = None
    settled_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    local_amount_cents: int | None = None
    local_currency: str | None = None
    counterparty_name: str | None = None
    counterparty_iban: str | None = None
    counterparty_bic: str | None = None
    initiator_id: str | None = None
    card_last_digits: str | None = None
    category: str | None = None
    vat_rate: float | None = None
    vat_amount_cents: int | None = None

    def check(self, bank: Bank) -> None:
        _check(bank, vars(self))
        if self.amount_cents <= 0:
            raise EntryError("amount_cents must be positive; the sign is in side.")
        if not self.label:
            raise EntryError("label must say who the money comes from or goes to.")
        if self.status != COMPLETED and self.settled_at:
            raise EntryError("Only a completed transaction has settled_at.")
        if self.id and self.id in bank.store.transactions.rows:
            raise EntryError("A transaction with this id exists.")
        if self.settled_at and self.emitted_at and self.settled_at < self.emitted_at:
            raise EntryError("settled_at must not lie before emitted_at.")


def _check(bank: Bank, values: dict[str, Any]) -> None:
    if values.get("side", CREDIT) not in (CREDIT, DEBIT):
        raise EntryError("side must be credit or debit.")
    if values.get("status", COMPLETED) not in STATUSES:
        raise EntryError(f"status must be one of: {', '.join(STATUSES)}.")
    now = bank.clock.now()
    for name in ("emitted_at", "settled_at", "created_at", "updated_at"):
        at = values.get(name)
        if at is not None and at > now:
            raise EntryError(f"{name} lies after the bank's now.")


def enter(bank: Bank, account: Account, entry: NewEntry) -> Transaction:
    """Put a checked entry into the books."""
    now = bank.clock.now()
    settled = (entry.settled_at or now) if entry.status == COMPLETED else None
    emitted = entry.emitted_at or settled or now
    kind = entry.operation_type or ("income" if entry.side == CREDIT else "transfer")
    row = Transaction(
        id=entry.id or bank.new_id(),
        transaction_id=entry.transaction_id or "",
        account_id=account.id,
        side=entry.side,
        status=entry.status,
        operation_type=kind,
        amount_cents=entry.amount_cents,
        currency=account.currency,
        local_amount_cents=entry.local_amount_cents if entry.local_amount_cents is not None else entry.amount_cents,
        local_currency=entry.local_currency or account.currency,
        label=entry.label,
        emitted_at=emitted,
        created_at=entry.created_at or emitted,
        updated_at=entry.updated_at or now,
        settled_at=settled,
        reference=entry.reference,
        note=entry.note,
        counterparty_name=entry.counterparty_name or entry.label,
        counterparty_iban=entry.counterparty_iban,
        counterparty_bic=entry.counterparty_bic,
        initiator_id=entry.initiator_id,
        card_last_digits=entry.card_last_digits,
        category=entry.category,
        vat_rate=entry.vat_rate,
        vat_amount_cents=entry.vat_amount_cents,
    )
    return bank.ledger.add(account, row)


def edit_entry(bank: Bank, row: Transaction, values: dict[str, Any]) -> None:
    """Change a row as the bank would: ``updated_at`` moves, the chain stays right, the id stays.

    :param values: fields of ``NewEntry``; ``status`` completes, declines or re-opens
    """
    _check(bank, values)
    if "id" in values:
        raise EntryError("The id of a transaction never changes; remove it and add another.")
    amount = values.get("amount_cents", row.amount_cents)
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
        raise EntryError("amount_cents must be a positive integer.")
    if "label_ids" in values and not set(values["label_ids"]) <= set(bank.store.labels.rows):
        raise EntryError("label_ids must be ids of labels.")
    account = bank.account_of(row)
    plain = row.local_currency == row.currency and row.local_amount_cents == row.amount_cents
    row.amount_cents = amount
    if plain and "local_amount_cents" not in values:
        row.local_amount_cents = amount
    for name in TEXTS:
        if name in values:
            setattr(row, name, values[name])
    status = values.get("status", row.status)
    settled_at = values.get("settled_at")
    if status == COMPLETED and (row.status != COMPLETED or settled_at):
        bank.ledger.settle(account, row, settled_at)
    elif status not in (COMPLETED, row.status):
        bank.ledger.unsettle(account, row, status)
    else:
        bank.ledger.amount_changed(account, row)
    if values.get("updated_at"):
        bank.ledger.changed(account, row, values["updated_at"])
