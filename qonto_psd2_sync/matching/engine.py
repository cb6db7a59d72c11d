# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The engine: the proposals for one line, and whether the best of them needs nobody's word.

What nothing speaks for but a name, or but an amount while the names differ, is not proposed. Same input, same output,
whatever the order of the items.
"""

from __future__ import annotations

import math
from decimal import Decimal

from .candidates import Candidates
from .evidence import Evidence, weigh
from .facts import ItemKind, LineFacts, ProofKind, Proposal
from .fit import MOST_FEE, How
from .index import ItemIndex
from .names import WEAK
from .numbers import digits_of, normalised
from .reading import read

LIMIT = 3
PROOFS_TO_BE_CERTAIN = 2
# Below it there is silence. From points to how often such a proposal is right; set on the development split.
LEAST_SCORE = 5.0
EVEN_SCORE, STEEPNESS = 5.2, 1.0
# What looks like a part payment may be a fee, a discount or a credit note if it is so near to all of it.
NEARLY_ALL = Decimal("0.06")
WEAK_NUMBER = 6
BY_NUMBER = frozenset({ProofKind.NUMBER, ProofKind.STRUCTURED})


def propose(line: LineFacts, index: ItemIndex, limit: int = LIMIT) -> tuple[Proposal, ...]:
    """Return the proposals for a line, best first, at most ``limit``; none where nothing is proved.

    Only one can be certain: the best, if it has two independent proofs and nothing else has as much for it.
    """
    if line.own_account and not line.transfer_id:
        return ()  # money only moved between the company's own accounts
    reading = read(line, index)
    candidates = (weigh(line, index, reading, ids) for ids in Candidates(line, index, reading).all())
    weighed = [each for each in candidates if each and each.kinds]
    ranked = sorted((each for each in weighed if each.score >= LEAST_SCORE), key=_rank)
    odds = [math.exp(min(50.0, STEEPNESS * (each.score - EVEN_SCORE))) for each in ranked]
    certain = bool(ranked) and _is_certain(ranked[0], weighed)
    return tuple(
        Proposal(
            line_id=line.id, item_ids=each.ids, proofs=each.proofs, certain=certain and each is ranked[0],
            amounts=each.fit.amounts, discounted=each.fit.discounted, rest=each.fit.rest,
            rest_amount=each.fit.rest_amount, confidence=round(own / (1 + sum(odds)), 4),
        )
        for each, own in zip(ranked[:limit], odds, strict=False)
    )


def _rank(each: Evidence) -> tuple:
    """Sort key, best first: more points, then fewer items, then the oldest, since people pay in that order."""
    return (
        ProofKind.TRANSFER not in each.kinds, -round(each.score, 6), len(each.items), -each.distance,
        [item.day for item in each.items], each.ids,
    )


def _is_certain(best: Evidence, weighed: list[Evidence]) -> bool:
    """Whether two proofs speak for it, and nothing for anything else: not even what is too weak to be suggested."""
    if best.proof_count < PROOFS_TO_BE_CERTAIN or not _books_cleanly(best):
        return False
    if ProofKind.TRANSFER in best.kinds:
        return best.fit.how is How.EXACT
    if _is_contradicted(best):
        return False
    if not best.fully_named:
        return not _has_twin(best, weighed)
    return not _has_rival(best, weighed)


def _books_cleanly(best: Evidence) -> bool:
    """Whether it is clear what becomes of every cent."""
    if any(item.kind is ItemKind.SENT for item in best.items):
        return best.fit.how is How.EXACT and ProofKind.RETURNED in best.kinds
    if best.fit.how is How.EXACT:
        return True
    if best.fit.how is How.DISCOUNT:
        return best.fully_named
    if best.fit.how is not How.PART or len(best.items) > 1 or not best.fully_named:
        return False
    item, missing = best.items[0], best.items[0].residual - best.fit.amounts[0]
    others = (best.index.items[each] for each in best.index.of_partners([item.partner_id or 0]))
    return (
        abs(missing) > max(MOST_FEE, abs(item.residual) * NEARLY_ALL)
        and not any((each.residual > 0) != (item.residual > 0) for each in others if each.id != item.id)
    )


def _is_contradicted(best: Evidence) -> bool:
    """Whether anything that the bank tells speaks against it."""
    if best.others_named or best.reading.foreign or best.somebody_elses_account:
        return True
    if best.fully_named:
        # Who pays for another may be anybody, but not another customer, who may have taken the wrong number.
        return best.somebody_else or (_is_weak(best) and not (best.known_account or best.alike >= WEAK))
    return bool(best.stranger or best.others_hinted or best.reading.unread)


def _is_weak(best: Evidence) -> bool:
    """Whether the numbers are such as stand in texts by chance: short ones, or digits alone."""
    keys = [normalised(number) for _kind, number in best.numbers.values()]
    return any(key.isdigit() or len(digits_of(key)) < WEAK_NUMBER for key in keys)


def _has_twin(best: Evidence, weighed: list[Evidence]) -> bool:
    """Whether another item has the same open amount and may be the counterparty's: twins are for a person."""
    residual = best.items[0].residual
    for item_id in best.index.of_amount(best.items[0].currency, residual):
        item = best.index.items[item_id]
        mine = item.partner_id == best.items[0].partner_id or best.line.iban in item.ibans
        if item_id not in best.ids and item.kind is not ItemKind.SENT and mine:
            return True
    return any(
        other is not best and other.fit.how in (How.EXACT, How.DISCOUNT)
        and (other.known_account or other.alike >= WEAK or other.numbers)
        for other in weighed
        if len(other.items) == 1
    )


def _has_rival(best: Evidence, weighed: list[Evidence]) -> bool:
    """Whether another set has as much for it: the same number of another vendor, a payer who is more alike."""
    for other in weighed:
        if other is best or set(other.ids) <= set(best.ids):
            continue
        if other.fully_named and other.proof_count >= best.proof_count:
            return True
        exact = other.fit.how in (How.EXACT, How.DISCOUNT)
        if exact and not best.known_account and (other.known_account or other.alike > best.alike):
            return True
        if exact and best.fit.how is How.PART:
            return True
    return False
