"""What happens at the bank between two of a client's questions (fault ``meanwhile``): rows move between pages."""

from __future__ import annotations

from typing import Any

from .bank import Bank
from .clock import parse_instant
from .entry import NewEntry, edit_entry, enter

INSTANTS = ("emitted_at", "settled_at", "created_at", "updated_at")


def happens(bank: Bank, events: list[dict[str, Any]]) -> None:
    """Let transactions be edited, added or removed, one after the other."""
    for event in events:
        values = {
            name: parse_instant(value) if name in INSTANTS else value
            for name, value in event.get("add", event).items()
        }
        if "add" in event:
            account = bank.store.accounts.rows[values.pop("account_id")]
            enter(bank, account, NewEntry(**values))
        elif "remove" in event:
            row = bank.store.transactions.rows[event["remove"]]
            bank.ledger.remove(bank.account_of(row), row)
        else:
            row = bank.store.transactions.rows[values.pop("edit")]
            edit_entry(bank, row, values)
