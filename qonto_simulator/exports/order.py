"""What somebody wants exported."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from .columns import COLUMNS, LANGUAGES, TEMPLATES, VAT_RATES

CUSTOM = "custom"
SEPARATORS = {"semicolon": ";", "comma": ",", "tab": "\t"}
_CHOICES = {
    "format": ("csv", "xlsx"),
    "template": (*TEMPLATES, CUSTOM),
    "language": LANGUAGES,
    "separator": tuple(SEPARATORS),
    "encoding": ("utf-8", "utf-8-sig", "cp1252", "utf-16"),
    "decimal": ("", ",", "."),
    "dates": ("dmy", "iso"),
    "ids": ("id", "transaction_id", "other"),
    "order": ("newest", "oldest"),
    "cells": ("typed", "text"),
}


class ExportError(ValueError):
    """The order makes no sense; the text says why."""


@dataclass
class ExportOrder:
    """Which rows, which columns, and how they are written.

    The fields from ``encoding`` on are not on the page: for tests of what sources disagree about or leave open.

    :ivar account_ids: empty: all accounts of the first organization.
    :ivar start, end: days of settlement in Berlin, both included; of operation for what is not settled.
    :ivar columns: names in :data:`COLUMNS`, or ``vat_rates``; for the template ``custom``.
    :ivar statuses: which rows; empty: all.
    :ivar decimal: "" for the language's own.
    :ivar ids: what the transaction's id is (open question 20).
    """

    account_ids: list[str] = field(default_factory=list)
    start: date | None = None
    end: date | None = None
    template: str = "full"
    columns: list[str] = field(default_factory=list)
    language: str = "de"
    format: str = "csv"
    separator: str = "semicolon"
    statuses: list[str] = field(default_factory=list)
    encoding: str = "utf-8"
    decimal: str = ""
    dates: str = "dmy"
    ids: str = "id"
    order: str = "newest"
    cells: str = "typed"
    limit: int | None = None

    def check(self) -> None:
        """:raise ExportError: something is not offered"""
        for name, offered in _CHOICES.items():
            if getattr(self, name) not in offered:
                raise ExportError(f"{name} must be one of {', '.join(offered)}.")
        if self.template == CUSTOM:
            if not self.columns:
                raise ExportError("Choose at least one column.")
            if unknown := [name for name in self.columns if name not in COLUMNS and name != VAT_RATES]:
                raise ExportError(f"Unknown columns: {', '.join(map(str, unknown))}. Known: {', '.join(COLUMNS)}.")
        if self.start and self.end and self.start > self.end:
            raise ExportError("The period ends before it begins.")

    @property
    def names(self) -> list[str]:
        return self.columns if self.template == CUSTOM else list(TEMPLATES[self.template])

    @property
    def decimal_mark(self) -> str:
        return self.decimal or ("." if self.language == "en" else ",")
