# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which sets of items are worth a look: those that something speaks for besides the amount, and exact ones."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable

from . import sums
from .facts import ItemKind, LineFacts, OpenItem
from .fit import MOST_FEE, MOST_ROUNDING, How, amount_for, amounts_of, fit
from .index import ItemIndex
from .names import STRONG
from .numbers import runs, words
from .reading import Reading, in_range

# Sums are looked for among so many items of a partner; more are for a person.
MOST_ITEMS = 400
LONGEST_RANGE = 50
LONG_PART = 6
Set = tuple[int, ...]


class Candidates:
    """The sets of items that one line may pay."""

    def __init__(self, line: LineFacts, index: ItemIndex, reading: Reading) -> None:
        self.line, self.index, self.reading = line, index, reading
        self.amounts = amounts_of(line)
        self.sent = index.of_transfer(line.transfer_id)
        self.named = [item for item in map(index.items.get, sorted(reading.named)) if item and self._fitting(item)]
        self.sets: set[Set] = set()

    def all(self) -> set[Set]:
        """Return the sets, each sorted by id."""
        exact = self._exact()
        of_partner = self._of_partner()
        self._add_singles(exact, of_partner)
        self._add_transfer()
        self._add_named()
        self._add_listed()
        self._add_ranges()
        self._add_netted()
        if not self._is_explained(exact, of_partner):
            self._add_sums(of_partner)
        return self.sets

    # === ONE ITEM === #

    def _fitting(self, item: OpenItem) -> bool:
        """Whether an item may be paid by this line at all: currency, partner, and nothing that only comes back."""
        if item.currency not in self.amounts:
            return False
        if item.kind is ItemKind.SENT and not (self.reading.returned or item.id in self.sent):
            return False
        return self.line.partner_id is None or item.partner_id is None or self.line.partner_id == item.partner_id

    def _same_way(self, item: OpenItem) -> bool:
        return (item.residual > 0) == (self.line.amount > 0)

    def _items(self, ids: Iterable[int]) -> list[OpenItem]:
        """Return the items that fit and go the line's way."""
        items = (self.index.items[item_id] for item_id in ids)
        return [item for item in items if self._fitting(item) and self._same_way(item)]

    def _exact(self) -> list[OpenItem]:
        return self._items(set().union(*(self.index.of_amount(*amount) for amount in self.amounts.items())))

    def _of_partner(self) -> list[OpenItem]:
        """Return all items, credit notes too, of those who are likely the counterparty, by account or name."""
        index, line = self.index, self.line
        ids = index.of_iban(line.iban) or index.named(line.name, STRONG)
        if line.confirmed:
            ids = ids | index.of_partners(line.confirmed)
        if line.partner_id is not None:
            ids = ids | index.of_partners([line.partner_id])
        return sorted(
            (item for item in map(index.items.__getitem__, ids) if self._fitting(item)),
            key=lambda item: (item.day, item.id),
        )

    def _add_singles(self, exact: list[OpenItem], of_partner: list[OpenItem]) -> None:
        mine = [item for item in of_partner if self._same_way(item)]
        for item in itertools.chain(exact, filter(self._same_way, self.named)):
            self.sets.add((item.id,))
        if len(mine) == 1:  # an account alone speaks for all of a partner's items
            self.sets.add((mine[0].id,))
        for item in mine:
            if self._is_near(item):
                how = fit(self.line, [item])
                if how and how.how not in (How.PART, How.OVERPAID):
                    self.sets.add((item.id,))
        known = {item.id for item in itertools.chain(exact, mine)}
        for hit in self.reading.parts:
            for item in self._items(hit.item_ids):
                if item.id in known or len(hit.key) >= LONG_PART:
                    self.sets.add((item.id,))

    def _is_near(self, item: OpenItem) -> bool:
        """Whether a closer look pays: a partner may have thousands of items."""
        amount = self.amounts[item.currency]
        return item.discount_amount == amount or -MOST_ROUNDING <= abs(item.residual) - abs(amount) <= MOST_FEE

    # === SEVERAL === #

    def _add(self, items: Iterable[OpenItem]) -> None:
        ids = tuple(sorted({item.id for item in items}))
        if ids:
            self.sets.add(ids)

    def _add_transfer(self) -> None:
        ids = self.index.of_transfer(self.line.transfer_id)
        self._add(item for item in map(self.index.items.__getitem__, ids) if self._fitting(item))

    def _add_named(self) -> None:
        """Add all that the text names; where a number is several vendors', each vendor's own."""
        for items in by_partner(self.named).values():
            self._add(items)
        firsts = {}
        for item in self.named:
            firsts.setdefault(self.reading.named[item.id], item)
        self._add(firsts.values())

    def _add_listed(self) -> None:
        """Add lists of which only the first number is written in full: ``RE-2026-0417, 0418 und 0421``."""
        for partner, items in by_partner(self.named or self._of_partner()).items():
            if partner is None:
                continue
            listed = {item.id: item for item in items if item.id in self.reading.named}
            taken = set(listed)
            for hit in self.reading.parts:
                mine = [
                    self.index.items[item_id]
                    for item_id in sorted(hit.item_ids)
                    if self.index.items[item_id].partner_id == partner and self._fitting(self.index.items[item_id])
                ]
                if len(mine) == 1 and mine[0].id not in taken:
                    listed[mine[0].id] = mine[0]
            if len(listed) > 1:
                self._add(listed.values())

    def _add_ranges(self) -> None:
        for before, after in self.reading.ranges:
            first, last = self._end_of(words(before)), self._start_of(words(after))
            if not first or not last:
                continue
            for partner in {item.partner_id for item in first} & {item.partner_id for item in last}:
                if partner is None:
                    continue
                for start, end in itertools.product(first, last):
                    self._add_range(partner, start, end)

    def _add_range(self, partner: int, start: OpenItem, end: OpenItem) -> None:
        if start.partner_id != partner or end.partner_id != partner:
            return
        found = [
            item
            for item in self._items(self.index.of_partners([partner]))
            if any(
                in_range(number, low, high)
                for number, low, high in itertools.product(item.numbers, start.numbers, end.numbers)
            )
        ]
        if 1 < len(found) <= LONGEST_RANGE:
            self._add(found)

    def _end_of(self, text_words: list[str]) -> list[OpenItem]:
        """Return the items whose number ends these words, the longest that there is."""
        for start in range(len(text_words)):
            if found := self.index.numbered("".join(text_words[start:])):
                return self._items(found)
        return []

    def _start_of(self, text_words: list[str]) -> list[OpenItem]:
        found = [key for start, _end, key in runs(text_words) if start == 0]
        for key in reversed(found):
            if items := self.index.numbered(key) or self.index.numbered_in_part(key):
                return self._items(items)
        return []

    def _add_netted(self) -> None:
        """Add what is named, less credit notes of the same partner, so that the amount is exact."""
        bases = {ids for ids in self.sets if all(item_id in self.reading.named for item_id in ids)}
        for ids in bases:
            items = [self.index.items[item_id] for item_id in ids]
            partners = {item.partner_id for item in items}
            amount = amount_for(self.line, items)
            if amount is None or partners == {None} or len(partners) > 1:
                continue
            missing = amount - sum(item.residual for item in items)
            if missing == 0:
                continue
            others = [
                item
                for item in map(self.index.items.__getitem__, sorted(self.index.of_partners(partners)))
                if item.id not in ids and self._fitting(item) and item.currency == items[0].currency
                and ((item.residual > 0) == (missing > 0))
            ]
            for more in sums.of_few(others, missing, 2):
                self._add([*items, *more])

    def _is_explained(self, exact: list[OpenItem], of_partner: list[OpenItem]) -> bool:
        """Whether a single item of the partner, or what is named, explains the amount: then no sums are tried."""
        partners = {item.id for item in of_partner}
        if any(item.id in partners for item in exact):
            return True
        return any(
            (found := fit(self.line, [self.index.items[item_id] for item_id in ids])) and found.how is How.EXACT
            for ids in self.sets
            if all(item_id in self.reading.named for item_id in ids)
        )

    def _add_sums(self, of_partner: list[OpenItem]) -> None:
        """Add a partner's items that add up to the amount: some in a row, two or three; only if there is one way."""
        for (_partner, currency), items in _by_partner_and_currency(of_partner).items():
            if not 1 < len(items) <= MOST_ITEMS:
                continue
            amount = self.amounts[currency]
            in_a_row = list(itertools.islice(sums.in_a_row(items, amount), 2))
            found = in_a_row or list(itertools.islice(sums.of_few(items, amount, 3), 2))
            if len(found) == 1:
                self._add(found[0])


def by_partner(items: Iterable[OpenItem]) -> dict[int | None, list[OpenItem]]:
    """Return items by their partner."""
    found: dict[int | None, list[OpenItem]] = defaultdict(list)
    for item in items:
        found[item.partner_id].append(item)
    return found


def _by_partner_and_currency(items: Iterable[OpenItem]) -> dict[tuple, list[OpenItem]]:
    found: dict[tuple, list[OpenItem]] = defaultdict(list)
    for item in items:
        found[item.partner_id, item.currency].append(item)
    return found
