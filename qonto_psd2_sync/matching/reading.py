# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a bank line's text says about documents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from .facts import LineFacts
from .index import ItemIndex
from .numbers import LONGEST, bare, folded, groups, is_year, mask, normalised, runs, tells, words

# Of a run of words: so many groups of letters and digits, when only a part of a number is looked for.
LONGEST_PART = 4
_DATE = re.compile(r"\b(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2})\b")
_AMOUNT = re.compile(r"\b\d{1,3}(?:[.\s]?\d{3})*[.,]\d{2}\b")
_WORD = re.compile(r"[^\W_]+")
_RANGE = re.compile(r"^(bis|b|to|a|au|al|hasta|through|-|–|—)$")
_RETURNED = re.compile(
    r"ruck|rueck|retour|return|rejet|rjt|reject|devol|retroces|storno|respint|zuruck|zurueck|recall|chargeback|refus"
)


@dataclass(frozen=True)
class Hit:
    """A run of words that is an item's number, or part of one."""

    start: int
    end: int
    key: str
    item_ids: frozenset[int]
    payable: bool = False


@dataclass
class Reading:
    """What stands in a line's text.

    :ivar full: full numbers of open items; longer ones hide shorter ones in them.
    :ivar parts: parts of numbers, wherever they stand.
    :ivar foreign: what looks like a number of one of the open documents' series, and is none of them.
    :ivar tokens: all runs of words that could be a mistyped number.
    :ivar ranges: pairs of numbers with a word like "to" between them.
    :ivar said: the text, normalised, for names in it.
    :ivar returned: the text says that a transfer comes back.
    """

    full: list[Hit] = field(default_factory=list)
    parts: list[Hit] = field(default_factory=list)
    foreign: list[Hit] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    ranges: list[tuple[str, str]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    said: str = ""
    returned: bool = False
    money_in: bool = True

    @property
    def named(self) -> dict[int, str]:
        """Map the items whose full number stands in the text to it, as it is looked up."""
        return {item_id: hit.key for hit in self.full for item_id in sorted(hit.item_ids)}


def read(line: LineFacts, index: ItemIndex) -> Reading:
    """Read a line's texts. The counterparty's own name is no text: it may hold digits."""
    returned = line.operation == "recall" or bool(_RETURNED.search(folded(" ".join(line.texts))))
    reading = Reading(returned=returned, money_in=line.amount > 0)
    texts = (unicodedata.normalize("NFKC", text) for text in line.texts)
    for text in dict.fromkeys(_without_name(text, unicodedata.normalize("NFKC", line.name)) for text in texts):
        if text.strip():
            _read_text(text, index, reading)
    reading.said = " ".join(line.texts)
    return reading


def _without_name(text: str, name: str) -> str:
    if not name or name not in text:
        return text
    return text.replace(name, " \n ", 1)


def _read_text(text: str, index: ItemIndex, reading: Reading) -> None:
    text_words = words(text)
    full, foreign = [], []
    for start, end, key in runs(text_words):
        if item_ids := index.numbered(key):
            full.append(Hit(start, end, key, frozenset(item_ids), index.goes(item_ids, money_in=reading.money_in)))
        elif tells(key) and index.is_of_a_series(key):
            foreign.append(Hit(start, end, key, frozenset()))
        if tells(key) and len(key) <= 30:
            reading.tokens.add(key)
    kept = _longest([*full, *foreign])
    reading.full += [hit for hit in kept if hit.item_ids]
    reading.foreign += [hit for hit in kept if not hit.item_ids]
    _read_parts(text, index, reading, {at for hit in kept for at in range(hit.start, hit.end)})
    reading.ranges += _ranges(text)


def _longest(hits: Iterable[Hit]) -> list[Hit]:
    """Return the hits that do not stand inside a longer one, or beside one that the line's money can pay.

    An own invoice ``RG 2026-00146`` does not hide a vendor's ``2026-00146`` when money goes out.
    """
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda each: (not each.payable, each.start - each.end, -len(each.key), each.start)):
        if not any(other.start < hit.end and hit.start < other.end for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda each: each.start)


def _read_parts(text: str, index: ItemIndex, reading: Reading, taken: set[int]) -> None:
    """Find parts of numbers among the words that are no full number; digits that stay unread are kept."""
    taken = taken | _dates_and_amounts(text)
    free: list[tuple[int, str]] = []
    for at, word in enumerate(words(text)):
        if at not in taken:
            free += [(at, group) for group in groups(word)]
    seen: set[int] = set()
    for start in range(len(free)):
        for end in range(start + 1, min(start + LONGEST_PART, len(free)) + 1):
            run = [group for _at, group in free[start:end]]
            if not any(group.isdigit() for group in run) or free[end - 1][0] - free[start][0] >= LONGEST_PART:
                continue
            keys = {"".join(run), bare(run), "".join(each.lstrip("0") if each.isdigit() else each for each in run)}
            for key in keys:
                if len(key) >= 3 and (found := index.numbered_in_part(key)):
                    reading.parts.append(Hit(free[start][0], free[end - 1][0] + 1, key, frozenset(found)))
                    seen.update(range(start, end))
    reading.unread += [
        group
        for at, (_word, group) in enumerate(free)
        if group.isdigit() and len(group) >= 4 and at not in seen and not is_year(group)
    ]


def _dates_and_amounts(text: str) -> set[int]:
    """Return which words of a text belong to dates and amounts: they are no parts of numbers."""
    spans = [found.span() for pattern in (_DATE, _AMOUNT) for found in pattern.finditer(text)]
    return {
        at
        for at, word in enumerate(_WORD.finditer(text))
        if any(start <= word.start() and word.end() <= end for start, end in spans)
    }


def _ranges(text: str) -> list[tuple[str, str]]:
    """Return the pairs of words that a range goes from and to: ``RE 17 bis RE 21``, ``RE-17 - RE-21``."""
    pieces = text.split()
    found = []
    for at, piece in enumerate(pieces[1:-1], 1):
        if _RANGE.match(folded(piece)):
            before, after = pieces[max(0, at - LONGEST) : at], pieces[at + 1 : at + 1 + LONGEST]
            found.append((" ".join(before), " ".join(after)))
    return found


def in_range(number: str, first: str, last: str) -> bool:
    """Whether a number lies in the series of two others, between them."""
    key, low, high = normalised(number), normalised(first), normalised(last)
    return mask(key) == mask(low) == mask(high) and low <= key <= high

