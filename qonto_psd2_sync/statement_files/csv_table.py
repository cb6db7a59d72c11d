# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A CSV file as rows of texts: encoding and delimiter found out, read as a stream."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from .errors import Code, FileError
from .facts import Limits

DELIMITERS = (";", ",", "\t", "|")
_CHUNK = 1 << 16
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)
# What Windows-1252 leaves undefined, and control characters that no text has.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_IN_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


def find_encoding(file: BinaryIO) -> str:
    """Read the whole file once, in pieces, and return its encoding.

    :raise FileError: neither UTF-8 nor Windows-1252, or both mixed
    """
    file.seek(0)
    start = file.read(4)
    name = next((name for mark, name in _BOMS if start.startswith(mark)), "utf-8")
    if name == "utf-16":
        _check_decodes(file, name)
        return name
    told = _utf8_until(file)
    if told is None:
        return name
    bad_at, had_utf8 = told
    if had_utf8 or not _is_windows(file):
        raise FileError(Code.ENCODING, row=_row_at(file, bad_at))
    return "cp1252"


def _check_decodes(file: BinaryIO, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in _chunks(file):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        raise FileError(Code.ENCODING) from None


def _utf8_until(file: BinaryIO) -> tuple[int, bool] | None:
    """Return None if all is UTF-8, else where it ends to be, and whether there was a letter beyond ASCII before."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    done, beyond = 0, False
    for chunk in _chunks(file):
        if _NO_TEXT.search(chunk):
            raise FileError(Code.NOT_A_TABLE)
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            good = error.object[: error.start].decode("utf-8", "ignore")
            return done - pending + error.start, beyond or not good.isascii()
        beyond = beyond or not text.isascii()
        done += len(chunk)
    return (done, beyond) if decoder.getstate()[0] else None


def _is_windows(file: BinaryIO) -> bool:
    return not any(_NO_TEXT.search(chunk) or _NOT_IN_1252.search(chunk) for chunk in _chunks(file))


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk


def _row_at(file: BinaryIO, position: int) -> int:
    """Return the line a byte stands in; near enough to the row for a message."""
    lines = 1
    for chunk in _chunks(file):
        if position <= len(chunk):
            return lines + chunk[:position].count(b"\n")
        lines += chunk.count(b"\n")
        position -= len(chunk)
    return lines


class CsvTable:
    """Rows of a CSV file, each with its number."""

    def __init__(self, file: BinaryIO, encoding: str, delimiter: str, limits: Limits):
        self._file, self._limits = file, limits
        self.encoding, self.delimiter = encoding, delimiter
        # Of a cell as it stands in the file; what a cell may hold is looked at later, by its column.
        self._longest, self._of_row = limits.cell * 4, 0

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, encoding=self.encoding, newline="")
        number = 0
        try:
            rows = csv.reader(self._lines(text), delimiter=self.delimiter, strict=True)
            while True:
                number += 1
                self._of_row = 0
                try:
                    row = next(rows)
                except StopIteration:
                    return
                except csv.Error as error:
                    raise FileError(_csv_code(error), row=number, detail=str(self._longest)) from None
                # The module's own limit is the whole process's, and Odoo lifts it.
                if self._of_row > self._longest and any(len(cell) > self._longest for cell in row):
                    raise FileError(Code.CELL_TOO_LONG, row=number, detail=str(self._longest))
                yield number, row
        finally:
            text.detach()

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        most = self._longest * 2
        while line := text.readline(most):
            self._of_row += len(line)
            # A quote that is never closed would take in the rest of the file.
            if self._of_row >= most:
                raise FileError(Code.CELL_TOO_LONG, detail=str(most))
            yield line


def _csv_code(error: csv.Error) -> Code:
    return Code.CELL_TOO_LONG if "field limit" in str(error) else Code.QUOTING


def delimiters_of(line: str) -> list[str]:
    """Return the delimiters that a header line may have, the most frequent first."""
    plain = re.sub(r'"[^"]*"', "", line)
    counts = {mark: plain.count(mark) for mark in DELIMITERS}
    return sorted((mark for mark in DELIMITERS if counts[mark]), key=lambda mark: -counts[mark])
