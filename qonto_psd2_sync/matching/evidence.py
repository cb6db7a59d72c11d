# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What speaks for a set of items, what speaks against it, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from . import references
from .facts import PROOFS, ItemKind, LineFacts, OpenItem, Proof, ProofKind
from .fit import FROM_ABROAD, Fit, How, fit
from .index import ItemIndex, parts_of
from .names import STRONG, WEAK, likeness, tokens
from .numbers import digits_of, normalised, one_apart, tells
from .reading import Hit, Reading

# Card spend and the bank's own fees pay no open document that they do not name.
NOT_FOR_DOCUMENTS = frozenset({"card", "qonto_fee", "account_remuneration", "atm"})

# Points, set on the development split. What a proposal is worth is their sum.
POINTS = {
    ProofKind.TRANSFER: 8.0, ProofKind.NUMBER: 5.0, ProofKind.STRUCTURED: 5.0, ProofKind.IBAN: 3.0,
    ProofKind.AMOUNT: 4.0, ProofKind.DISCOUNT: 3.5, ProofKind.NAME: 2.2, ProofKind.CONFIRMED: 1.6,
    ProofKind.NUMBER_PART: 2.4, ProofKind.NUMBER_NEAR: 2.2, ProofKind.RETURNED: 1.5,
}
FIT_POINTS = {How.ROUNDING: 3.0, How.LATE_DISCOUNT: 2.5, How.FEE: 1.5, How.PART: 0.2, How.OVERPAID: 0.0}
FEE_FROM_ABROAD = 1.5
# What is named in full is told, even if everything else is odd.
NAMED_IN_FULL = 5.05
WEAK_NAME, SAID_NAME = 0.9, 1.5
STRANGER, SOMEBODY_ELSES_ACCOUNT = -2.0, -3.5
ANOTHER_NAMED_THAT_FITS, ANOTHER_NAMED, SERIES_NAMED = -2.5, -1.1, -1.0
UNNAMED_ITEM = -0.6
ONLY_ONE, NO_NAME = 1.8, 1.0
UNEXPECTED_KIND = -3.0


