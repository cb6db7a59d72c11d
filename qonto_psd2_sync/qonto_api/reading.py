# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Typed access to JSON that nobody has checked yet. Everything unexpected is an :class:`InvalidAnswer`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from . import const
from .errors import InvalidAnswer

_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]{1,12}))?"
    r" ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})"
)
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
# A float that went through somebody's arithmetic (10.100000000000001) is still the amount that was meant.
_NOISE = Decimal("0.000001")


class Record:
    """One JSON object, read field by field.

    Every method takes the field's name and raises :class:`InvalidAnswer` that names the object, its id and the
    field, never the value. ``null`` and an absent field are the same thing.

    :param what: the object in words for messages, e.g. ``transaction``.
    """

    def __init__(self, what: str, data: Any) -> None:
        self.what = what
        if not isinstance(data, dict):
            raise InvalidAnswer(f"{what}: not a JSON object")
        self.data: dict[str, Any] = data
        identity = data.get("id")
        if isinstance(identity, str) and identity:
            self.what = f"{what} {identity[:64]}"

    def wrong(self, name: str, why: str) -> InvalidAnswer:
        """Return the error to raise about the field ``name``."""
        return InvalidAnswer(f"{self.what}: field {name} {why}")

    def get(self, name: str) -> Any:
        """Return the value as it came; None when absent."""
        return self.data.get(name)

    def record(self, name: str) -> Record | None:
        """Return the nested object, None when absent."""
        value = self.get(name)
        return None if value is None else Record(f"{self.what}: {name}", value)

    def records(self, name: str) -> list[Record]:
        """Return the needed list of objects."""
        value = self.get(name)
        if not isinstance(value, list):
            raise self.wrong(name, "is missing" if value is None else "is not a list")
        item = name.rstrip("s")
        return [Record(item, entry) for entry in value]

    def text(self, name: str) -> str:
        """Return a needed, non-empty text."""
        value = self.optional_text(name)
        if value is None:
            raise self.wrong(name, "is missing")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text; None when absent or empty."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(name, "is not a text")
        return value.strip() or None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; empty when absent."""
        value = self.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self.wrong(name, "is not a list of texts")
        return tuple(value)

    def flag(self, name: str) -> bool:
        """Return a boolean; False when absent."""
        value = self.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self.wrong(name, "is not true or false")
        return value

    def count(self, name: str) -> int | None:
        """Return a whole number from 0 up; None when absent."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(name, "is not a whole number from 0 up")
        return value

    def time(self, name: str) -> datetime:
        """Return a needed instant, aware and in UTC."""
        value = self.optional_time(name)
        if value is None:
            raise self.wrong(name, "is missing")
        return value

    def optional_time(self, name: str) -> datetime | None:
        """Return an instant, aware and in UTC, cut to microseconds; None when absent or empty.

        A time without a zone is refused: whether it is UTC would be a guess, and the guess decides a booking day.
        """
        text = self.optional_text(name)
        if text is None:
            return None
        match = _TIME.fullmatch(text)
        if not match:
            raise self.wrong(name, "is not an ISO 8601 time with a zone")
        year, month, day, hour, minute, second = map(int, match.groups()[:6])
        if not 1970 <= year < 2200:
            raise self.wrong(name, "is not a plausible time")
        microsecond = int((match[7] or "0")[:6].ljust(6, "0"))
        try:
            moment = datetime(year, month, day, hour, minute, second, microsecond, _zone(match[8]))
        except ValueError:
            raise self.wrong(name, "is not an existing time") from None
        return moment.astimezone(timezone.utc)

    def money(self, name: str, currency: str) -> Decimal:
        """Return a needed amount; see :meth:`optional_money`."""
        value = self.optional_money(name, currency)
        if value is None:
            raise self.wrong(name, "is missing")
        return value

    def optional_money(self, name: str, currency: str | None) -> Decimal | None:
        """Return an amount in units of ``currency``, exact; None when absent.

        Two fields state it: ``<name>_cents``, a whole number, and ``<name>``, a number or text in units. Both are
        read and must agree, because a wrong amount is worse than none:

        * Cents are hundredths, the value is ``cents / 100``. For a currency whose minor unit is not a hundredth
          (yen: none, Kuwaiti dinar: a thousandth) the API does not say whether "cents" are hundredths or minor
          units: whichever of the two agrees with ``<name>`` is taken.
        * Where a third decimal cannot be written in hundredths (1.234 dinar, 123 cents) ``<name>`` is the exact one.
        * Cents alone are enough only for currencies with hundredths; ``<name>`` alone is enough always.
        * A difference below a millionth is a float's noise. Anything else, and more decimals than the currency (or
          a hundredth, as banks state fractions of a forint or krona) has, is refused.

        The result has at least the currency's decimals: ``Decimal('10.10')``.
        """
        units = self._number(name)
        cents = self._cents(f"{name}_cents")
        exponent = const.CURRENCY_EXPONENTS.get(currency or "", 2)
        if cents is None:
            if units is None:
                return None
            value = units
        elif units is None:
            if exponent != 2:
                raise self.wrong(name, "is missing and its cents have no certain unit in this currency")
            value = cents.scaleb(-2)
        else:
            readings = [cents.scaleb(-scale) for scale in (2, exponent)]
            matching = [reading for reading in readings if abs(reading - units) < _NOISE]
            if matching:
                value = matching[0]
            elif exponent > 2 and abs(readings[0] - units) < Decimal("0.01"):
                value = units
            else:
                raise self.wrong(name, f"and {name}_cents disagree")
        return self._tidy(name, value, exponent)

    def _tidy(self, name: str, value: Decimal, exponent: int) -> Decimal:
        for decimals in sorted({exponent, max(exponent, 2)}):
            rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
            if abs(rounded - value) < _NOISE:
                return rounded + 0  # no negative zero
        raise self.wrong(name, "has more decimals than its currency")

    def _number(self, name: str) -> Decimal | None:
        value = self.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, (int, Decimal, float, str)):
            raise self.wrong(name, "is not a number")
        try:
            # Bounded before any arithmetic: 1e999999999 is valid JSON and would fill the memory.
            number = Decimal(value if isinstance(value, (Decimal, int)) else str(value))
            plain = f"{number:f}" if number.is_finite() and -19 < number.adjusted() < 19 else ""
        except (InvalidOperation, ValueError):
            plain = ""
        if isinstance(value, str):
            plain = plain and value
        if not plain or not _NUMBER.fullmatch(plain):
            raise self.wrong(name, "is not a plausible number")
        return number

    def _cents(self, name: str) -> Decimal | None:
        number = self._number(name)
        if number is not None and number != number.to_integral_value():
            raise self.wrong(name, "is not a whole number")
        return number


def _zone(text: str) -> timezone:
    if text in ("Z", "UTC"):
        return timezone.utc
    hours, minutes = int(text[1:3]), int(text[-2:])
    if minutes > 59:
        raise ValueError("no such zone")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
