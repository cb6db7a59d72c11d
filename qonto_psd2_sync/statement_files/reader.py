# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""From bytes to a :class:`StatementFile`, or a :class:`FileError`: nothing half read."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from .columns import AMOUNTS, DATES, MUST_BE_SINGLE, Column, header_signature, recognise
from .csv_table import CsvTable, delimiters_of, find_encoding
from .errors import Code, FileError
from .facts import Limits, Mapping, Row, StatementFile
from .kinds import XLSX, check_kind, looks_like_accounting
from .rows import RowReader
from .suggesting import suggest
from .xlsx_table import XlsxTable

Cells = Sequence[Any]
# A header stands at the top; other banks put a few lines above it.
_HEADER_WITHIN = 20
_SAMPLE = 5


def read_statement(
    data: bytes | BinaryIO, *, zone: str | tzinfo = "Europe/Berlin", mappings: Iterable[Mapping] = (),
    limits: Limits = Limits(),  # noqa: B008
) -> StatementFile:
    """Read a file that Qonto exported, or one whose columns a person mapped.

    :param data: the file; an open one must be seekable and is read as a stream
    :param zone: the account's time zone, by which instants become days
    :param mappings: those that are kept; the one whose signature fits is used
    :raise FileError: the file can't be used. Rows that can't be used are no error: see `Row.problems`
    """
    file = io.BytesIO(data) if isinstance(data, bytes | bytearray | memoryview) else data
    digest = _digest(file, limits)
    known = {mapping.signature: mapping for mapping in mappings}
    zone = ZoneInfo(zone) if isinstance(zone, str) else zone
    find = _in_spreadsheet if check_kind(file, limits) == XLSX else _in_text
    found = find(file, known, limits)
    rows = _read_rows(found, zone, limits)
    return StatementFile(
        kind="csv" if isinstance(found.table, CsvTable) else "xlsx",
        sha256=digest,
        language=found.language,
        encoding=getattr(found.table, "encoding", ""),
        delimiter=getattr(found.table, "delimiter", ""),
        header=found.header,
        columns=found.columns,
        signature=header_signature(found.header),
        rows=rows,
    )


class _Found:
    """A table whose header is understood."""

    def __init__(self, table, number: int, header: Sequence[str], language: str, columns, mapping: Mapping | None):
        self.table = table
        self.number = number
        self.header = tuple(header)
        self.language = language
        self.columns = tuple(columns)
        self.mapping = mapping


