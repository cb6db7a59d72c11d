# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Open items, found by number, account, amount, name and transfer without looking at each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from . import references
from .facts import ItemKind, OpenItem
from .names import likeness, tokens
from .numbers import bare, digits_of, groups, mask, normalised, tail, tells

# So long a beginning of a name's word is looked up: banks cut names, and people mistype ends.
STEM = 4
SHORTEST_TAIL = 3


class ItemIndex:
    """What is open in a company. Of ``SENT`` items, only numbers, transfers and amounts are looked up."""

    def __init__(self, items: Iterable[OpenItem]) -> None:
        self.items = {item.id: item for item in items}
        self._by_number: dict[str, set[int]] = defaultdict(set)
        self._by_part: dict[str, set[int]] = defaultdict(set)
        self._by_iban: dict[str, set[int]] = defaultdict(set)
        self._by_amount: dict[tuple[str, Decimal], set[int]] = defaultdict(set)
        self._by_transfer: dict[str, set[int]] = defaultdict(set)
        self._by_partner: dict[int, set[int]] = defaultdict(set)
        self._names: dict[str, set[int]] = defaultdict(set)
        self._names_by_stem: dict[str, set[str]] = defaultdict(set)
        self._masks: set[str] = set()
        for item in self.items.values():
            self._add_numbers(item)
            self._add_facts(item)
        self.like = lru_cache(maxsize=4096)(self._like)

    def _add_numbers(self, item: OpenItem) -> None:
        for number in item.numbers:
            key, full, series, parts = _keys_of(number, item.day.year)
            if not full:
                # Too short to mean a document by itself: it may yet agree with an amount or a partner.
                self._by_part[key].add(item.id)
                continue
            self._by_number[key].add(item.id)
            if series:
                self._masks.add(series)
            for part in parts:
                self._by_part[part].add(item.id)

    def _add_facts(self, item: OpenItem) -> None:
        self._by_amount[item.currency, item.residual].add(item.id)
        if item.discount_amount is not None:
            self._by_amount[item.currency, item.discount_amount].add(item.id)
        if item.transfer_id:
            self._by_transfer[item.transfer_id].add(item.id)
        if item.kind is ItemKind.SENT:
            return
        for iban in item.ibans:
            self._by_iban[iban].add(item.id)
        if item.partner_id is not None:
            self._by_partner[item.partner_id].add(item.id)
        for name in item.names:
            self._names[name].add(item.id)
            for token in tokens(name):
                self._names_by_stem[token[:STEM]].add(name)

    # === NUMBERS === #

    def numbered(self, key: str) -> set[int]:
        """Return the items whose full number this is, normalised; an RF reference may carry a document's number."""
        found = self._by_number.get(key)
        if not found and key.startswith("rf") and (document := references.document_of(key)):
            found = self._by_number.get(document)
        return found or set()

    def goes(self, item_ids: Iterable[int], *, money_in: bool) -> bool:
        """Whether money of this direction pays one of these items."""
        return any((self.items[item_id].residual > 0) == money_in for item_id in item_ids)

    def numbered_in_part(self, key: str) -> set[int]:
        """Return the items of whose number this is a part that people write."""
        return self._by_part.get(key, set())

    def is_of_a_series(self, key: str) -> bool:
        """Whether this looks like the numbers of open documents, letters and all."""
        return not key.isdigit() and mask(key) in self._masks

    # === FACTS === #

    def of_iban(self, iban: str | None) -> set[int]:
        """Return the items of partners whose account this is."""
        return self._by_iban.get(iban, set()) if iban else set()

    def of_amount(self, currency: str, amount: Decimal) -> set[int]:
        """Return the items of which exactly this is open, or was to be paid with the discount."""
        return self._by_amount.get((currency, amount), set())

    def of_transfer(self, transfer_id: str | None) -> set[int]:
        """Return the items that this own transfer pays, or is."""
        return self._by_transfer.get(transfer_id, set()) if transfer_id else set()

    def of_partners(self, partner_ids: Iterable[int]) -> set[int]:
        """Return all items of these partners."""
        return set().union(*(self._by_partner.get(partner_id, set()) for partner_id in partner_ids))

    def named(self, name: str, at_least: float) -> set[int]:
        """Return the items of partners whose name is like this one."""
        return set().union(*(self._names[each] for each, alike in self.like(name) if alike >= at_least))

    def _like(self, name: str) -> tuple[tuple[str, float], ...]:
        candidates = {each for token in tokens(name) for each in self._names_by_stem.get(token[:STEM], ())}
        found = ((each, likeness(name, each)) for each in sorted(candidates))
        return tuple((each, alike) for each, alike in found if alike > 0)


@lru_cache(maxsize=1 << 16)
def _keys_of(number: str, year: int) -> tuple[str, bool, str, frozenset[str]]:
    """Return a number normalised, whether it means one document, its series, and how people shorten it.

    Kept, since the same documents are open each time somebody looks: reading ten thousand numbers takes a second.
    """
    key = normalised(number)
    if not tells(number):
        return key, False, "", frozenset()
    return key, True, "" if key.isdigit() else mask(key), frozenset(parts_of(number, year))


def parts_of(number: str, year: int) -> set[str]:
    """Return how people shorten a document's number: its digits, without zeros, the last run of them.

    >>> sorted(parts_of("INV/2026/00140", 2026))
    ['00140', '140', '202600140', '2026140', 'inv2026140']
    """
    number_groups = groups(number)
    last = tail(number, year)
    parts = {digits_of("".join(number_groups)), bare(number_groups)}
    parts.add("".join(group.lstrip("0") if group.isdigit() else group for group in number_groups))
    for end in (last, last.lstrip("0")):
        if len(end) >= SHORTEST_TAIL:
            parts.add(end)
    return {part for part in parts if len(part) >= SHORTEST_TAIL} - {normalised(number)}
