"""Counting: rates with their intervals, precision at a coverage, calibration."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Z = 1.959964  # of 95 %


@dataclass(frozen=True)
class Rate:
    """So many of so many; `low` and `high` bound it by Wilson's interval of 95 %."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else math.nan

    @property
    def low(self) -> float:
        return self._bound(-1)

    @property
    def high(self) -> float:
        return self._bound(1)

    def _bound(self, side: int) -> float:
        """Return a bound of the interval.

        >>> round(Rate(600, 600).low, 4), round(Rate(5, 10).low, 4), round(Rate(5, 10).high, 4)
        (0.9936, 0.2366, 0.7634)
        """
        if not self.of:
            return math.nan
        share, count = self.hits / self.of, self.of
        middle = share + Z * Z / (2 * count)
        width = Z * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
        return min(1.0, max(0.0, (middle + side * width) / (1 + Z * Z / count)))

    def report(self) -> dict[str, float | int | None]:
        if not self.of:
            return {"hits": 0, "of": 0, "value": None, "low": None, "high": None}
        return {
            "hits": self.hits,
            "of": self.of,
            "value": round(self.value, 5),
            "low": round(self.low, 5),
            "high": round(self.high, 5),
        }

    def __str__(self) -> str:
        if not self.of:
            return "–"
        return f"{self.value:.1%} [{self.low:.1%}–{self.high:.1%}] {self.hits}/{self.of}"


def rate(outcomes: Iterable[bool]) -> Rate:
    """Return how many of some outcomes are true."""
    seen = list(outcomes)
    return Rate(sum(seen), len(seen))


def precision_at(scored: Sequence[tuple[tuple, bool]], count: int) -> float:
    """Return the precision of the `count` surest answers; of equally sure ones any may be among them: the mean counts.

    >>> precision_at([((2,), True), ((1,), True), ((1,), False)], 2)
    0.75
    """
    by_score: dict[tuple, list[bool]] = {}
    for score, right in scored:
        by_score.setdefault(score, []).append(right)
    taken, right_ones = 0, 0.0
    for score in sorted(by_score, reverse=True):
        group = by_score[score]
        part = min(len(group), count - taken)
        right_ones += sum(group) * part / len(group)
        taken += part
        if taken == count:
            break
    return right_ones / taken if taken else math.nan


def calibration(stated: Iterable[tuple[float, bool]]) -> list[dict[str, float | int]]:
    """Return ten bins: what was stated on average, and what was so."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(10)]
    for confidence, right in stated:
        bins[min(9, int(confidence * 10))].append((confidence, right))
    return [
        {
            "from": at / 10,
            "count": len(each),
            "stated": round(sum(value for value, _ in each) / len(each), 3),
            "observed": round(sum(right for _, right in each) / len(each), 3),
        }
        for at, each in enumerate(bins)
        if each
    ]
