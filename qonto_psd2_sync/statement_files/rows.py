# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""From cells to :class:`Row`, one at a time; what only the whole file can tell is decided at its end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timezone, tzinfo
from decimal import Decimal
from typing import Any

from .amounts import COMMA, DOT, Ambiguous, Refused, plain_amount, read_amount, separator_told
from .columns import AMOUNTS, DATES, Column, header_key
from .dates import DMY, order_told, read_when
from .errors import Code, Problem
from .facts import DaySource, Limits, Mapping, Row, Status
from .statuses import status_of

_LANGUAGE_SEPARATOR = {"fr": COMMA, "de": COMMA, "en": DOT, "old": ""}
_LANGUAGE_ORDER = {"fr": DMY, "de": DMY}
_TEXTS = {
    Column.ACCOUNT_NAME: "account_name",
    Column.ACCOUNT_ID: "account_id",
    Column.COUNTERPARTY_NAME: "counterparty_name",
    Column.BANK_ID: "bank_id",
    Column.REFERENCE: "reference",
    Column.NOTE: "note",
    Column.METHOD: "method",
    Column.CATEGORY: "category",
    Column.CARD: "card",
    Column.INITIATOR: "initiator",
}
_IBANS = {Column.ACCOUNT_IBAN: "account_iban", Column.COUNTERPARTY_IBAN: "counterparty_iban"}
_MONEY = (*AMOUNTS, Column.FEE, Column.BALANCE, Column.LOCAL_AMOUNT)
# A cell that a spreadsheet would execute. A name may begin with "@", a telephone number with "+".
_FORMULA = re.compile(r"\s*(=|[-+@].*\|.*!|[-+@]\s*[A-Z]{2,}\()")
# What people put where there is nothing.
_NOTHING = frozenset(("-", "\N{EN DASH}", "\N{EM DASH}", "n/a", "N/A"))
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CURRENCY = re.compile(r"[A-Z]{3}")
_BLANKS = re.compile(r"\s+")
_SHOWN = 80
_REMEMBERED = 1000

_Slot = tuple[int | None, Column]


class _Wrong(Exception):
    """A cell of the row makes it bad."""

    def __init__(self, code: Code, column: Column | None = None, value: Any = "", detail: str = ""):
        super().__init__(code.value)
        self.code, self.column, self.value, self.detail = code, column, value, detail


