# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What can be wrong with a file, or with one of its rows: codes and places. Who shows them finds the words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Code(Enum):
    """Why a file, or a row of it, can't be used.

    The first group refuses the file (:class:`FileError`), the second one row (:class:`Problem`, in `Row.problems`).
    """

    EMPTY = "empty"
    """No byte, or nothing but blanks."""
    NO_ROWS = "no_rows"
    """A header and nothing below it."""
    TOO_BIG = "too_big"
    """More bytes than `Limits.bytes`. `detail`: the limit in MB."""
    TOO_MANY_ROWS = "too_many_rows"
    """`detail`: the limit."""
    TOO_MANY_COLUMNS = "too_many_columns"
    """`detail`: the limit."""
    CELL_TOO_LONG = "cell_too_long"
    """A cell or line that goes on for ever (an open quote, say). `row` says where; `detail`: the limit."""
    BOMB = "bomb"
    """A spreadsheet that is small packed and enormous unpacked, or that refers to itself."""
    DAMAGED = "damaged"
    """A spreadsheet that can't be opened."""
    OLD_EXCEL = "old_excel"
    """XLS, XLSB, or a spreadsheet with a password."""
    OTHER_SPREADSHEET = "other_spreadsheet"
    """ODS, Numbers."""
    PDF = "pdf"
    CAMT = "camt"
    """CAMT.052/053/054: OCA's importer reads it."""
    MT940 = "mt940"
    """MT940 or MT942: OCA's importer reads it."""
    OFX = "ofx"
    """OFX, which Qonto exports too, but without the bank's ids in full."""
    QIF = "qif"
    """QIF, which Qonto exports too."""
    ARCHIVE = "archive"
    """ZIP, GZ and the like: unpack first."""
    WEB_PAGE = "web_page"
    """HTML: a page was saved in place of the file, for example a log-in page."""
    IMAGE = "image"
    NOT_A_TABLE = "not_a_table"
    """JSON, XML, binary, or text without columns."""
    ENCODING = "encoding"
    """Neither UTF-8 nor Windows-1252, or both mixed, or garbled by an earlier save. `row` says where, if known."""
    QUOTING = "quoting"
    """A quotation mark that is not closed, or text behind a closed one. `row` says where."""
    ACCOUNTING = "accounting"
    """Accounting entries (Qonto's accounting hub, DATEV, FEC …), not bank transactions."""
    UNKNOWN_COLUMNS = "unknown_columns"
    """No header that is known: a person can map the columns. `header`, `sample`, `signature`, `suggestion`."""
    MISSING_COLUMN = "missing_column"
    """Qonto's export, or a mapping, without a column that is needed. `detail`: ``date`` or ``amount``."""
    DOUBLE_COLUMN = "double_column"
    """Two columns that mean the same. `column`: the second one's header."""

    RAGGED = "ragged"
    """More or fewer cells than the header. `detail`: ``found/expected``."""
    FORMULA = "formula"
    """A cell that a spreadsheet would execute."""
    NO_AMOUNT = "no_amount"
    BAD_AMOUNT = "bad_amount"
    AMBIGUOUS_AMOUNT = "ambiguous_amount"
    """``1.234`` may be a thousand or one: nothing in the file tells."""
    TOO_PRECISE = "too_precise"
    """More decimals than the currency has."""
    CONTRADICTION = "contradiction"
    """Amount, debit and credit do not say the same."""
    NO_DATE = "no_date"
    BAD_DATE = "bad_date"
    AMBIGUOUS_DATE = "ambiguous_date"
    """``05/06/2026`` may be in May or June: nothing in the file tells."""
    BAD_CURRENCY = "bad_currency"
    CONTROL_CHARACTERS = "control_characters"
    """A text with characters that no text has."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell, or a whole row.

    :ivar row: as a spreadsheet numbers it: the file's first row is 1.
    :ivar column: the header as the file writes it; empty when it is the whole row.
    :ivar value: what stands there, cut off after 80 characters.
    """

    code: Code
    row: int
    column: str = ""
    value: str = ""
    detail: str = ""


class FileError(Exception):
    """The file can't be used at all; nothing of it was taken. The only exception that leaves this package.

    :ivar code: see :class:`Code`.
    :ivar row: as a spreadsheet numbers it, None where it is the whole file.
    :ivar column: the header as the file writes it.
    :ivar detail: see the code.
    :ivar header: for unknown columns: the header's cells, as the file writes them.
    :ivar sample: for unknown columns: up to five rows below it, as texts.
    :ivar signature: for unknown columns: what a :class:`Mapping` of this header is kept under.
    :ivar suggestion: for unknown columns: a :class:`Mapping` that may be right, for a person to check.
    """

    def __init__(
        self, code: Code, *, row=None, column="", detail="", header=(), sample=(), signature="", suggestion=None
    ):
        super().__init__(code.value, row, column, detail)
        self.code = code
        self.row = row
        self.column = column
        self.detail = detail
        self.header = tuple(header)
        self.sample = tuple(sample)
        self.signature = signature
        self.suggestion = suggestion

    def __str__(self) -> str:
        place = f", row {self.row}" if self.row else ""
        column = f", column {self.column!r}" if self.column else ""
        return f"{self.code.value}{place}{column}{': ' + self.detail if self.detail else ''}"
