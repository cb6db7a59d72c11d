# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Amounts as people and spreadsheets write them. What can be read in two ways is never guessed."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from .errors import Code

COMMA, DOT = ",", "."
_SIGNED = re.compile(r"([-+]?)([0-9][0-9.,' ]*|[.,][0-9]+)([-+]?)")
_GROUPED = {COMMA: re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+"), DOT: re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")}
_BLANK_GROUPED = re.compile(r"[0-9]{1,3}(?:[ '][0-9]{3})+|[0-9]+")
# How nearly all amounts are written: two decimals, and a blank at most before thousands.
_PLAIN = re.compile("-?(?:[0-9]{1,15}|[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3}){1,3})[.,][0-9]{2}")
_BLANKS = str.maketrans({" ": None, "\N{NO-BREAK SPACE}": None, "\N{NARROW NO-BREAK SPACE}": None, ",": "."})
_MOST_DIGITS = 15
_SIGNS = str.maketrans({
    "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ",
    "\N{THIN SPACE}": " ", "\N{FIGURE SPACE}": " ", "’": "'",
})
_MARKS = re.compile(r"€|\$|£|[A-Za-z]{3}")
# Decimals of what Qonto's cards meet; all others have two.
_PLACES = {"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3}
_NOISE = Decimal("0.000001")


class Refused(Exception):
    """A cell that can't be used; never leaves the package."""

    def __init__(self, code: Code, detail: str = ""):
        super().__init__(code.value)
        self.code = code
        self.detail = detail


class Ambiguous(Exception):
    """Only the rest of the file can tell what this is."""


def separator_told(text: str) -> str:
    """Return which decimal separator an amount proves, "" if none.

    >>> [separator_told(text) for text in ("1.234,50", "-37,9", "1,234", "1.234.567", "12", "0.123")]
    [',', ',', '', ',', '', '.']
    """
    text = text.translate(_SIGNS)
    dots, commas = text.count(DOT), text.count(COMMA)
    if dots and commas:
        return DOT if text.rfind(DOT) > text.rfind(COMMA) else COMMA
    if dots + commas == 0:
        return ""
    mark, other = (DOT, COMMA) if dots else (COMMA, DOT)
    if dots + commas > 1:
        return other
    whole, _, rest = text.strip("+- ").partition(mark)
    digits = len(re.match(r"[0-9]*", rest).group())
    if digits == 3 and whole.strip("0") and len(whole) <= 3:
        return ""
    return mark


def plain_amount(value: object) -> Decimal | None:
    """Return an amount that is written as nearly all are, the quick way; its separator is its last character but two.

    >>> plain_amount("-1 234,50"), plain_amount("12"), plain_amount(12)
    (Decimal('-1234.50'), None, None)
    """
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return Decimal(value.translate(_BLANKS))
    return None


def read_amount(value: object, separator: str = "", currency: str = "") -> Decimal | None:
    """Return an amount exactly, or None for an empty cell.

    :param separator: the file's decimal separator where it is known; decides only what the text leaves open
    :raise Refused: it is none, or has more decimals than the currency
    :raise Ambiguous: `separator` would have to be known
    """
    if isinstance(value, str):
        amount = _read_text(value, separator, currency)
    elif isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        if value is None:
            return None
        raise Refused(Code.BAD_AMOUNT)
    else:
        amount = Decimal(str(value))
    return None if amount is None else _exact(amount, currency, typed=not isinstance(value, str))


def _exact(amount: Decimal, currency: str, typed: bool) -> Decimal:
    if not amount.is_finite() or abs(amount) >= 10**_MOST_DIGITS:
        raise Refused(Code.BAD_AMOUNT)
    places = _PLACES.get(currency, 2)
    rounded = amount.quantize(Decimal(1).scaleb(-places))
    # A spreadsheet's number carries the noise of binary fractions; a text is meant as it stands.
    if rounded != amount and not (typed and abs(rounded - amount) < _NOISE):
        raise Refused(Code.TOO_PRECISE, str(places))
    return rounded


def _read_text(text: str, separator: str, currency: str) -> Decimal | None:
    text = text.translate(_SIGNS).strip()
    if not text:
        return None
    if marks := _MARKS.findall(text):
        code = {"€": "EUR", "$": "USD", "£": "GBP"}.get(marks[0], marks[0].upper())
        if len(marks) > 1 or (currency and code != currency):
            raise Refused(Code.BAD_AMOUNT)
        text = _MARKS.sub("", text).strip()
    inverted = text.startswith("(") and text.endswith(")")
    if inverted:
        text = text[1:-1].strip()
    if text[:1] in "+-":
        text = text[:1] + text[1:].lstrip()
    match = _SIGNED.fullmatch(text)
    if match is None or (match[1] and match[3]) or (inverted and (match[1] or match[3])):
        raise Refused(Code.BAD_AMOUNT)
    digits = match[2].strip()
    told = separator_told(digits) or separator
    if not told and (DOT in digits or COMMA in digits):
        raise Ambiguous
    amount = _put_together(digits, told or DOT)
    return -amount if "-" in (match[1], match[3]) or inverted else amount


def _put_together(digits: str, separator: str) -> Decimal:
    whole, mark, rest = digits.partition(separator)
    other = DOT if separator == COMMA else COMMA
    grouped = _GROUPED[other].fullmatch(whole) or _BLANK_GROUPED.fullmatch(whole) or not whole
    if not grouped or (mark and not re.fullmatch(r"[0-9]+", rest)):
        raise Refused(Code.BAD_AMOUNT)
    try:
        return Decimal(f"{re.sub('[^0-9]', '', whole) or '0'}.{rest or '0'}")
    except InvalidOperation:
        raise Refused(Code.BAD_AMOUNT) from None
