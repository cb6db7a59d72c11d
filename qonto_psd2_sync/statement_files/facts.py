# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a file says, row by row, and how a person maps columns that are not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from .columns import Column, header_key
from .errors import Problem


class Status(Enum):
    """What the bank says of a transaction, in whatever language."""

    BOOKED = "booked"
    PENDING = "pending"
    DECLINED = "declined"
    CANCELED = "canceled"
    REVERSED = "reversed"
    UNKNOWN = "unknown"
    """A word that is not known; `Row.status_text` has it."""


class DaySource(Enum):
    """Where a row's day comes from."""

    LOCAL = "local"
    """The settlement's local column."""
    UTC = "utc"
    """The settlement's UTC column, converted to the account's time zone."""
    OPERATION = "operation"
    """The file has no settlement date: the day of the operation. The feed dates by settlement: days may differ."""
    MAPPED = "mapped"
    """The column that a person mapped."""


@dataclass(frozen=True)
class Limits:
    """What a file may have at most."""

    bytes: int = 64 * 2**20
    rows: int = 200_000
    columns: int = 200
    cell: int = 32_767
    unpacked: int = 400 * 2**20
    """What a spreadsheet may be unpacked, all in all; its sheets are read as a stream."""
    texts: int = 80 * 2**20
    """What its table of texts may be: that is kept in memory."""
    parts: int = 16 * 2**20
    """What any other part may be, of those that describe it."""
    ratio: int = 250
    """How many times its packed size a large part of a spreadsheet may be."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file. Texts are stripped; what the file does not say is "" or None.

    :ivar number: as a spreadsheet numbers it: the file's first row is 1.
    :ivar day: the account's calendar day of the settlement. None for a row that is not booked, or bad.
    :ivar amount: signed, in `currency`: what the account's balance moves by. None for a bad row.
    :ivar currency: ISO code of the account; "" when the file does not say.
    :ivar status: `BOOKED` where the file has no status column and the row has a day.
    :ivar settled_at: UTC, aware; None where the file gives no time of day.
    :ivar operation_day: the account's calendar day of the operation.
    :ivar local_amount: signed, in `local_currency`; None unless that differs from `currency`.
    :ivar balance: the account's balance after this row.
    :ivar fee: what of `amount` is a fee (only from mapped columns; Qonto's fees are rows of their own).
    :ivar account_iban: without blanks, upper case.
    :ivar bank_id: the column *Transaction ID*, whichever of the bank's ids that is.
    :ivar problems: not empty: the row is bad and must not be used.
    """

    number: int
    day: date | None = None
    amount: Decimal | None = None
    currency: str = ""
    status: Status = Status.BOOKED
    status_text: str = ""
    day_source: DaySource = DaySource.LOCAL
    settled_at: datetime | None = None
    operation_day: date | None = None
    local_amount: Decimal | None = None
    local_currency: str = ""
    balance: Decimal | None = None
    fee: Decimal | None = None
    vat_amount: Decimal | None = None
    account_iban: str = ""
    account_name: str = ""
    account_id: str = ""
    counterparty_name: str = ""
    counterparty_iban: str = ""
    bank_id: str = ""
    reference: str = ""
    note: str = ""
    method: str = ""
    category: str = ""
    card: str = ""
    initiator: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class StatementFile:
    """A file that was read to its end.

    :ivar kind: ``csv`` or ``xlsx``.
    :ivar sha256: of the bytes, in hex: the same file twice has the same.
    :ivar language: ``en``, ``fr``, ``de`` by the header; ``old`` for the old export's keys; "" for mapped columns.
    :ivar encoding: ``utf-8``, ``utf-8-sig``, ``utf-16``, ``cp1252``; "" for XLSX.
    :ivar delimiter: of a CSV file, else "".
    :ivar header: as the file writes it.
    :ivar columns: what the columns mean; None for those that are not used.
    :ivar signature: of the header, see :func:`header_signature`.
    :ivar rows: in the file's order, bad ones too. Blank rows are left out.
    """

    kind: str
    sha256: str
    language: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    columns: tuple[Column | None, ...]
    signature: str
    rows: tuple[Row, ...] = field(repr=False)

    def has(self, column: Column) -> bool:
        return column in self.columns

    @property
    def unknown_columns(self) -> tuple[str, ...]:
        """Headers that mean nothing to us: custom labels, columns of a later version of the bank's."""
        return tuple(name for name, column in zip(self.header, self.columns, strict=True) if column is None and name)

    @property
    def problems(self) -> Iterator[Problem]:
        for row in self.rows:
            yield from row.problems


@dataclass(frozen=True)
class Mapping:
    """What the columns of an unknown header mean: decided once by a person, kept under the header's signature.

    :ivar columns: pairs of header and meaning. At least a day (`SETTLED_LOCAL`, `SETTLED_UTC`, or else
        `OPERATION_LOCAL`, `OPERATION_UTC`) and an amount (`AMOUNT`, or `DEBIT` and `CREDIT`).
    :ivar decimal: ``,`` or ``.``; "" finds it out from the file.
    :ivar date_order: ``dmy``, ``mdy``, ``ymd``; "" finds it out.
    :ivar statuses: pairs of a word in the status column and a :class:`Status`.
    :ivar title: how people call it; of no meaning here.
    """

    signature: str
    columns: tuple[tuple[str, Column], ...]
    decimal: str = ""
    date_order: str = ""
    statuses: tuple[tuple[str, Status], ...] = ()
    title: str = ""

    def meanings(self, header: Iterable[str]) -> list[Column | None]:
        """Return what each column of a header means.

        A header that is there twice is mapped once for each, in their order; what is mapped once is the first.
        """
        given: dict[str, list[Column]] = {}
        for name, column in self.columns:
            given.setdefault(header_key(name), []).append(column)
        return [left.pop(0) if (left := given.get(header_key(name))) else None for name in header]

    def to_json(self) -> dict:
        """Return what `json.dumps` takes and :meth:`from_json` gives back."""
        return {
            "version": 1,
            "signature": self.signature,
            "columns": [[header, column.value] for header, column in self.columns],
            "decimal": self.decimal,
            "date_order": self.date_order,
            "statuses": [[word, status.value] for word, status in self.statuses],
            "title": self.title,
        }

    @classmethod
    def from_json(cls, value: dict) -> Mapping:
        """:raise ValueError: it is none"""
        try:
            return cls(
                signature=str(value["signature"]),
                columns=tuple((str(header), Column(column)) for header, column in value["columns"]),
                decimal=str(value.get("decimal") or ""),
                date_order=str(value.get("date_order") or ""),
                statuses=tuple((str(word), Status(status)) for word, status in value.get("statuses") or ()),
                title=str(value.get("title") or ""),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"Not a mapping: {error!r}") from None
