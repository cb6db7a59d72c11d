# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Document numbers: how they are written, and how they are found inside a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# "INV/2026/00014" is three words; more than this many is no number but a sentence.
LONGEST = 6
_WORD = re.compile(r"[^\W_]+")


def normalised(number: str) -> str:
    """Return a number without case, blanks, punctuation and accents: ``INV/2026/00014`` → ``inv202600014``."""
    return "".join(_words(number))


def tells(number: str) -> bool:
    """Whether a number is long enough to mean one document: four digits, and not just a year or a round sum.

    >>> tells("INV/2026/00014"), tells("2026"), tells("17"), tells("RE 4711")
    (True, False, False, True)
    """
    key = normalised(number)
    digits = sum(character.isdigit() for character in key)
    return digits >= 4 and len(key) >= 5


def numbers_in(text: str) -> Iterator[str]:
    """Yield every run of up to six words of a text, normalised: a number stands in it, if it stands there whole.

    Only whole words count: ``4711`` is not found in ``147110``.
    """
    words = _words(text)
    for start in range(len(words)):
        key = ""
        for word in words[start : start + LONGEST]:
            key += word
            yield key


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(character for character in folded if not unicodedata.combining(character)))
