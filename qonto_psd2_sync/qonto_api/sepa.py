# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a SEPA credit transfer can carry: characters, lengths, IBANs, structured references.

Sources: EPC217-08 (characters, conversion), the EPC's implementation guidelines for credit transfers (lengths),
ISO 13616 (IBAN), ISO 11649 (RF creditor reference); ``reference/qonto-api.md`` section 12.1 for the bank's own limits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from stdnum import iso11649
from stdnum.iso7064 import mod_97_10

NAME_LENGTH: Final = 70
REFERENCE_LENGTH: Final = 140
# The bank's payee check takes longer names than a SEPA message.
CHECKED_NAME_LENGTH: Final = 140
# The bank names none for a transfer's note; another client of it keeps to this one.
NOTE_LENGTH: Final = 140

_ALLOWED: Final = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*")
_NOT_ALLOWED: Final = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
_RF: Final = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")

# Conversions that a person would make; all other letters lose their marks by Unicode's decomposition.
_CONVERSIONS: Final = str.maketrans(
    {
        "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ẞ": "SS",
        "Æ": "AE", "æ": "ae", "Ø": "O", "ø": "o", "Œ": "OE", "œ": "oe", "Đ": "D", "đ": "d", "Ł": "L", "ł": "l",
        "Þ": "Th", "þ": "th", "Ð": "D", "ð": "d", "ı": "i",
        "&": "+", "@": "(at)", "_": "-", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-",
        "„": "'", "“": "'", "”": "'", "‘": "'", "’": "'", '"': "'", "`": "'", "´": "'", "«": "'", "»": "'",
        "€": "EUR", "#": "/", "§": ".", ";": ",", "!": ".", "*": ".", "=": "-", "%": ".",
        "[": "(", "]": ")", "{": "(", "}": ")", "<": "(", ">": ")", "\\": "/", "|": "/",
    }
)  # fmt: skip

# Countries of the SEPA schemes by the first two letters of their IBANs (EPC409-09, 2025).
# Length of an IBAN by country (ISO 13616 registry), for the countries of SEPA.
IBAN_LENGTHS: Final = {
    "AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27,
    "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15,
    "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}  # fmt: skip
SEPA_COUNTRIES: Final = frozenset(IBAN_LENGTHS)

# What can be wrong; each gets its words from whoever shows it.
EMPTY: Final = "empty"
TOO_LONG: Final = "too_long"
CHARACTERS: Final = "characters"
SLASHES: Final = "slashes"
CHECK_DIGITS: Final = "check_digits"
WRONG_LENGTH: Final = "wrong_length"
WRONG_FORM: Final = "wrong_form"
NOT_SEPA: Final = "not_sepa"


def compact_iban(text: str) -> str:
    """Return an IBAN as machines write it: upper case, without spaces."""
    return "".join(text.split()).upper()


def iban_problem(text: str) -> str | None:
    """Return what is wrong with an IBAN, None when a SEPA transfer can go there.

    :return: ``empty``, ``wrong_form``, ``wrong_length``, ``check_digits`` or ``not_sepa``
    """
    compact = compact_iban(text)
    if not compact:
        return EMPTY
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}", compact):
        return WRONG_FORM
    # Not by stdnum.iban: inside Odoo 19, which wraps the package's loader, it can't read its table of countries.
    if not mod_97_10.is_valid(compact[4:] + compact[:4]):
        return CHECK_DIGITS
    length = IBAN_LENGTHS.get(compact[:2])
    if length is None:
        return NOT_SEPA
    return None if len(compact) == length else WRONG_LENGTH


def to_sepa(text: str) -> str:
    """Return ``text`` in SEPA's characters, as a person would write it there.

    Umlauts become two letters, other letters lose their marks, ``&`` becomes ``+``; what has no likeness becomes a
    space. Slashes neither begin nor end it nor stand in pairs, since messages use those as marks.
    """
    converted = unicodedata.normalize("NFC", text).translate(_CONVERSIONS)
    plain = "".join(c for c in unicodedata.normalize("NFKD", converted) if not unicodedata.combining(c))
    spaced = " ".join(_NOT_ALLOWED.sub(" ", plain).split())
    return re.sub(r"/{2,}", "/", spaced).strip("/ ")


def text_problem(text: str, longest: int) -> str | None:
    """Return why SEPA cannot carry ``text``, None when it can.

    :return: ``empty``, ``too_long``, ``characters`` or ``slashes``
    """
    if not text.strip():
        return EMPTY
    if len(text) > longest:
        return TOO_LONG
    if not _ALLOWED.fullmatch(text):
        return CHARACTERS
    if text.startswith("/") or text.endswith("/") or "//" in text:
        return SLASHES
    return None


def name_problem(text: str) -> str | None:
    """Return why a payee cannot have this name, None when it can.

    Letters beyond SEPA's are fine as long as they have a likeness: the bank writes them in its messages as it does in
    its app, and the payee's bank compares the name as it is written.

    :return: ``empty``, ``too_long`` or ``characters``
    """
    if not text.strip():
        return EMPTY
    if len(text) > NAME_LENGTH:
        return TOO_LONG
    return None if text.isprintable() and to_sepa(text) else CHARACTERS


def structured_reference(text: str) -> str | None:
    """Return an RF creditor reference (ISO 11649) as machines write it; None when ``text`` is not meant as one.

    Its check digits may still be wrong: see :func:`reference_problem`.
    """
    compact = "".join(text.split()).upper()
    return compact if _RF.fullmatch(compact) else None


def reference_problem(text: str) -> str | None:
    """Return what is wrong with a reference, free or structured.

    :return: as :func:`text_problem`, and ``check_digits`` for an RF reference that was mistyped
    """
    structured = structured_reference(text)
    if structured and not iso11649.is_valid(structured):
        return CHECK_DIGITS
    return text_problem(text, REFERENCE_LENGTH)


def cut(text: str, longest: int) -> str:
    """Return ``text`` in at most ``longest`` characters, cut at a word where that loses little."""
    if len(text) <= longest:
        return text
    head, _, _rest = text[: longest + 1].rpartition(" ")
    shortened = head if len(head) >= longest * 2 // 3 else text[:longest]
    return shortened.strip("/ ")


def fit_references(numbers: Sequence[str], *, longest: int = REFERENCE_LENGTH, between: str = ", ") -> list[list[str]]:
    """Split document numbers, in their order, into groups of which each fits one reference.

    :param numbers: in SEPA's characters
    :raise ValueError: one number alone is too long
    """
    groups: list[list[str]] = []
    for number in numbers:
        if len(number) > longest:
            raise ValueError("a number is longer than a reference")
        if groups and len(between.join((*groups[-1], number))) <= longest:
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


def missing_characters(text: str) -> Iterable[str]:
    """Return the characters of ``text`` that SEPA does not have, each once, in their order."""
    return tuple(dict.fromkeys(_NOT_ALLOWED.findall(text)))
