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
    same_key: dict[object, list[int]] = defaultdict(list)
    for position in sorted(positions, key=keys.__getitem__):
        same_key[keys[position]].append(position)
    return _linked(list(same_key.values()), rows)


def _linked(groups: list[list[int]], rows: Sequence[Row]) -> list[int]:
    """Put the rows of each group in an order in which each balance follows from the one before."""
    ordered: list[int] = []
    for number, group in enumerate(groups):
        if len(group) > 1 and all(rows[position].balance is not None for position in group):
            steps = [(rows[position].balance - rows[position].amount, rows[position].balance) for position in group]
            here = ends_of(steps)[0]
            if here is None:
                here = rows[ordered[-1]].balance if ordered else _next_start(groups[number + 1 :], rows)
            ordered += [group[at] for at in _walk(steps, here)]
        else:
            ordered += group
    return ordered


def _next_start(groups: Iterable[list[int]], rows: Sequence[Row]) -> Decimal | None:
    """Return the balance with which the first group begins that tells; before it all come back to where they began."""
    for group in groups:
        if any(rows[position].balance is None for position in group):
            return None
        start = ends_of([(rows[at].balance - rows[at].amount, rows[at].balance) for at in group])[0]
        if start is not None:
            return start
    return None


def ends_of(steps: Iterable[tuple[Decimal, Decimal]]) -> tuple[Decimal | None, Decimal | None]:
    """Return with which balance steps of unknown order begin and end; None if they go round, or do not hang together.

    :param steps: pairs of the balance before and after
    """
    degree: dict[Decimal, int] = defaultdict(int)
    for before, after in steps:
        degree[before] += 1
        degree[after] -= 1
    starts = [node for node, number in degree.items() if number > 0]
    ends = [node for node, number in degree.items() if number < 0]
    if len(starts) == 1 and degree[starts[0]] == 1:
        return starts[0], ends[0]
    return None, None


def _walk(steps: Sequence[tuple[Decimal, Decimal]], start: Decimal | None) -> Sequence[int]:
    """Take each step once, each where the last one led to (Hierholzer's walk); as they stand where that can't be."""
    ways: dict[Decimal, list[int]] = defaultdict(list)
    for number in range(len(steps) - 1, -1, -1):
        ways[steps[number][0]].append(number)
    if start not in ways:
        start = steps[0][0]
    walk, path = [], [(start, -1)]
    while path:
        node, came_by = path[-1]
        if ways.get(node):
            number = ways[node].pop()
            path.append((steps[number][1], number))
        else:
            path.pop()
            if came_by >= 0:
                walk.append(came_by)
    return walk[::-1] if len(walk) == len(steps) else range(len(steps))


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
        ends = {other.balance for other in near}
        end = ends_of((other.balance - other.amount, other.balance) for other in near)[1]
        if chain.opening not in (ends if end is None else {end}):
            found = near[-1].balance if end is None else end
            seams.append(Break(chain.opening, found, row=first.number, existing=near[-1].key))
    if after:
        checked += 1
        oldest = min(map(_place, after))
        near = [other for other in after if _place(other) == oldest]
        starts = {other.balance - other.amount for other in near}
        start = ends_of((other.balance - other.amount, other.balance) for other in near)[0]
        if chain.closing not in (starts if start is None else {start}):
            expected = near[0].balance - near[0].amount if start is None else start
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
