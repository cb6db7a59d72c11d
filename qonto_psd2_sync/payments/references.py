# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether two payments are for the same thing, as far as their references tell (design R12)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

# Below this many characters a reference says too little to be looked for inside another.
TELLING: Final = 4

_PART: Final = re.compile(r"[^\W\d_]+|\d+")


@lru_cache(maxsize=4096)
def parts(text: str | None) -> tuple[str, ...]:
    """Split a reference into words and numbers: ``RG-4711``, ``rg 4711`` and ``RG4711`` are the same."""
    return tuple(part.casefold() for part in _PART.findall(text or ""))


def same_reference(one: str | None, other: str | None) -> bool:
    """Whether two references are the same, or one names the other whole: ``RG 4711`` in ``Invoice RG4711``.

    A number is only found whole: ``471`` is not in ``4711``.
    """
    mine, theirs = parts(one), parts(other)
    if not mine or not theirs:
        return False
    if mine == theirs:
        return True
    shorter, longer = sorted((mine, theirs), key=len)
    text = "".join(shorter)
    if len(text) < TELLING or not any(part.isdigit() for part in shorter):
        return False
    return any(longer[at : at + len(shorter)] == shorter for at in range(len(longer) - len(shorter) + 1))


def any_same(some: Iterable[str | None], others: Iterable[str | None]) -> bool:
    """Whether one of these references is one of those."""
    others = tuple(others)
    return any(same_reference(one, other) for one in some for other in others)
