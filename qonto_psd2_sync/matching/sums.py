# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which items make up an amount exactly. Looked for only where it ends soon."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from .facts import OpenItem

# Among more items than this, so many things add up that a sum tells nothing.
MOST_FOR_PAIRS, MOST_FOR_TRIPLES = 150, 30


def in_a_row(items: Sequence[OpenItem], amount: Decimal) -> Iterator[tuple[OpenItem, ...]]:
    """Yield items that follow each other, as they come, and make up an amount."""
    starts: dict[Decimal, list[int]] = defaultdict(list)
    total = Decimal(0)
    starts[total].append(0)
    for end, item in enumerate(items, 1):
        total += item.residual
        for start in starts.get(total - amount, ()):
            if end - start > 1:
                yield tuple(items[start:end])
        starts[total].append(end)


def of_few(items: Sequence[OpenItem], amount: Decimal, most: int) -> Iterator[tuple[OpenItem, ...]]:
    """Yield one, two or (`most` 3) three items that make up an amount."""
    places: dict[Decimal, list[int]] = defaultdict(list)
    for at, item in enumerate(items):
        places[item.residual].append(at)
    for at in places.get(amount, ()):
        yield (items[at],)
    if len(items) <= MOST_FOR_PAIRS:
        yield from _completed(items, amount, places, 1)
    if most > 2 and len(items) <= MOST_FOR_TRIPLES:
        yield from _completed(items, amount, places, 2)


def _completed(
    items: Sequence[OpenItem], amount: Decimal, places: dict[Decimal, list[int]], count: int
) -> Iterator[tuple[OpenItem, ...]]:
    """Yield so many items and the one more that is missing, each set once."""
    for chosen in itertools.combinations(enumerate(items), count):
        missing = amount - sum(item.residual for _at, item in chosen)
        for last in places.get(missing, ()):
            if last > chosen[-1][0]:
                yield (*(item for _at, item in chosen), items[last])