@dataclass(frozen=True)
class Evidence:
    """One set of items, held against one line."""

    line: LineFacts
    index: ItemIndex
    reading: Reading
    items: tuple[OpenItem, ...]
    fit: Fit

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(item.id for item in self.items)

    # === NUMBERS === #

    @cached_property
    def numbers(self) -> dict[int, tuple[ProofKind, str]]:
        """Map items to how their number stands in the text, and to the number as it is written on the document."""
        found = {item.id: self._number_of(item) for item in self.items}
        return {item_id: number for item_id, number in found.items() if number}

    def _number_of(self, item: OpenItem) -> tuple[ProofKind, str] | None:
        keys = {normalised(number): number for number in item.numbers}
        for hit in self.reading.full:
            if item.id in hit.item_ids:
                written = keys.get(hit.key) or keys.get(references.document_of(hit.key) or "") or hit.key
                structured = references.kind_of(hit.key) is not None
                return ProofKind.STRUCTURED if structured else ProofKind.NUMBER, written
        parts = [hit for hit in self.reading.parts if item.id in hit.item_ids]
        if parts:
            best = max(parts, key=lambda hit: (len(hit.key), hit.key))
            return ProofKind.NUMBER_PART, next(
                (number for number in item.numbers if best.key in parts_of(number, item.day.year)), item.numbers[0]
            )
        for key, number in keys.items():
            if tells(number) and self._is_near(key):
                return ProofKind.NUMBER_NEAR, number
        return None

    def _is_near(self, key: str) -> bool:
        return any(abs(len(token) - len(key)) <= 1 and one_apart(token, key) for token in self.reading.tokens)

    @cached_property
    def fully_named(self) -> bool:
        """Whether the full number, or the structured reference, of every item stands in the text."""
        full = (ProofKind.NUMBER, ProofKind.STRUCTURED)
        return all(self.numbers.get(item.id, ("", ""))[0] in full for item in self.items)

    @cached_property
    def others_named(self) -> list[Hit]:
        """Full numbers in the text that are those of other documents only."""
        mine = set(self.ids)
        return [hit for hit in self.reading.full if not hit.item_ids & mine]

    @cached_property
    def others_hinted(self) -> list[Hit]:
        """Parts of numbers in the text that fit other documents only."""
        mine = set(self.ids)
        covered = [hit for hit in self.reading.parts if hit.item_ids & mine]
        return [
            hit
            for hit in self.reading.parts
            if not hit.item_ids & mine and len(digits_of(hit.key)) >= 4
            and not any(other.start <= hit.start and hit.end <= other.end for other in covered)
        ]

    # === WHO === #

    @cached_property
    def known_account(self) -> bool:
        """Whether the counterparty's account is known as that of the items' only partner."""
        return bool(self.line.iban) and all(self.line.iban in item.ibans for item in self.items)

    @cached_property
    def alike(self) -> float:
        """How alike the counterparty's name is to the least alike of the partners' names."""
        if not self.line.name:
            return 0.0
        return min(max((likeness(self.line.name, name) for name in item.names), default=0.0) for item in self.items)

    @cached_property
    def said_name(self) -> bool:
        """Whether the partner's name stands in the text, other than as the counterparty's."""
        said = set(tokens(self.reading.said))
        return all(
            any(set(tokens(name)) <= said and len("".join(tokens(name))) >= 5 for name in item.names)
            for item in self.items
        )

    @cached_property
    def confirmed(self) -> bool:
        return all(item.partner_id in self.line.confirmed for item in self.items)

    @cached_property
    def somebody_elses_account(self) -> bool:
        """Whether the account is known, and not as this partner's."""
        return not self.known_account and bool(self.index.of_iban(self.line.iban))

    @cached_property
    def stranger(self) -> bool:
        """Whether both names are known, and are not alike, and nothing else says that it is the partner."""
        named = bool(self.line.name) and all(item.names for item in self.items)
        same = self.known_account or self.confirmed or self.line.partner_id is not None
        return named and not same and self.alike < WEAK

    @cached_property
    def somebody_else(self) -> bool:
        """Whether the counterparty may be, by its name, another partner with open items."""
        return self.stranger and bool(self.index.named(self.line.name, WEAK))

    # === ALL === #

    @cached_property
    def proofs(self) -> tuple[Proof, ...]:
        line, found = self.line, []
        if line.transfer_id and all(item.transfer_id == line.transfer_id for item in self.items):
            found.append(Proof(ProofKind.TRANSFER, line.transfer_id))
        kinds = {kind for kind, _number in self.numbers.values()}
        if self.fully_named:
            kind = ProofKind.STRUCTURED if kinds == {ProofKind.STRUCTURED} else ProofKind.NUMBER
            found.append(Proof(kind, self._written()))
        if self.known_account:
            found.append(Proof(ProofKind.IBAN, line.iban or ""))
        if self.fit.how is How.EXACT:
            found.append(Proof(ProofKind.AMOUNT))
        if self.fit.how is How.DISCOUNT:
            taken = (item for item in self.items if item.id in self.fit.discounted)
            days = sorted(item.discount_day for item in taken if item.discount_day)
            found.append(Proof(ProofKind.DISCOUNT, days[0].isoformat() if days else ""))
        if self.alike >= STRONG:
            found.append(Proof(ProofKind.NAME, self._names()))
        if self.confirmed:
            found.append(Proof(ProofKind.CONFIRMED, self._names()))
        if kinds and not self.fully_named:
            near = ProofKind.NUMBER_NEAR in kinds
            found.append(Proof(ProofKind.NUMBER_NEAR if near else ProofKind.NUMBER_PART, self._written()))
        if self.reading.returned and all(item.kind is ItemKind.SENT for item in self.items):
            found.append(Proof(ProofKind.RETURNED))
        return tuple(found)

    def _written(self) -> str:
        return ", ".join(sorted({number for _kind, number in self.numbers.values()}))

    def _names(self) -> str:
        return ", ".join(dict.fromkeys(item.names[0] for item in self.items if item.names))

    @cached_property
    def kinds(self) -> frozenset[ProofKind]:
        return frozenset(proof.kind for proof in self.proofs)

    @cached_property
    def proof_count(self) -> int:
        """How many independent proofs there are. A sum of items that nobody named proves nothing."""
        kinds = self.kinds & PROOFS
        if len(self.items) > 1 and not self.fully_named and ProofKind.TRANSFER not in kinds:
            kinds -= {ProofKind.AMOUNT}
        return len(kinds)

    @cached_property
    def score(self) -> float:
        """How much speaks for it, in points."""
        score = sum(POINTS[proof.kind] for proof in self.proofs) + FIT_POINTS.get(self.fit.how, 0.0)
        if ProofKind.NAME not in self.kinds:
            score += SAID_NAME if self.said_name else WEAK_NAME if self.alike >= WEAK else 0.0
        score += self._against() + self._circumstances()
        if self.fully_named and not self.others_named and not self.somebody_elses_account:
            return max(score, NAMED_IN_FULL)
        return score

    def _against(self) -> float:
        against = SERIES_NAMED * bool(self.reading.foreign)
        for hit in self.others_named[:2]:
            fitting = any(self.index.items[item_id].residual == self.line.amount for item_id in hit.item_ids)
            against += ANOTHER_NAMED_THAT_FITS if fitting or len(self.items) < len(hit.item_ids) else ANOTHER_NAMED
        if self.somebody_elses_account:
            against += SOMEBODY_ELSES_ACCOUNT
        elif self.stranger and not self.said_name:
            against += STRANGER
        if ProofKind.TRANSFER not in self.kinds:
            against += UNNAMED_ITEM * sum(item.id not in self.numbers for item in self.items[1:])
        return against

    def _circumstances(self) -> float:
        more = 0.0
        if self.fit.how is How.FEE and self.line.operation == FROM_ABROAD:
            more += FEE_FROM_ABROAD
        if self._is_only_one:
            more += ONLY_ONE
        if not self.line.name or not all(item.names for item in self.items):
            more += NO_NAME
        if self.line.operation in NOT_FOR_DOCUMENTS and not self.fully_named and not self.known_account:
            more += UNEXPECTED_KIND
        return more

    @cached_property
    def _is_only_one(self) -> bool:
        """Whether it is all that the counterparty's account is open for."""
        if len(self.items) != 1 or not self.known_account:
            return False
        way = self.items[0].residual > 0
        others = (self.index.items[item_id] for item_id in self.index.of_iban(self.line.iban))
        return all(item.id == self.items[0].id or (item.residual > 0) != way for item in others)

    @property
    def distance(self) -> int:
        """How many days lie between the line and the furthest item."""
        return max(abs((self.line.day - item.day).days) for item in self.items)


def weigh(line: LineFacts, index: ItemIndex, reading: Reading, ids: tuple[int, ...]) -> Evidence | None:
    """Return the evidence for a set of items, None when the line can't pay it."""
    items = tuple(sorted((index.items[item_id] for item_id in ids), key=lambda item: item.id))
    found = fit(line, items)
    return Evidence(line, index, reading, items, found) if found else None

