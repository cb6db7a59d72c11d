# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Document numbers: how they are written, how they are shortened, and how one is taken for another."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# "INV/2026/00014" is three words; more than this many is no number but a sentence.
LONGEST = 8
_WORD = re.compile(r"[^\W_]+")
_GROUP = re.compile(r"\d+|[^\W\d_]+")


def folded(text: str) -> str:
    """Return a text without case and accents."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in text if not unicodedata.combining(character))


def words(text: str) -> list[str]:
    """Return a text's words, folded: whatever stands between blanks and punctuation."""
    return _WORD.findall(folded(text))


def groups(text: str) -> list[str]:
    """Return a text's runs of letters and of digits, folded."""
    return _GROUP.findall(folded(text))


def normalised(number: str) -> str:
    """Return a number without case, blanks, punctuation and accents: ``INV/2026/00014`` → ``inv202600014``."""
    return "".join(words(number))


def tells(number: str) -> bool:
    """Whether a number is long enough to mean one document: four digits, and not just a year or a round sum.

    >>> tells("INV/2026/00014"), tells("2026"), tells("17"), tells("RE 4711")
    (True, False, False, True)
    """
    key = normalised(number)
    return sum(character.isdigit() for character in key) >= 4 and len(key) >= 5


def mask(key: str) -> str:
    """Return what numbers of one series have in common: ``inv202600014`` → ``inv#########``."""
    return re.sub(r"\d", "#", key)


def numbers_in(text: str) -> Iterator[str]:
    """Yield every run of up to eight words of a text, normalised: a number stands in it, if it stands there whole.

    Only whole words count: ``4711`` is not found in ``147110``.
    """
    for _start, _end, key in runs(words(text)):
        yield key


def runs(text_words: list[str], longest: int = LONGEST) -> Iterator[tuple[int, int, str]]:
    """Yield every run of words as (first, after the last, joined)."""
    for start in range(len(text_words)):
        key = ""
        for end in range(start, min(start + longest, len(text_words))):
            key += text_words[end]
            yield start, end + 1, key


def digits_of(number: str) -> str:
    """Return a number's digits alone."""
    return "".join(character for character in number if character.isdigit())


def bare(number_groups: list[str]) -> str:
    """Return the digits of a number's groups, each without its leading zeros: ``INV/2026/00014`` → ``202614``."""
    return "".join(group.lstrip("0") for group in number_groups if group.isdigit())


def tail(number: str, year: int) -> str:
    """Return the last run of digits of a number that is not its year: what tells it from the others of its series.

    >>> tail("INV/2026/00014", 2026), tail("FT 0417/2026", 2026), tail("AR2608-2019", 2026)
    ('00014', '0417', '2019')
    """
    found = [group for group in groups(number) if group.isdigit() and group not in (str(year), str(year - 1))]
    return found[-1] if found else ""


def is_year(digits: str) -> bool:
    """Whether digits are a year of our time."""
    return re.fullmatch(r"20[1-4]\d", digits) is not None


def one_apart(one: str, other: str) -> bool:
    """Whether two texts differ in one character: wrong, missing, too many, or two that changed places.

    >>> [one_apart("2026014", other) for other in ("2026015", "206014", "20226014", "2026041", "2026014", "2027015")]
    [True, True, True, True, False, False]
    """
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, other_rest = one[start:], other[start:]
    if len(rest) == len(other_rest):
        return rest[1:] == other_rest[1:] or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])
    longer, shorter = (rest, other_rest) if len(rest) > len(other_rest) else (other_rest, rest)
    return longer[1:] == shorter