def _digest(file: BinaryIO, limits: Limits) -> str:
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(1 << 18):
        size += len(chunk)
        if size > limits.bytes:
            raise FileError(Code.TOO_BIG, detail=str(limits.bytes // 2**20))
        digest.update(chunk)
    return digest.hexdigest()


# === FINDING THE HEADER === #


def _in_text(file: BinaryIO, known: dict[str, Mapping], limits: Limits) -> _Found:
    encoding = find_encoding(file)
    line = _first_lines(file, encoding, limits)
    tops = {}
    for delimiter in delimiters_of(line):
        table = CsvTable(file, encoding, delimiter, limits)
        try:
            tops[delimiter] = (table, _top(table, limits))
        except FileError as error:
            if error.code is not Code.QUOTING:
                raise
            tops.setdefault("error", error)
    error = tops.pop("error", None)
    for table, top in tops.values():
        if found := _known_header(table, top, known):
            return found
    if error:
        raise error
    if not tops:
        # A table of one column has no delimiter; it has no amount either.
        raise FileError(Code.NOT_A_TABLE)
    best = max((top for _table, top in tops.values()), key=_regularity)
    raise _not_understood(best, _regularity(best)[1])


def _in_spreadsheet(file: BinaryIO, known: dict[str, Mapping], limits: Limits) -> _Found:
    tops = []
    for table in XlsxTable.sheets_of(file):
        top = _top(table, limits)
        if found := _known_header(table, top, known):
            return found
        tops.append(top)
    filled = [top for top in tops if top]
    if not filled:
        raise FileError(Code.EMPTY)
    raise _not_understood(max(filled, key=_width))


def _first_lines(file: BinaryIO, encoding: str, limits: Limits) -> str:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        lines = [text.readline(limits.cell) for _number in range(_HEADER_WITHIN)]
    finally:
        text.detach()
    filled = [line for line in lines if line.strip()]
    if not filled:
        raise FileError(Code.EMPTY)
    return "".join(filled)


def _top(table: Iterable[tuple[int, Cells]], limits: Limits) -> list[tuple[int, Cells]]:
    """Return the first rows that are not blank."""
    top = []
    for number, cells in table:
        if len(cells) > limits.columns and len(_header(cells)) > limits.columns:
            raise FileError(Code.TOO_MANY_COLUMNS, row=number, detail=str(limits.columns))
        if any(_text(cell) for cell in cells):
            top.append((number, cells))
        if len(top) >= _HEADER_WITHIN or number > 10 * _HEADER_WITHIN:
            break
    return top


def _known_header(table, top: list[tuple[int, Cells]], known: dict[str, Mapping]) -> _Found | None:
    for number, cells in top:
        header = _header(cells)
        if len(header) < 2:
            continue
        if mapping := known.get(header_signature(header)):
            return _checked(_Found(table, number, header, "", mapping.meanings(header), mapping))
        if recognised := recognise(header):
            if garbled(header):
                raise FileError(Code.ENCODING, row=number)
            return _checked(_Found(table, number, header, *recognised, None))
    return None


def _header(cells: Cells) -> list[str]:
    header = [" ".join(_text(cell).split())[:200] for cell in cells]
    while header and not header[-1]:
        header.pop()
    return header


def _checked(found: _Found) -> _Found:
    """:raise FileError: a column is missing, or there twice"""
    seen = set()
    columns = list(found.columns)
    for index, column in enumerate(columns):
        if column in seen and column is not Column.IGNORED:
            if column in MUST_BE_SINGLE:
                raise FileError(Code.DOUBLE_COLUMN, row=found.number, column=found.header[index])
            columns[index] = None
        seen.add(column)
    found.columns = tuple(columns)
    if not seen & set(DATES):
        raise FileError(Code.MISSING_COLUMN, row=found.number, detail="date", header=found.header)
    if not seen & set(AMOUNTS):
        raise FileError(Code.MISSING_COLUMN, row=found.number, detail="amount", header=found.header)
    return found


def _width(top: list[tuple[int, Cells]]) -> int:
    return max((len(_header(cells)) for _number, cells in top), default=0)


def _regularity(top: list[tuple[int, Cells]]) -> tuple[int, int]:
    """Return how many of the rows have the width that most have, and that width: text with commas has none."""
    counts = Counter(len(cells) for _number, cells in top if len(cells) > 1)
    return max(((count, width) for width, count in counts.items()), default=(0, 0))


def _not_understood(top: list[tuple[int, Cells]], width: int = 0) -> FileError:
    """Return the error that lets a person map the columns: the first row of the usual width is the header."""
    width = width or _width(top)
    headers = [_header(cells) for _number, cells in top]
    # A header of which date and amount are guessed beats the usual width: a short file has more lines above than below.
    at = next((at for at, header in enumerate(headers) if _is_guessed(header)), None)
    if at is None:
        at = next((at for at, header in enumerate(headers) if len(header) > 1 and len(top[at][1]) >= width > 1), None)
    if at is None:
        return FileError(Code.NOT_A_TABLE)
    header, width = headers[at], len(top[at][1])
    if garbled(header):
        return FileError(Code.ENCODING, row=top[at][0])
    if looks_like_accounting(header):
        return FileError(Code.ACCOUNTING, row=top[at][0])
    sample = [tuple(_text(cell)[:80] for cell in cells[:width]) for _number, cells in top[at + 1 : at + 1 + _SAMPLE]]
    return FileError(
        Code.UNKNOWN_COLUMNS, row=top[at][0], header=header, sample=sample, signature=header_signature(header),
        suggestion=suggest(header, sample),
    )


def _is_guessed(header: Sequence[str]) -> bool:
    meanings = {column for _name, column in suggest(header).columns} if len(header) > 1 else set()
    return bool(meanings & set(DATES)) and bool(meanings & set(AMOUNTS))


def garbled(header: Sequence[str]) -> bool:
    """Whether a header would be known had nobody read its UTF-8 as Windows-1252 and saved it again."""
    try:
        mended = [name.encode("cp1252").decode("utf-8") for name in header]
    except UnicodeError:
        return False
    return mended != list(header) and recognise(mended) is not None


# === THE ROWS === #


def _read_rows(found: _Found, zone: tzinfo, limits: Limits) -> tuple[Row, ...]:
    if isinstance(found.table, XlsxTable):
        found.table.width = len(found.header)
    reader = RowReader(found.header, found.columns, found.language, zone, found.mapping, limits)
    for number, cells in _below(found.table, found.number):
        if reader.count >= limits.rows:
            raise FileError(Code.TOO_MANY_ROWS, row=number, detail=str(limits.rows))
        reader.add(number, cells)
    rows = reader.finish()
    if not rows:
        raise FileError(Code.NO_ROWS)
    return rows


def _below(table: Iterable[tuple[int, Cells]], header_row: int) -> Iterator[tuple[int, Cells]]:
    for number, cells in table:
        if number > header_row and any(cell not in (None, "") and _text(cell) for cell in cells):
            yield number, cells


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()
