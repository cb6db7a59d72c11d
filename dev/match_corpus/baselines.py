"""What others do, re-implemented from their public descriptions; none of it is their code.

Each baseline answers a line with sets of items, best first, and how sure it is of the first. The keys in brackets are
those of `docs/matching.md`. Where a description leaves something open, the reading is the one that favours it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from matching import LineFacts, OpenItem

from .files import Ledger

THREE_MONTHS = 92


@dataclass(frozen=True)
class Guess:
    """A baseline's answer: single items, best first; `score` orders the lines by how sure it is."""

    item_ids: tuple[tuple[int, ...], ...]
    score: tuple = ()


Baseline = Callable[[LineFacts, list[OpenItem]], Guess]


@lru_cache(maxsize=100_000)
def _plain(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.casefold())


@lru_cache(maxsize=100_000)
def _digit_words(number: str) -> tuple[str, ...]:
    return tuple(re.sub(r"\D", "", word) for word in number.split())


def _same_way(line: LineFacts, item: OpenItem) -> bool:
    return item.currency == line.currency and (item.residual > 0) == (line.amount > 0)


def _days(line: LineFacts, item: OpenItem) -> int:
    return abs((line.day - item.day).days)


def _said(line: LineFacts, item: OpenItem) -> bool:
    text = _plain(" ".join(line.texts))
    return any(len(_plain(number)) >= 4 and _plain(number) in text for number in item.numbers)


def amount_only(line: LineFacts, items: list[OpenItem]) -> Guess:
    """The open amount is the line's amount; the nearest day first."""
    same = [item for item in items if _same_way(line, item) and item.residual == line.amount]
    same.sort(key=lambda item: (_days(line, item), item.id))
    return Guess(tuple((item.id,) for item in same), (-len(same),))


def lexware(line: LineFacts, items: list[OpenItem]) -> Guess:
    """Open amount 95 to 105 %, document at most three months older; then number, name, bank account [L7]."""
    low, high = abs(line.amount) * Decimal("0.95"), abs(line.amount) * Decimal("1.05")
    near = [
        item
        for item in items
        if _same_way(line, item)
        and low <= abs(item.residual) <= high
        and 0 <= (line.day - item.day).days <= THREE_MONTHS
    ]

    def score(item: OpenItem) -> tuple:
        own = bool(line.transfer_id) and item.transfer_id == line.transfer_id  # "bills it paid itself" [L8]
        return (own, _said(line, item), _named(line, item), line.iban in item.ibans)

    ranked = sorted(
        near, key=lambda item: (*(not hit for hit in score(item)), abs(item.residual - line.amount), item.id)
    )
    return Guess(tuple((item.id,) for item in ranked), score(ranked[0]) if ranked else ())


def _named(line: LineFacts, item: OpenItem) -> bool:
    return any(_plain(name) in _plain(text) for name in item.names for text in (line.name, *line.texts))


def odoo(line: LineFacts, items: list[OpenItem]) -> Guess:
    """Without a partner: label against numbers; with one: exact, discount, 3 %, amount in the label [O3]."""
    mine = [item for item in items if _same_way(line, item)]
    partners = {item.partner_id for item in mine if line.iban and line.iban in item.ibans}
    if len(partners) != 1:
        said = sorted((item for item in mine if _said(line, item)), key=lambda item: item.id)
        return Guess(tuple((item.id,) for item in said), (1, -len(said)))
    mine = sorted((item for item in mine if item.partner_id in partners), key=lambda item: (item.day, item.id))
    text = " ".join(line.texts)
    tiers: tuple[Callable[[OpenItem], bool], ...] = (
        lambda item: item.residual == line.amount,
        lambda item: item.discount_amount == line.amount,
        lambda item: abs(item.residual - line.amount) <= abs(line.amount) * Decimal("0.03"),
        lambda item: f"{abs(item.residual):.2f}".replace(".", ",") in text or f"{abs(item.residual):.2f}" in text,
    )
    for tier, fits in enumerate(tiers):
        found = [item for item in mine if fits(item)]
        if found:
            found.sort(key=lambda item: (not _said(line, item), item.day, item.id))
            return Guess(tuple((item.id,) for item in found), (2 - tier, -len(found)))
    return Guess(())


def oca(line: LineFacts, items: list[OpenItem]) -> Guess:
    """Words with four digits or more, digits only, equal to a number's; the amount is not compared [A15]."""
    tokens = {digits for word in " ".join(line.texts).split() if len(digits := re.sub(r"\D", "", word)) >= 4}
    hits = [
        item
        for item in items
        if _same_way(line, item)
        and any(word in tokens for number in item.numbers for word in _digit_words(number))
    ]
    hits.sort(key=lambda item: (item.day, item.id))
    if hits:
        several = (tuple(item.id for item in hits),) if len(hits) > 1 else ()
        return Guess((*several, *((item.id,) for item in hits)), (2, -len(hits)))
    of_partner = [item for item in items if _same_way(line, item) and line.iban and line.iban in item.ibans]
    of_partner.sort(key=lambda item: (item.residual != line.amount, item.day, item.id))
    return Guess(tuple((item.id,) for item in of_partner), (1, -len(of_partner)))


BASELINES: dict[str, Baseline] = {"amount_only": amount_only, "lexware": lexware, "odoo": odoo, "oca": oca}


def answers(baseline: Baseline, ledger: Ledger) -> list[Guess]:
    """Return a baseline's answer to each line of a ledger."""
    ways: dict[tuple[str, bool], list[OpenItem]] = defaultdict(list)
    for item in ledger.items:
        ways[item.currency, item.residual > 0].append(item)
    return [baseline(case.facts, ways[case.facts.currency, case.facts.amount > 0]) for case in ledger.cases]
