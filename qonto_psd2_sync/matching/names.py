# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Names of companies and people: the same one as a bank shows it and as the books have it."""

from __future__ import annotations

import functools

from .numbers import folded, one_apart, words

STRONG, WEAK = 0.75, 0.4
# Legal forms, titles and small words: they tell nobody from anybody.
_FORMS = frozenset({
    "gmbh", "mbh", "co", "kg", "ag", "ohg", "ek", "ekfr", "ug", "gbr", "se", "eg", "ev", "kgaa",
    "haftungsbeschrankt", "sarl", "sas", "sasu", "eurl", "sa", "snc", "sci", "scop", "sl", "slu", "slp", "sau",
    "srl", "srls", "spa", "sapa", "scarl", "bv", "nv", "bvba", "vof", "ltd", "limited", "plc", "inc", "llc",
    "corp", "lp", "llp", "gesmbh", "oy", "ab", "as", "aps", "doo", "kft", "zrt", "sro",
    "und", "and", "et", "y", "e", "u", "di", "de", "des", "du", "la", "le", "les", "der", "die", "das", "the",
    "of", "fa", "firma", "ste", "societe", "cia", "ets", "herr", "frau", "mr", "mme", "dr", "m",
})
# As a bank writes umlauts, and as it leaves them out: both become the plain letter.
_SPELLED = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("ß", "ss"))


@functools.lru_cache(maxsize=50_000)
def tokens(name: str) -> tuple[str, ...]:
    """Return the words of a name that tell it from others, in one spelling.

    >>> tokens("Bäckerei Grünwald GmbH & Co. KG"), tokens("BAECKEREI GRUENWALD"), tokens("GmbH")
    (('backerei', 'grunwald'), ('backerei', 'grunwald'), ('gmbh',))
    """
    plain = name.casefold()
    found = [_spelled(word) for word in words(plain.replace(".", ""))]
    telling = tuple(word for word in found if word not in _FORMS and len(word) > 1)
    return telling or tuple(found)


def name_key(name: str) -> str:
    """Return what names have in common that are the same to us.

    >>> name_key("BAECKEREI GRUENWALD GMBH") == name_key("Bäckerei Grünwald")
    True
    """
    return " ".join(tokens(name)) or name.casefold().strip()


def _spelled(word: str) -> str:
    for spelled, letter in _SPELLED:
        word = word.replace(spelled, letter)
    return folded(word)


@functools.lru_cache(maxsize=200_000)
def likeness(one: str, other: str) -> float:
    """Return how alike two names are: 1 for the same, 0 for nothing in common.

    >>> [round(likeness("Stahlbau Ößler GmbH", other), 2) for other in ("STAHLBAU OESSLER", "Ößler", "Bäckerei Huber")]
    [1.0, 0.57, 0.0]
    """
    ours, theirs = tokens(one), tokens(other)
    if not ours or not theirs:
        return 0.0
    if set(ours) == set(theirs):
        return 1.0
    shared = sum(max((_shared(mine, yours) for yours in theirs), default=0) for mine in ours)
    length, other_length = sum(map(len, ours)), sum(map(len, theirs))
    covered, alike = min(1.0, shared / min(length, other_length)), min(1.0, shared / max(length, other_length))
    # One word of several is a family name, or a trade: "Müller" is not "Müller Haustechnik".
    alone = min(len(ours), len(theirs)) == 1
    found = covered * (0.4 if alone else 0.6) + alike * 0.4
    return min(found, WEAK) if _numbered_apart(ours, theirs) else found


def _numbered_apart(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether both names have numbers, and no common one: branch 12 is not branch 13."""
    numbers, others = ({word for word in each if word.isdigit()} for each in (ours, theirs))
    return bool(numbers and others and not numbers & others)


def _shared(one: str, other: str) -> int:
    """Return how many letters two words share, if they are one word: the same, cut off, or mistyped."""
    if one == other:
        return len(one)
    shorter = min(len(one), len(other))
    if shorter >= 4 and (one.startswith(other) or other.startswith(one)):
        return shorter
    if shorter >= 6 and one_apart(one, other):
        return shorter
    return 0
