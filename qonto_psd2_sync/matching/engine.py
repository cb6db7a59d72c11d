# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The engine: an index of open items, and the proposals for one line.

What is not proved is not proposed: neither a name nor a date makes a proposal. Same input, same output, whatever the
order of the items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from .facts import LineFacts, OpenItem, Proof, ProofKind, Proposal
from .numbers import normalised, numbers_in, tells

LIMIT = 3
PROOFS_TO_BE_CERTAIN = 2


class ItemIndex:
    """Open items, found by number, account, amount and transfer without looking at each."""

    def __init__(self, items: Iterable[OpenItem]) -> None:
        self.items = {item.id: item for item in items}
        self._by_number: dict[str, set[int]] = defaultdict(set)
        self._by_iban: dict[str, set[int]] = defaultdict(set)
        self._by_residual: dict[tuple[str, Decimal], set[int]] = defaultdict(set)
        self._by_transfer: dict[str, set[int]] = defaultdict(set)
        self._written: dict[str, str] = {}
        for item in self.items.values():
            for number in item.numbers:
                if tells(number):
                    self._by_number[normalised(number)].add(item.id)
                    self._written.setdefault(normalised(number), number)
            for iban in item.ibans:
                self._by_iban[iban].add(item.id)
            self._by_residual[item.currency, item.residual].add(item.id)
            if item.transfer_id:
                self._by_transfer[item.transfer_id].add(item.id)

    def named_in(self, texts: Iterable[str]) -> dict[int, str]:
        """Map the items whose number stands in the texts to the longest such number, as it is written."""
        found: dict[int, str] = {}
        for key in sorted({key for text in texts for key in numbers_in(text)}, key=lambda key: (len(key), key)):
            for item_id in self._by_number.get(key, ()):
                found[item_id] = self._written[key]
        return found

    def of_iban(self, iban: str | None) -> set[int]:
        """Return the items of partners whose account this is."""
        return self._by_iban.get(iban, set()) if iban else set()

    def of_residual(self, currency: str, residual: Decimal) -> set[int]:
        """Return the items of which exactly this is open."""
        return self._by_residual.get((currency, residual), set())

    def of_transfer(self, transfer_id: str | None) -> set[int]:
        """Return the items that this own transfer pays."""
        return self._by_transfer.get(transfer_id, set()) if transfer_id else set()


def propose(line: LineFacts, index: ItemIndex, limit: int = LIMIT) -> tuple[Proposal, ...]:
    """Return the proposals for a line, best first, at most ``limit``; none where nothing is proved.

    Only one can be certain: the best, if it has two independent proofs and nothing else has as much for it.
    """
    named = {
        item_id: number for item_id, number in index.named_in(line.texts).items() if _same_way(line, index, item_id)
    }
    candidates = {item_ids: _proofs(line, index, item_ids, named) for item_ids in _sets(line, index, named)}
    ranked = sorted(candidates, key=lambda item_ids: (*_rank(candidates[item_ids], line, index, item_ids), item_ids))
    certain = ranked[:1] if ranked and _is_certain(line, index, ranked, candidates, named) else []
    return tuple(
        Proposal(line.id, item_ids, candidates[item_ids], item_ids in certain) for item_ids in ranked[:limit]
    )


def _same_way(line: LineFacts, index: ItemIndex, item_id: int) -> bool:
    """Whether money went the way that pays the item, in the item's currency, and not to or from somebody else."""
    item = index.items[item_id]
    return (item.residual > 0) == (line.amount > 0) and item.currency == line.currency and _same_partner(line, item)


def _same_partner(line: LineFacts, item: OpenItem) -> bool:
    return line.partner_id is None or item.partner_id is None or line.partner_id == item.partner_id


def _sets(line: LineFacts, index: ItemIndex, named: dict[int, str]) -> set[tuple[int, ...]]:
    """Return the sets of items worth a look: those that something but the amount alone speaks for, and exact ones."""
    transfer = {item_id for item_id in index.of_transfer(line.transfer_id) if _same_way(line, index, item_id)}
    singles = set(named) | transfer
    exact = {item_id for item_id in index.of_residual(line.currency, line.amount) if _same_way(line, index, item_id)}
    singles |= exact
    # An account alone speaks for all of a partner's items: only the one that it is the only one of.
    of_partner = {item_id for item_id in index.of_iban(line.iban) if _same_way(line, index, item_id)}
    if len(of_partner) == 1:
        singles |= of_partner
    sets = {(item_id,) for item_id in singles}
    for several in (named, transfer):
        if len(several) > 1:
            sets.add(tuple(sorted(several)))
    return sets


def _proofs(line: LineFacts, index: ItemIndex, item_ids: tuple[int, ...], named: dict[int, str]) -> tuple[Proof, ...]:
    items = [index.items[item_id] for item_id in item_ids]
    proofs = []
    if line.transfer_id and all(item.transfer_id == line.transfer_id for item in items):
        proofs.append(Proof(ProofKind.TRANSFER, line.transfer_id))
    if all(item_id in named for item_id in item_ids):
        proofs.append(Proof(ProofKind.NUMBER, ", ".join(sorted({named[item_id] for item_id in item_ids}))))
    if line.iban and all(line.iban in item.ibans for item in items):
        proofs.append(Proof(ProofKind.IBAN, line.iban))
    if sum(item.residual for item in items) == line.amount:
        proofs.append(Proof(ProofKind.AMOUNT))
    return tuple(proofs)


def _rank(proofs: tuple[Proof, ...], line: LineFacts, index: ItemIndex, item_ids: tuple[int, ...]) -> tuple:
    """Sort key, best first: what was sent from here, then more proofs, then a number, then the nearest day."""
    kinds = {proof.kind for proof in proofs}
    distance = max(abs((line.day - index.items[item_id].day).days) for item_id in item_ids)
    return (ProofKind.TRANSFER not in kinds, -len(kinds), ProofKind.NUMBER not in kinds, distance)


def _is_certain(
    line: LineFacts,
    index: ItemIndex,
    ranked: list[tuple[int, ...]],
    candidates: dict[tuple[int, ...], tuple[Proof, ...]],
    named: dict[int, str],
) -> bool:
    best = ranked[0]
    proofs = candidates[best]
    kinds = {proof.kind for proof in proofs}
    if len(kinds) < PROOFS_TO_BE_CERTAIN:
        return False
    # A number in the text that is another document's speaks against this one, whatever else speaks for it.
    if not set(named) <= set(best):
        return False
    if ProofKind.TRANSFER in kinds:
        return True
    # Without a number, the amount and the account may fit several of the partner's items: twins are for a person.
    if ProofKind.NUMBER not in kinds:
        twins = {
            item_id
            for item_id in index.of_residual(line.currency, line.amount)
            if item_id not in best and _same_way(line, index, item_id)
        }
        if twins:
            return False
    # What a line pays in part is for a person, unless the number and the account agree.
    rivals = [
        other
        for other in ranked[1:]
        if not set(other) <= set(best) and len(candidates[other]) >= len(proofs)
    ]
    overpaid = abs(sum(index.items[item_id].residual for item_id in best)) < abs(line.amount)
    return not rivals and not overpaid
