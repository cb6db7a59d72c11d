"""What a matcher's proposals are worth, held against the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from matching import Proposal, propose

from . import proofs
from .baselines import BASELINES, answers
from .files import Case, Ledger
from .metrics import Rate, calibration, precision_at, rate

ID_PROOF_ONLY = (13, 14, 20)
SETS = (8, 9, 16, 17)


@dataclass(frozen=True)
class Judged:
    """One line's proposals and what is right about them."""

    case: Case
    proposals: tuple[Proposal, ...]
    rank: int | None  # of the first proposal with exactly the right items
    auto: Proposal | None
    auto_right: bool
    false_proofs: int

    @property
    def matchable(self) -> bool:
        return bool(self.case.truth)


def settled(proposal: Proposal) -> dict[int, Decimal]:
    """Return how much of each item a proposal pays, signed as its residual."""
    return dict(zip(proposal.item_ids, proposal.amounts, strict=True))


def judge(ledger: Ledger, matcher: Callable = propose) -> list[Judged]:
    """Let the engine answer each line, and judge the answers."""
    index, items = ledger.index(), {item.id: item for item in ledger.items}
    judged = []
    for case in ledger.cases:
        found = matcher(case.facts, index)
        rank = next((at for at, each in enumerate(found, 1) if set(each.item_ids) == set(case.truth)), None)
        auto = next((each for each in found if each.certain), None)
        right = auto is not None and settled(auto) == case.truth
        wrong = sum(not proofs.holds(proof, case.facts, each, items) for each in found for proof in each.proofs)
        judged.append(Judged(case, found, rank if case.truth else None, auto, right, wrong))
    return judged


def report(judged: list[Judged]) -> dict[str, object]:
    """Return all rates of a set of lines."""
    autos = [each for each in judged if each.auto]
    euros = [(abs(each.case.facts.amount), each.auto_right) for each in autos]
    matchable = [each for each in judged if each.matchable]
    silent = [each for each in judged if not each.matchable]
    return {
        "lines": len(judged),
        "precision": rate(each.auto_right for each in autos),
        "precision_euros": float(sum(a for a, right in euros if right) / sum(a for a, _ in euros)) if euros else None,
        "wrong_per_1000_lines": 1000 * sum(not each.auto_right for each in autos) / len(judged) if judged else None,
        "auto_share": rate(each.auto is not None for each in judged),
        "auto_of_matchable": rate(each.auto is not None for each in matchable),
        "recall_1": rate(each.rank == 1 for each in matchable),
        "recall_3": rate(each.rank is not None and each.rank <= 3 for each in matchable),
        "exact_set": rate(each.rank == 1 for each in matchable if each.case.kind in SETS),
        "false_suggestions": rate(bool(each.proposals) for each in silent),
    }


def by_class(judged: list[Judged]) -> dict[int | None, dict[str, object]]:
    """Return the rates of each class."""
    kinds = sorted({each.case.kind for each in judged}, key=str)
    return {kind: report([each for each in judged if each.case.kind == kind]) for kind in kinds}


def wrong_autos(judged: list[Judged], kinds: tuple[int, ...]) -> int:
    return sum(each.auto is not None and not each.auto_right for each in judged if each.case.kind in kinds)


def against_baselines(judged: list[Judged], ledgers: list[Ledger]) -> dict[str, dict[str, float | int]]:
    """Compare precision with each baseline's at the same number of lines, the surest first."""
    ours = [((each.auto.confidence,), each.auto_right) for each in judged if each.auto]
    result = {}
    for name, baseline in BASELINES.items():
        guesses = [
            (guess, set(case.truth))
            for ledger in ledgers
            for guess, case in zip(answers(baseline, ledger), ledger.cases, strict=True)
        ]
        scored = [(guess.score, set(guess.item_ids[0]) == truth) for guess, truth in guesses if guess.item_ids]
        recalls = [
            next((at for at, ids in enumerate(guess.item_ids[:3], 1) if set(ids) == truth), 0)
            for guess, truth in guesses
            if truth
        ]
        count = min(len(ours), len(scored))
        result[name] = {
            "lines": count,
            "precision": round(precision_at(scored, count), 5),
            "our_precision": round(precision_at(ours, count), 5),
            "recall_1": round(sum(rank == 1 for rank in recalls) / len(recalls), 5),
            "recall_3": round(sum(rank > 0 for rank in recalls) / len(recalls), 5),
        }
    return result


def calibrated(judged: list[Judged]) -> list[dict[str, float | int]]:
    """Return what proposals state of themselves against what is so, in ten bins."""
    return calibration(
        (each.confidence, set(each.item_ids) == set(line.case.truth)) for line in judged for each in line.proposals
    )


def plain(rates: dict[str, object]) -> dict[str, object]:
    """Return rates as JSON can hold them."""
    return {name: value.report() if isinstance(value, Rate) else value for name, value in rates.items()}
