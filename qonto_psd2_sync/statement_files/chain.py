# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The order in which the bank booked, and whether each balance follows from the one before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from itertools import pairwise

from .facts import Row
from .plan import Break, Chain, Existing

_SHOWN = 20


def booking_order(rows: Sequence[Row]) -> list[int]:
    """Return the positions of the rows in the order in which the bank booked them.

    By the instant, where all rows have one, else by the day. What is equal then is put in the order that the running
    balance tells; without a balance in the file's own direction, which may be upwards or downwards.

    :param rows: good ones, each with a day
    """
    if not rows:
        return []
    timed = all(row.settled_at is not None for row in rows)
    keys = [row.settled_at if timed else row.day for row in rows]
    rising = sum(before <= after for before, after in pairwise(keys))
    falling = sum(before >= after for before, after in pairwise(keys))
    positions = range(len(rows)) if rising >= falling else range(len(rows) - 1, -1, -1)
    ordered, balance = [], None
    same_key: dict[object, list[int]] = defaultdict(list)
    for position in sorted(positions, key=keys.__getitem__):
        same_key[keys[position]].append(position)
    for same in same_key.values():
        linked = _linked(same, rows, balance)
        ordered += linked
        balance = rows[linked[-1]].balance
    return ordered


def _linked(positions: list[int], rows: Sequence[Row], balance: Decimal | None) -> list[int]:
    """Put rows of one instant (or day) in an order in which each balance follows from the one before.

    Each row leads from the balance before it to the one after it: a walk that takes each once (Hierholzer's).
    """
    if len(positions) == 1 or any(rows[position].balance is None for position in positions):
        return positions
    ways: dict[Decimal, list[int]] = defaultdict(list)
    degree: dict[Decimal, int] = defaultdict(int)
    for position in reversed(positions):
        row = rows[position]
        before = row.balance - row.amount
        ways[before].append(position)
        degree[before] += 1
        degree[row.balance] -= 1
    starts = [node for node, number in degree.items() if number == 1]
    if len(starts) > 1:
        return positions
    first = rows[positions[0]]
    start = starts[0] if starts else balance if balance in ways else first.balance - first.amount
    walk, path = [], [(start, None)]
    while path:
        node, came_by = path[-1]
        if ways.get(node):
            position = ways[node].pop()
            path.append((rows[position].balance, position))
        else:
            path.pop()
            if came_by is not None:
                walk.append(came_by)
    return walk[::-1] if len(walk) == len(positions) else positions


def check_chain(rows: Sequence[Row], order: Iterable[int]) -> Chain:
    """Follow the running balance; rows without one only move it."""
    running = opening = None
    checked, count = 0, 0
    breaks: list[Break] = []
    moved, last = Decimal(0), None
    for position in order:
        row = rows[position]
        moved += row.amount
        if row.balance is not None:
            checked += 1
            before = row.balance - moved
            if running is None:
                opening = before
            elif before != running:
                count += 1
                if len(breaks) < _SHOWN:
                    breaks.append(Break(expected=before, found=running, row=row.number, after_row=last))
            running, moved = row.balance, Decimal(0)
        last = row.number
    closing = None if running is None else running + moved
    return Chain(checked, opening, closing, tuple(breaks), count)


def check_seams(
    rows: Sequence[Row], order: Sequence[int], chain: Chain, others: Iterable[Existing],
) -> tuple[tuple[Break, ...], int]:
    """Compare the file's two ends with the balances of their neighbours in the feed.

    :param others: of what the books have: all that is not in the file, with amounts as `Decimal`
    :return: the seams that do not meet, and how many could be looked at
    """
    if chain.closing is None or not order:
        return (), 0
    first, last = rows[order[0]], rows[order[-1]]
    before, after = [], []
    for other in others:
        if other.balance is None:
            continue
        if _lies_before(other, first):
            before.append(other)
        elif _lies_after(other, last):
            after.append(other)
    seams, checked = [], 0
    if before:
        checked += 1
        newest = max(map(_place, before))
        near = [other for other in before if _place(other) == newest]
        if all(other.balance != chain.opening for other in near):
            seams.append(Break(chain.opening, near[-1].balance, row=first.number, existing=near[-1].key))
    if after:
        checked += 1
        oldest = min(map(_place, after))
        near = [other for other in after if _place(other) == oldest]
        if all(other.balance - other.amount != chain.closing for other in near):
            expected = near[0].balance - near[0].amount
            seams.append(Break(expected, chain.closing, after_row=last.number, existing=near[0].key))
    return tuple(seams), checked


def seconds(instant: datetime) -> datetime:
    """Return an instant in UTC to the second: a file has no smaller unit."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).replace(microsecond=0)


def _place(other: Existing):
    return (other.day, seconds(other.settled_at).timestamp() if other.settled_at else 0.0)


def _lies_before(other: Existing, row: Row) -> bool:
    if other.settled_at and row.settled_at:
        return seconds(other.settled_at) < row.settled_at
    return other.day < row.day


def _lies_after(other: Existing, row: Row) -> bool:
    if other.settled_at and row.settled_at:
        return seconds(other.settled_at) > row.settled_at
    return other.day > row.day