class RowReader:
    """Takes rows of cells, gives :class:`Row`.

    :ivar count: how many rows it has taken.
    """

    def __init__(
        self, header: Sequence[str], columns: Sequence[Column | None], language: str, zone: tzinfo,
        mapping: Mapping | None, limits: Limits,
    ):
        self._header, self._width = header, len(columns)
        self._at = {
            column: index for index, column in enumerate(columns) if column not in (None, Column.IGNORED)
        }
        self._texts = [(self._at[column], column, name) for column, name in _TEXTS.items() if column in self._at]
        self._ibans = [(self._at[column], column, name) for column, name in _IBANS.items() if column in self._at]
        self._slot = {column: (self._at.get(column), column) for column in Column}
        self._amount_slots = tuple(self._slot[column] for column in (*AMOUNTS, Column.FEE))
        self._balance, self._vat = self._slot[Column.BALANCE], self._slot[Column.VAT_AMOUNT]
        self._own_currency, self._other_currency = self._slot[Column.CURRENCY], self._slot[Column.LOCAL_CURRENCY]
        self._local_amount = self._slot[Column.LOCAL_AMOUNT]
        self._settlement = self._slot[Column.SETTLED_LOCAL], self._slot[Column.SETTLED_UTC]
        self._operation = self._slot[Column.OPERATION_LOCAL], self._slot[Column.OPERATION_UTC]
        self._status_at = self._at.get(Column.STATUS)
        self._zone, self._limits = zone, limits
        self._mapped = mapping is not None
        self._separator = (mapping.decimal if mapping else "") or ""
        self._default_separator = _LANGUAGE_SEPARATOR.get(language, "")
        self._order = (mapping.date_order if mapping else _LANGUAGE_ORDER.get(language, "")) or ""
        self._statuses = {header_key(word): status for word, status in mapping.statuses} if mapping else {}
        self._has_settlement = Column.SETTLED_LOCAL in self._at or Column.SETTLED_UTC in self._at
        self._separators: set[str] = set()
        self._orders: set[str] = set()
        self._rows: list[Row | None] = []
        self._later: list[tuple[int, int, Sequence[Any]]] = []
        self._same: dict[str, str] = {}
        self._status_of: dict[str, Status] = {}
        self._whens: dict[str, tuple[date, datetime | None] | None] = {}

    @property
    def count(self) -> int:
        return len(self._rows)

    def add(self, number: int, cells: Sequence[Any]) -> None:
        """Read a row, or keep it until the end if only the rest of the file tells how."""
        try:
            self._rows.append(self._read(number, cells))
        except Ambiguous:
            self._later.append((len(self._rows), number, cells))
            self._rows.append(None)

    def finish(self) -> tuple[Row, ...]:
        """Read what was kept, and return all rows in the file's order."""
        self._separator = self._separator or _only(self._separators) or (
            "" if self._separators else self._default_separator
        )
        self._order = self._order or _only(self._orders)
        for index, number, cells in self._later:
            try:
                self._rows[index] = self._read(number, cells)
            except Ambiguous:
                self._rows[index] = self._bad(number, self._ambiguous(cells))
        self._later.clear()
        return tuple(self._rows)

    # === ONE ROW === #

    def _read(self, number: int, cells: Sequence[Any]) -> Row:
        try:
            self._check_width(cells)
            return self._row(number, cells)
        except _Wrong as wrong:
            return self._bad(number, wrong)

    def _check_width(self, cells: Sequence[Any]) -> None:
        found = len(cells)
        if found > self._width and any(cell not in (None, "") for cell in cells[self._width:]):
            raise _Wrong(Code.RAGGED, detail=f"{found}/{self._width}")
        if found < self._width:
            raise _Wrong(Code.RAGGED, detail=f"{found}/{self._width}")

    def _row(self, number: int, cells: Sequence[Any]) -> Row:
        status, status_text = self._status(cells)
        currency = self._currency(cells, self._own_currency)
        texts = {name: self._text(cells[at], column) for at, column, name in self._texts}
        for at, column, name in self._ibans:
            texts[name] = self._keep(_BLANKS.sub("", self._text(cells[at], column)).upper())
        amount, fee = self._amount(cells, currency)
        local_amount, local_currency = self._local_money(cells, amount, currency)
        day, source, settled_at, operation_day = self._days(cells)
        if day is None and status is Status.BOOKED and self._status_at is not None:
            raise _Wrong(Code.NO_DATE, self._day_column())
        if day is None and status is Status.BOOKED:
            # No status column: what has no settlement date is not settled.
            status = Status.PENDING
            if not self._has_settlement:
                raise _Wrong(Code.NO_DATE, self._day_column())
        return Row(
            number=number, day=day, amount=amount, currency=currency, status=status, status_text=status_text,
            day_source=source, settled_at=settled_at, operation_day=operation_day,
            local_amount=local_amount, local_currency=local_currency,
            balance=self._money(cells, self._balance, currency), fee=fee,
            vat_amount=self._vat_amount(cells, currency), **texts,
        )

    def _status(self, cells: Sequence[Any]) -> tuple[Status, str]:
        if self._status_at is None:
            return Status.BOOKED, ""
        text = self._text(cells[self._status_at], Column.STATUS)
        if text not in self._status_of:
            self._status_of[text] = status_of(text, self._statuses)
        return self._status_of[text], text

    def _currency(self, cells: Sequence[Any], slot: _Slot) -> str:
        at, column = slot
        if at is None:
            return ""
        text = self._text(cells[at], column).upper()
        if text and not _CURRENCY.fullmatch(text):
            raise _Wrong(Code.BAD_CURRENCY, column, text)
        return text

    # === MONEY === #

    def _amount(self, cells: Sequence[Any], currency: str) -> tuple[Decimal, Decimal | None]:
        """Return what the balance moves by, and what of it is a fee.

        Debit and credit are positive, or the debit negative; where the amount is there too they must agree.
        """
        total, debit, credit, fee = [self._money(cells, slot, currency) for slot in self._amount_slots]
        sides = None if debit is None and credit is None else (credit or Decimal(0)) - abs(debit or Decimal(0))
        if debit and credit:
            raise _Wrong(Code.CONTRADICTION, Column.CREDIT, cells[self._at[Column.CREDIT]])
        if total is None or (sides is not None and sides != total):
            column = next(column for column in AMOUNTS if column in self._at)
            if total is not None:
                raise _Wrong(Code.CONTRADICTION, column, cells[self._at[column]])
            if sides is None:
                raise _Wrong(Code.NO_AMOUNT, column)
            total = sides
        return (total - abs(fee), -abs(fee)) if fee else (total, None)

    def _local_money(self, cells: Sequence[Any], amount: Decimal, currency: str) -> tuple[Decimal | None, str]:
        """Return amount and currency abroad; signed as the amount, even where a file writes it without a sign."""
        local_currency = self._currency(cells, self._other_currency)
        local_amount = self._money(cells, self._local_amount, local_currency)
        if not local_currency or local_currency == currency or local_amount is None:
            return None, ""
        return (-abs(local_amount) if amount < 0 else abs(local_amount)), local_currency

    def _vat_amount(self, cells: Sequence[Any], currency: str) -> Decimal | None:
        """Return what nothing depends on here: a row is not bad for it."""
        try:
            return self._money(cells, self._vat, currency)
        except (_Wrong, Ambiguous):
            return None

    def _money(self, cells: Sequence[Any], slot: _Slot, currency: str) -> Decimal | None:
        at, column = slot
        if at is None:
            return None
        value = cells[at]
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.strip() in _NOTHING:
            return None
        if (plain := plain_amount(value)) is not None:
            self._separators.add(value[-3])
            return plain
        self._check_formula(value, column)
        if isinstance(value, str) and (told := separator_told(value)):
            self._separators.add(told)
        try:
            return read_amount(value, self._separator, currency)
        except Refused as refused:
            raise _Wrong(refused.code, column, value, refused.detail) from None

    # === DAYS === #

    def _days(self, cells: Sequence[Any]) -> tuple[date | None, DaySource, datetime | None, date | None]:
        """Return the row's day, where it comes from, the instant if the file tells one, and the operation's day."""
        operation = self._when(cells, self._operation[0])
        operation_day = operation[0] if operation else self._local(cells, self._operation)[0]
        if self._has_settlement:
            day, instant = self._local(cells, self._settlement)
        else:
            day, instant = operation_day, None
        if self._mapped:
            source = DaySource.MAPPED
        elif not self._has_settlement:
            source = DaySource.OPERATION
        else:
            source = DaySource.LOCAL if self._settlement[0][0] is not None else DaySource.UTC
        return day, source, instant, operation_day

    def _local(self, cells: Sequence[Any], slots: tuple[_Slot, _Slot]) -> tuple[date | None, datetime | None]:
        """Return the local day and the instant in UTC of a pair of columns, of which one may be missing or empty."""
        here, there = self._when(cells, slots[0]), self._when(cells, slots[1])
        instant = None
        if there and there[1]:
            given = there[1] if there[1].tzinfo else there[1].replace(tzinfo=timezone.utc)
            instant = given.astimezone(timezone.utc)
        elif here and here[1]:
            given = here[1] if here[1].tzinfo else here[1].replace(tzinfo=self._zone)
            instant = given.astimezone(timezone.utc)
        if here:
            return here[0], instant
        if there:
            return (instant.astimezone(self._zone).date() if instant else there[0]), instant
        return None, None

    def _when(self, cells: Sequence[Any], slot: _Slot) -> tuple[date, datetime | None] | None:
        at, column = slot
        if at is None:
            return None
        value = cells[at]
        if isinstance(value, str):
            if value in self._whens:
                return self._whens[value]
            if value.strip() in _NOTHING:
                return None
            self._check_formula(value, column)
            if told := order_told(value):
                self._orders.add(told)
        try:
            when = read_when(value, self._order)
        except Refused as refused:
            raise _Wrong(refused.code, column, value) from None
        if isinstance(value, str):
            if len(self._whens) > _REMEMBERED:
                self._whens.clear()
            self._whens[value] = when
        return when

    def _day_column(self) -> Column:
        return next(column for column in DATES if column in self._at)

    # === TEXTS, BAD ROWS === #

    def _text(self, value: Any, column: Column) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = value if isinstance(value, str) else str(value)
        if text in self._same:
            return self._same[text]
        if len(text) > self._limits.cell:
            raise _Wrong(Code.CELL_TOO_LONG, column, text, str(self._limits.cell))
        self._check_formula(value, column)
        if not text.isprintable() and _CONTROL.search(text):
            raise _Wrong(Code.CONTROL_CHARACTERS, column, _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text))
        if not text.isprintable() or text[0] == " " or text[-1] == " " or "  " in text:
            text = _BLANKS.sub(" ", text).strip()
        return self._keep(text)

    def _keep(self, text: str) -> str:
        """Return the same object for equal texts: most of a file repeats itself."""
        return self._same.setdefault(text, text)

    @staticmethod
    def _check_formula(value: Any, column: Column) -> None:
        if isinstance(value, str):
            if value[:1] in "=+-@ \t\r\n" and _FORMULA.match(value):
                raise _Wrong(Code.FORMULA, column, value)
        elif type(value).__name__ in ("ArrayFormula", "DataTableFormula"):
            raise _Wrong(Code.FORMULA, column, getattr(value, "text", "") or "=")

    def _ambiguous(self, cells: Sequence[Any]) -> _Wrong:
        """Return which cell it is that can be read in two ways."""
        for column in _MONEY:
            try:
                self._money(cells, self._slot[column], "")
            except Ambiguous:
                return _Wrong(Code.AMBIGUOUS_AMOUNT, column, cells[self._at[column]])
            except _Wrong:
                continue
        for column in DATES:
            try:
                self._when(cells, self._slot[column])
            except Ambiguous:
                return _Wrong(Code.AMBIGUOUS_DATE, column, cells[self._at[column]])
            except _Wrong:
                continue
        return _Wrong(Code.AMBIGUOUS_AMOUNT)

    def _bad(self, number: int, wrong: _Wrong) -> Row:
        at = self._at.get(wrong.column) if wrong.column else None
        problem = Problem(
            wrong.code, number, self._header[at] if at is not None else "", str(wrong.value)[:_SHOWN], wrong.detail
        )
        return Row(number=number, problems=(problem,))


def _only(found: set[str]) -> str:
    return next(iter(found)) if len(found) == 1 else ""
