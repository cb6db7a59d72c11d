# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What kind of file it is, by what stands in it and never by its name."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from typing import BinaryIO

from .columns import header_key
from .errors import Code, FileError
from .facts import Limits

CSV, XLSX = "csv", "xlsx"
_STARTS = (
    (b"%PDF", Code.PDF),
    (b"\xd0\xcf\x11\xe0", Code.OLD_EXCEL),
    (b"\x09\x08\x10\x00", Code.OLD_EXCEL),
    (b"\x1f\x8b", Code.ARCHIVE),
    (b"7z\xbc\xaf", Code.ARCHIVE),
    (b"Rar!", Code.ARCHIVE),
    (b"BZh", Code.ARCHIVE),
    (b"\xfd7zXZ", Code.ARCHIVE),
    (b"\x89PNG", Code.IMAGE),
    (b"\xff\xd8\xff", Code.IMAGE),
    (b"GIF8", Code.IMAGE),
    (b"RIFF", Code.IMAGE),
    (b"II*\x00", Code.IMAGE),
    (b"MM\x00*", Code.IMAGE),
)
_TEXTS = (
    (re.compile(r"OFXHEADER\s*:|<\?OFX|<OFX>", re.IGNORECASE), Code.OFX),
    (re.compile(r"\A!(Type|Account|Option):", re.IGNORECASE), Code.QIF),
    (re.compile(r"camt\.05[234]|<BkToCstmr", re.IGNORECASE), Code.CAMT),
    (re.compile(r"\A(<!doctype html|<html|<head|<body)", re.IGNORECASE), Code.WEB_PAGE),
    (re.compile(r"(\A|\n):20:.*?\n(.*\n){0,6}?:(25|28C?|60[FM]):", re.IGNORECASE), Code.MT940),
    (re.compile(r"\A\{1:"), Code.MT940),
    (re.compile(r'\A"?(EXTF|DTVF)"?;'), Code.ACCOUNTING),
    (re.compile(r"\A(<\?xml|<[a-z!])|\A[\[{]", re.IGNORECASE), Code.NOT_A_TABLE),
)
_FIRST_ELEMENT = re.compile(
    rb"(\xef\xbb\xbf)?(\s|<\?((?!\?>)[^\x00])*\?>|<!--((?!-->)[^\x00])*-->)*<[A-Za-z]", re.DOTALL
)
# Words in the headers of accounting entries. Two of them, and it is no bank export.
_ACCOUNTING = frozenset(
    "journal journalcode journallib ecriturenum ecrituredate compteNum comptelib pieceref sollkonto habenkonto "
    "gegenkonto belegfeld buchungsschluessel konto compte".lower().split()
) | {
    "journal code", "code journal", "account number", "account code", "general account", "compte general",
    "numero de compte", "libelle ecriture", "soll/haben-kennzeichen", "umsatz (ohne soll/haben-kz)",
    "gegenkonto (ohne bu-schlussel)", "belegfeld 1", "entry number", "entry label", "numero de piece", "piece",
    "gl account", "debit account", "credit account", "accounting account", "compte comptable", "sachkonto",
}


def check_kind(file: BinaryIO, limits: Limits) -> str:
    """Return `CSV` or `XLSX`.

    :raise FileError: it is something else
    """
    file.seek(0)
    start = file.read(4096)
    if not start.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        _refuse_blank(file)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _kind_of_archive(file, limits)
    for signature, code in _STARTS:
        if start.startswith(signature):
            raise FileError(code)
    text = _as_text(start)
    for pattern, code in _TEXTS:
        if pattern.search(text):
            raise FileError(code)
    return CSV


def _refuse_blank(file: BinaryIO) -> None:
    while chunk := file.read(1 << 16):
        if chunk.strip(b" \t\r\n"):
            return
    raise FileError(Code.EMPTY)


def _as_text(start: bytes) -> str:
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return start.decode("utf-16", "ignore").lstrip("\ufeff").lstrip()
    return start.decode("utf-8", "ignore").lstrip("\ufeff").lstrip()


def _kind_of_archive(file: BinaryIO, limits: Limits) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "xl/workbook.bin" in names:
                raise FileError(Code.OLD_EXCEL)
            if "mimetype" in names or any(name.startswith("Index/") for name in names):
                raise FileError(Code.OTHER_SPREADSHEET)
            if not any(name.casefold().endswith("workbook.xml") for name in names):
                raise FileError(Code.ARCHIVE)
            _check_parts(archive, parts, limits)
    except FileError:
        raise
    except Exception:  # noqa: BLE001 a damaged archive fails in any way it likes
        raise FileError(Code.DAMAGED) from None
    return XLSX


def _check_parts(archive: zipfile.ZipFile, parts: Sequence[zipfile.ZipInfo], limits: Limits) -> None:
    """Refuse what would grow without bounds: by what it says of its size, and by entities in its XML."""
    if len(parts) > 2000 or sum(part.file_size for part in parts) > limits.unpacked:
        raise FileError(Code.BOMB)
    if len({part.filename for part in parts}) != len(parts):
        raise FileError(Code.DAMAGED)
    for part in parts:
        if part.flag_bits & 1:
            raise FileError(Code.OLD_EXCEL)
        if part.file_size > 4 * 2**20 and part.file_size > limits.ratio * max(part.compress_size, 1):
            raise FileError(Code.BOMB)
        if part.file_size > _most(part.filename, limits):
            raise FileError(Code.TOO_BIG, detail=str(_most(part.filename, limits) // 2**20))
        if part.filename.endswith((".xml", ".rels")):
            with archive.open(part) as content:
                start = content.read(1 << 14)
            # Declarations stand before the first element, in whatever encoding hides them.
            if not _FIRST_ELEMENT.match(start):
                raise FileError(Code.BOMB)


def _most(name: str, limits: Limits) -> int:
    """Return how large a part may be: what is not a stream is kept whole."""
    if name.endswith("sharedStrings.xml"):
        return limits.texts
    return limits.unpacked if "/worksheets/" in name or not name.endswith((".xml", ".rels")) else limits.parts


def looks_like_accounting(header: Sequence[str]) -> bool:
    """Whether these are the headers of accounting entries."""
    keys = {header_key(name) for name in header}
    return len(keys & _ACCOUNTING) >= 2
