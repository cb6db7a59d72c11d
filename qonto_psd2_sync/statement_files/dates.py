# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Days and instants as the export writes them, and as spreadsheets keep them."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo

from .amounts import Ambiguous, Refused
from .errors import Code

DMY, MDY, YMD = "dmy", "mdy", "ymd"
_TIME = r"(?:[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]{1,9})?)?)?"
_ZONE = r"\s*(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?"
_YEAR_FIRST = re.compile(rf"([0-9]{{4}})([-/.])([0-9]{{1,2}})\2([0-9]{{1,2}}){_TIME}{_ZONE}")
_YEAR_LAST = re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2([0-9]{{4}}){_TIME}{_ZONE}")
_SHORT_YEAR = re.compile(rf"([0-9]{{1,2}})(\.)([0-9]{{1,2}})\.([0-9]{{2}}){_TIME}{_ZONE}")
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_EXCEL_EPOCH = datetime(1899, 12, 30)


def order_told(text: str) -> str:
    """Return which order of day and month a date with slashes proves, "" if none.

    >>> order_told("13/05/2026"), order_told("05/13/2026"), order_told("05/06/2026"), order_told("2026-05-13")
    ('dmy', 'mdy', '', '')
    """
    if "/" not in text:
        return ""
    match = _YEAR_LAST.match(text.strip())
    if match is None or match[2] != "/":
        return ""
    first, second = int(match[1]), int(match[3])
    return DMY if first > 12 else MDY if second > 12 else ""


def read_when(value: object, order: str = "") -> tuple[date, datetime | None] | None:
    """Return day and instant (naive, or aware where the text has an offset; None without a time of day).

    :param order: of day and month, where the file or a person told; dashes and dots mean the day first
    :raise Refused: it is no date, or none of this time
    :raise Ambiguous: `order` would have to be known
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _read_text(value, order)
    if isinstance(value, datetime):
        return _in_range(value, timed=value.time() != time())
    if isinstance(value, date):
        return _in_range(datetime(value.year, value.month, value.day), timed=False)
    if isinstance(value, int | float) and not isinstance(value, bool) and 30_000 <= value <= 75_000:
        instant = _EXCEL_EPOCH + timedelta(seconds=round(value * 86_400))
        return _in_range(instant, timed=value != int(value))
    raise Refused(Code.BAD_DATE)


def _read_text(text: str, order: str) -> tuple[date, datetime | None] | None:
    text = text.strip()
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match[1], match[3], match[4]
    elif match := _YEAR_LAST.fullmatch(text):
        told = order_told(text) or order or ("" if match[2] == "/" else DMY)
        if not told:
            raise Ambiguous
        day, month = (match[3], match[1]) if told == MDY else (match[1], match[3])
        year = match[4]
    elif match := _SHORT_YEAR.fullmatch(text):  # as German savings banks write: nobody has the year first with dots
        day, month, year = match[1], match[3], f"20{match[4]}"
    elif not text:
        return None
    else:
        raise Refused(Code.BAD_DATE)
    hour, minute, second, zone = match[5], match[6], match[7], match[8]
    try:
        instant = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
        if zone and hour:
            instant = instant.replace(tzinfo=_offset(zone))
    except ValueError:
        raise Refused(Code.BAD_DATE) from None
    return _in_range(instant, timed=bool(hour))


def _offset(zone: str) -> tzinfo:
    if zone in ("Z", "UTC"):
        return timezone.utc
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))


def _in_range(instant: datetime, timed: bool) -> tuple[date, datetime | None]:
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise Refused(Code.BAD_DATE)
    return instant.date(), instant if timed else None
