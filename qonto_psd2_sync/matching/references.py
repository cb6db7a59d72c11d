# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Structured payment references: each kind has check digits, so that a wrong one is seen."""

from __future__ import annotations

import re


def kind_of(reference: str) -> str | None:
    """Return the kind of a valid structured reference, None when it is none or its check digits are wrong.

    >>> kind_of("RF18 5390 0754 7034"), kind_of("RF19 5390 0754 7034"), kind_of("+++090/9337/55493+++")
    ('RF', None, 'BE')
    >>> kind_of("21 00000 00003 13947 14300 09017"), kind_of("1232"), kind_of("INV/2026/00014")
    ('CH', None, None)
    """
    text = re.sub(r"[\s+*/.-]", "", reference).upper()
    if re.fullmatch(r"RF\d\d[0-9A-Z]{1,21}", text):
        return "RF" if _mod97(text[4:] + text[:4]) == 1 else None
    if re.fullmatch(r"\d{12}", text):  # Belgium: ten digits and their remainder
        return "BE" if int(text[10:]) == (int(text[:10]) % 97 or 97) else None
    if re.fullmatch(r"\d{27}", text):  # Switzerland and Liechtenstein
        return "CH" if _recursive_mod10(text) == 0 else None
    return None


def document_of(key: str) -> str | None:
    """Return what a valid RF reference refers to, as it may be a document's number.

    >>> document_of("rf18539007547034")
    '539007547034'
    """
    return key[4:] if key.startswith("rf") and kind_of(key) == "RF" else None


def _mod97(text: str) -> int:
    return int("".join(str(int(character, 36)) for character in text)) % 97


def _recursive_mod10(digits: str) -> int:
    carry = 0
    for digit in digits:
        carry = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)[(carry + int(digit)) % 10]
    return carry
