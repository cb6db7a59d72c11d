# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which rows of one day and amount are which lines of that day and amount, by what their texts say."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
# So many comparisons at most before an index is worth its while; so many candidates a row in a crowd.
_FEW, _CANDIDATES = 400, 50

Words = frozenset[str]


@lru_cache(maxsize=4_096)
def words_of(text: str) -> Words:
    """Return the words of a text, without case and accents.

    >>> sorted(words_of("Bäckerei  GRÜN - RE-12/2026"))
    ['12', '2026', 'backerei', 'grun', 're']
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(sign for sign in text if not unicodedata.combining(sign))
    return frozenset(_WORD.findall(text.casefold()))


def agree(mine: Words, theirs: Words) -> bool:
    """Whether one text says nothing that the other does not say: a file may lack a column, a line a part."""
    return mine <= theirs or theirs <= mine


def pair(
    rows: Sequence[tuple[Words, object]], lines: Sequence[tuple[Words, object]],
    may: Callable[[int, int], int],
) -> list[tuple[int, int]]:
    """Pair rows with lines whose texts agree, the best first, each once.

    :param rows, lines: words, and something that breaks ties by content
    :param may: of a row's and a line's position: 0 if they must not be paired, else more for a better pair
    :return: pairs of positions
    """
    found = []
    for row, line in _candidates(rows, lines):
        mine, theirs = rows[row][0], lines[line][0]
        if agree(mine, theirs) and (rank := may(row, line)):
            found.append((-rank, -len(mine & theirs), len(mine ^ theirs), row, line))
    found.sort()
    pairs, taken_rows, taken_lines = [], set(), set()
    for _rank, _shared, _apart, row, line in found:
        if row not in taken_rows and line not in taken_lines:
            taken_rows.add(row)
            taken_lines.add(line)
            pairs.append((row, line))
    return pairs


def _candidates(rows, lines):
    if len(rows) * len(lines) <= _FEW:
        return [(row, line) for row in range(len(rows)) for line in range(len(lines))]
    return _candidates_in_a_crowd(rows, lines)


def _candidates_in_a_crowd(rows, lines):
    """Find the few that can agree by their rarest words: thousands of one day and amount must not take hours.

    Lines of equal words are told apart by nothing but their number: the row of a text that stands n-th among its
    like starts at the n-th line of them.
    """
    same: dict[Words, list[int]] = defaultdict(list)
    for line, (words, _tie) in enumerate(lines):
        same[words].append(line)
    postings: dict[str, list[Words]] = defaultdict(list)
    for words in same:
        for word in words:
            postings[word].append(words)
    rarest: dict[str, list[Words]] = defaultdict(list)
    for words in same:
        if words:
            rarest[min(words, key=lambda word: (len(postings[word]), word))].append(words)
    nth: dict[Words, int] = defaultdict(int)
    for row, (mine, _tie) in enumerate(rows):
        sets = [mine] if mine in same else []
        if mine:
            least = min(mine, key=lambda word: (len(postings.get(word, ())), word))
            sets += [other for other in postings.get(least, ())[:_CANDIDATES] if mine < other]
            sets += [other for word in sorted(mine) for other in rarest.get(word, ())[:_CANDIDATES] if other < mine]
        sets += [frozenset()] if mine and frozenset() in same else []
        if not mine:
            sets += list(same)[:_CANDIDATES]
        start = nth[mine]
        nth[mine] += 1
        for words in sets[:_CANDIDATES]:
            there = same[words]
            yield from ((row, line) for line in (there[start : start + 3] if words == mine else there[:3]))
