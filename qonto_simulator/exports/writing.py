"""From rows to the bytes of a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..bank import Bank
from ..clock import berlin_day
from ..model import COMPLETED, Account, Transaction
from .columns import COLUMNS, LANGUAGES, LOCAL, MONEY, TRUTH, UTC, VAT_RATES, ColumnKind, Line, rate_columns, shown
from .order import SEPARATORS, ExportError, ExportOrder

_CSV, _XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_THOUSANDS = {"en": "", "fr": "\N{NO-BREAK SPACE}", "de": ""}


@dataclass(frozen=True)
class Export:
    """A file to download."""

    name: str
    media_type: str
    content: bytes
    rows: int


def export(bank: Bank, order: ExportOrder) -> Export:
    """:raise ExportError: the order makes no sense"""
    order.check()
    accounts = _accounts(bank, order)
    lines = list(_lines(bank, accounts, order))
    columns = _columns(lines, order)
    day = bank.clock.now().strftime("%Y-%m-%d")
    name = f"qonto_export_{day}.{order.format}"
    if order.format == "xlsx":
        return Export(name, _XLSX, _as_xlsx(lines, columns, order), len(lines))
    return Export(name, _CSV, _as_csv(lines, columns, order), len(lines))


def _accounts(bank: Bank, order: ExportOrder) -> list[Account]:
    if not order.account_ids:
        return bank.accounts(bank.first_organization().id)
    found = [bank.store.accounts.get(account_id) for account_id in order.account_ids]
    accounts = [account for account in found if account]
    if len(accounts) != len(found):
        raise ExportError("Choose an account.")
    return accounts


def _lines(bank: Bank, accounts: list[Account], order: ExportOrder) -> Iterator[Line]:
    chosen = [
        (account, row) for account in accounts for row in bank.ledger.rows(account)
        if (not order.statuses or row.status in order.statuses) and _in_period(row, order)
    ]
    chosen.sort(key=lambda pair: (_instant(pair[1]), pair[1].id), reverse=order.order == "newest")
    language = LANGUAGES.index(order.language)
    for account, row in chosen[: order.limit]:
        yield Line(bank, account, row, language, order.ids)


def _instant(row: Transaction) -> datetime:
    return row.settled_at if row.status == COMPLETED and row.settled_at else row.emitted_at


def _in_period(row: Transaction, order: ExportOrder) -> bool:
    day = berlin_day(_instant(row))
    return (not order.start or order.start.isoformat() <= day) and (not order.end or day <= order.end.isoformat())


def _columns(lines: list[Line], order: ExportOrder) -> list[ColumnKind]:
    language = LANGUAGES.index(order.language)
    columns: list[ColumnKind] = []
    for name in order.names:
        if name == VAT_RATES:
            rates = sorted({line.row.vat_rate for line in lines if line.row.vat_rate is not None})
            columns += [column for rate in rates for column in rate_columns(rate)]
        else:
            columns.append(COLUMNS[name])
    return [column for column in columns if column.headers[language]]


# === CSV === #


def _as_csv(lines: list[Line], columns: list[ColumnKind], order: ExportOrder) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=SEPARATORS[order.separator], lineterminator="\n")
    writer.writerow([column.headers[LANGUAGES.index(order.language)] for column in columns])
    for line in lines:
        writer.writerow([_text(column, line, order) for column in columns])
    try:
        return text.getvalue().encode(order.encoding)
    except UnicodeEncodeError as error:
        raise ExportError(f"{order.encoding} has no {error.object[error.start]!r}.") from None


def _text(column: ColumnKind, line: Line, order: ExportOrder) -> str:
    value = column.value(line)
    if value is None:
        return ""
    if column.kind == MONEY:
        return amount_text(value, order)
    if column.kind in (UTC, LOCAL):
        return shown(value, column.kind).strftime("%d-%m-%Y %H:%M:%S" if order.dates == "dmy" else "%Y-%m-%d %H:%M:%S")
    return str(value).lower() if column.kind == TRUTH else value


def amount_text(cents: int, order: ExportOrder) -> str:
    sign, whole, rest = "-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100
    grouped = f"{whole:,}".replace(",", _THOUSANDS[order.language])
    return f"{sign}{grouped}{order.decimal_mark}{rest:02d}"


# === XLSX === #


def _as_xlsx(lines: list[Line], columns: list[ColumnKind], order: ExportOrder) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Export")
    sheet.append([column.headers[LANGUAGES.index(order.language)] for column in columns])
    for line in lines:
        cells = []
        for column in columns:
            cell = WriteOnlyCell(sheet, _cell(column, line, order))
            if isinstance(cell.value, str):
                cell.data_type = "s"  # a name that begins with "=" is a name
            cells.append(cell)
        sheet.append(cells)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _cell(column: ColumnKind, line: Line, order: ExportOrder) -> Any:
    if order.cells == "text":
        return _text(column, line, order)
    value = column.value(line)
    if value is None:
        return None
    if column.kind == MONEY:
        return Decimal(value) / 100
    if column.kind in (UTC, LOCAL):
        return shown(value, column.kind)
    return value
