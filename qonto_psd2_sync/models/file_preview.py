# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The rows of a file, and what becomes of each, in one compact blob: an index of all rows, and pages of details.

A hundred thousand rows are no hundred thousand records. The blob is a ZIP archive: `index` has of each row what is
counted (verdict, amount, day), `0`, `1`, … have the details of a few hundred rows each, so that a page of the screen
and a batch of the import unpack only what they need.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

CHUNK = 200

# Verdicts, one letter each in the index.
NEW, PRESENT, SUSPECT, NOT_BOOKED, OTHER, HELD, BAD = "npsxohb"
VERDICTS = {
    NEW: "new", PRESENT: "present", SUSPECT: "suspect", NOT_BOOKED: "not_booked", OTHER: "other_account",
    HELD: "held", BAD: "bad",
}
LETTERS = {name: letter for letter, name in VERDICTS.items()}

# What can be done with a row: it becomes a bank line; the line that is there is it; it is left out.
IMPORT, SAME, SKIP = "import", "same", "skip"
# By verdict: the choices, the first being what is done unless a person says otherwise; "": a person must say.
CHOICES: dict[str, tuple[str, ...]] = {
    NEW: (IMPORT, SKIP),
    PRESENT: (SKIP, IMPORT),
    SUSPECT: ("", IMPORT, SAME, SKIP),
    NOT_BOOKED: (SKIP,),
    OTHER: (SKIP,),
    HELD: (IMPORT, SKIP),
    BAD: ("", SKIP),
}


@dataclass
class Index:
    """Of each row, in the file's order, what is counted and filtered by.

    :ivar str verdicts: one letter a row
    :ivar amounts: in the currency's smallest unit
    :ivar days: proleptic ordinals, 0 where there is none
    :ivar order: the rows' places in the order of booking
    """

    verdicts: str = ""
    amounts: list[int] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    order: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.verdicts)

    def places(self, verdict: str = "") -> Sequence[int]:
        """Return the places of the rows with a verdict, or of all."""
        if not verdict:
            return range(len(self.verdicts))
        return [place for place, letter in enumerate(self.verdicts) if letter == verdict]


class Decisions:
    """What a person decided: for single rows, and for all of a verdict; the single one counts."""

    def __init__(self, stored: dict | None):
        self.stored = stored or {}

    def of(self, place: int, verdict: str) -> str:
        """Return what is done with a row; empty: nobody has said, and somebody must."""
        chosen = self.stored.get(str(place), self.stored.get("*" + verdict))
        return chosen if chosen in CHOICES[verdict] else CHOICES[verdict][0]

    def with_row(self, place: int, choice: str) -> dict:
        return {**self.stored, str(place): choice}

    def with_all(self, verdict: str, choice: str, places: Iterable[int]) -> dict:
        """All rows of a verdict: what was said of single ones before is forgotten."""
        gone = {str(place) for place in places}
        return {name: kept for name, kept in self.stored.items() if name not in gone} | {"*" + verdict: choice}


class Writer:
    """Writes the blob, a row at a time: no more than one page is in memory unpacked."""

    def __init__(self):
        self.buffer = io.BytesIO()
        self.archive = zipfile.ZipFile(self.buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        self.page: list[dict] = []
        self.pages = 0

    def add(self, details: dict) -> None:
        self.page.append(details)
        if len(self.page) == CHUNK:
            self._close_page()

    def _close_page(self) -> None:
        if self.page:
            self.archive.writestr(str(self.pages), json.dumps(self.page, separators=(",", ":"), ensure_ascii=False))
            self.page = []
            self.pages += 1

    def finish(self, index: dict) -> bytes:
        self._close_page()
        self.archive.writestr("index", json.dumps(index, separators=(",", ":")))
        self.archive.close()
        return self.buffer.getvalue()


class Reader:
    """Reads the blob."""

    def __init__(self, blob: bytes):
        self.archive = zipfile.ZipFile(io.BytesIO(blob))

    def index(self) -> Index:
        return Index(**json.loads(self.archive.read("index")))

    def page(self, number: int) -> list[dict]:
        return json.loads(self.archive.read(str(number)))

    def details(self, places: Iterable[int]) -> Iterator[dict]:
        """Give the details of rows by their places; pages are unpacked once when places ascend."""
        number, page = -1, []
        for place in places:
            if place // CHUNK != number:
                number = place // CHUNK
                page = self.page(number)
            yield page[place % CHUNK]
