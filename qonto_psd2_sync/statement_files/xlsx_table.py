# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A sheet of an XLSX file as rows of values, read as a stream."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, BinaryIO

from .errors import Code, FileError

_MOST_SHEETS = 20
_MOST_BLANK_ROWS = 1000


class XlsxTable:
    """Rows of one sheet, each with its number. A formula comes as its text, never as its value.

    :ivar width: how many cells a row has at least: a sheet leaves out the empty ones at its end.
    """

    width = 0

    def __init__(self, sheet: Any):
        self._sheet = sheet

    @classmethod
    def sheets_of(cls, file: BinaryIO) -> list[XlsxTable]:
        """Return the sheets that are visible. The file was looked at before (`kinds.check_kind`)."""
        import openpyxl

        file.seek(0)
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False)
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        except Exception:  # noqa: BLE001 a damaged file fails in any way it likes
            raise FileError(Code.DAMAGED) from None
        return [cls(sheet) for sheet in sheets[:_MOST_SHEETS]]

    def __iter__(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        blank = 0
        rows = self._values()
        for number in itertools.count(1):
            try:
                cells = next(rows)
            except StopIteration:
                return
            except Exception:  # noqa: BLE001 a damaged file fails in any way it likes
                raise FileError(Code.DAMAGED, row=number) from None
            if not any(cell is not None for cell in cells):
                blank += 1
                if blank > _MOST_BLANK_ROWS:
                    return
                continue
            blank = 0
            yield number, (cells if len(cells) >= self.width else (*cells, *[None] * (self.width - len(cells))))

    def _values(self) -> Iterator[tuple[Any, ...]]:
        self._sheet.reset_dimensions()
        return iter(self._sheet.iter_rows(values_only=True))
