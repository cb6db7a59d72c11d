"""From a split's noise, a mix and a seed to a corpus: always the same one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from .books import Books, Row
from .classes import CLASSES
from .noise import Noise

TODAY = date(2026, 11, 15)
REST = Mapping[int, float]


def _mix(fixed: Mapping[int, float]) -> dict[int, float]:
    """Return all classes' shares: those given, and the rest spread evenly over the others."""
    others = [kind for kind in CLASSES if kind not in fixed]
    return {kind: fixed.get(kind, (1 - sum(fixed.values())) / len(others)) for kind in CLASSES}


def _hostile() -> dict[int, float]:
    """Twins, wrong references, third parties and traps doubled; exact lines give way."""
    shares = dict(MIXES["typical"])
    for kind in (13, 14, 15, 20):
        shares[1] -= shares[kind]
        shares[kind] *= 2
    return shares


# Assumptions: there are no public base rates.
MIXES: dict[str, dict[int, float]] = {"clean": _mix({1: 0.6}), "typical": _mix({1: 0.25, 18: 0.4})}
MIXES["hostile"] = _hostile()


@dataclass
class Corpus:
    """Lines, items and truth as they stand in the files; `companies`: names and own accounts."""

    lines: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)
    truth: list[Row] = field(default_factory=list)
    companies: list[Row] = field(default_factory=list)


def generate(noise: Noise, mix: str, size: int, seed: int) -> Corpus:
    """Return a corpus of `size` lines, spread over the split's companies."""
    kinds = _kinds(MIXES[mix], size)
    rng = Random(f"{seed} {mix}")
    rng.shuffle(kinds)
    corpus = Corpus()
    for at, company in enumerate(noise.companies):
        books = Books(company, noise, Random(f"{seed} {mix} {company.key}"))
        own = kinds[at :: len(noise.companies)]
        for done, kind in enumerate(own):
            day = TODAY - timedelta(days=90 - 90 * done // len(own))
            books.background(day)
            CLASSES[kind](books, day)
        corpus.lines += books.lines
        corpus.items += books.items
        corpus.truth += books.truth
        corpus.companies.append(
            {"company": company.key, "name": company.name, "ibans": [books.iban, books.second_iban]}
        )
    return corpus


def _kinds(shares: Mapping[int, float], size: int) -> list[int]:
    """Return each line's class: as many of each as its share asks for, to the line."""
    kinds, due = [], 0.0
    for kind, share in sorted(shares.items()):
        due += share * size
        kinds += [kind] * (round(due) - len(kinds))
    return kinds
