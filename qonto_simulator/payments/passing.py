"""The bank's time passes.

Nothing runs by itself: before each request all that was due is done, in its order and with its own instant, so that
nobody can tell the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from ..bank import Bank
from . import bulks, life

Event = tuple[datetime, int, Callable[[], None]]


def pass_time(bank: Bank) -> None:
    """Do what is due by the bank's now."""
    if not len(bank.store.transfers) and not len(bank.store.bulks):
        return
    now = bank.clock.now()
    while events := [event for event in _next_events(bank) if event[0] <= now]:
        # One round does all that is due and known; what follows from it (settling, say) is found in the next.
        for _at, _number, do in sorted(events, key=lambda event: event[:2]):
            do()


def _next_events(bank: Bank) -> list[Event]:
    events: list[Event] = []
    for number, transfer in enumerate(bank.store.transfers):
        if transfer.status == "pending":
            events.append((transfer.execute_at, number, _doing(life.execute, bank, transfer)))
        elif transfer.status == "processing" and transfer.finish_at:
            events.append((transfer.finish_at, number, _doing(life.finish, bank, transfer)))
        elif transfer.fate == "returned" and transfer.completed_at and not transfer.returned_at:
            at = transfer.completed_at + timedelta(seconds=transfer.fate_seconds)
            events.append((at, number, _doing(life.give_back, bank, transfer, at)))
    for bulk in bank.store.bulks:
        for number, item in enumerate(bulk.items):
            if item.status == "pending":
                events.append((item.due_at, number, _doing(bulks.create_item, bank, bulk, item)))
    return events


def _doing(step: Callable[..., None], *arguments: object) -> Callable[[], None]:
    return lambda: step(*arguments)
