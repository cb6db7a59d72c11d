# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the bank says of statements and receipts (section 9). Their bytes: :mod:`~.downloads`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from .errors import InvalidAnswer
from .reading import Record

_PERIOD = re.compile(r"(0[1-9]|1[0-2])-([0-9]{4})")
_NOT_A_NAME = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")


@dataclass(frozen=True)
class RemoteFile:
    """A file as the bank describes it; none of it is checked against the bytes yet.

    :ivar name: fit for a file's name; "" when not told.
    :ivar size: bytes; None when not told.
    :ivar url: works for 30 minutes. A secret: neither log nor store it.
    """

    name: str
    content_type: str | None
    size: int | None
    url: str = field(repr=False)


@dataclass(frozen=True)
class Statement:
    """A month of an account as the bank's own document.

    :ivar period: the month's first day.
    """

    id: str
    bank_account_id: str
    period: date
    file: RemoteFile


@dataclass(frozen=True)
class StatementPage:
    """One page of statements; ``next_page`` is None on the last one."""

    statements: tuple[Statement, ...]
    next_page: int | None


@dataclass(frozen=True)
class Attachment:
    """A file that a member attached to transactions.

    :ivar created_at: None when not told.
    """

    id: str
    created_at: datetime | None
    file: RemoteFile


def parse_statement(data: Any) -> Statement:
    """Parse one statement object."""
    record = Record("statement", data)
    period = _PERIOD.fullmatch(record.text("period"))
    if not period:
        raise record.wrong("period", "is not a month and a year")
    file = record.record("file")
    if file is None:
        raise record.wrong("file", "is missing")
    return Statement(
        id=record.text("id"),
        bank_account_id=record.text("bank_account_id"),
        period=date(int(period[2]), int(period[1]), 1),
        file=_file(file, "file_url"),
    )


def parse_statement_page(data: Any, *, page: int, bank_account_id: str) -> StatementPage:
    """Parse one page of an account's statements.

    :raise InvalidAnswer: also when one belongs to another account, or the pages go round in a circle.
    """
    record = Record("statements answer", data)
    statements = tuple(parse_statement(entry.data) for entry in record.records("statements"))
    if any(statement.bank_account_id != bank_account_id for statement in statements):
        raise InvalidAnswer("statements answer: a statement of another account than the one asked for")
    meta = record.record("meta")
    following = meta.count("next_page") if meta else None
    if following is not None and following <= page:
        raise InvalidAnswer("statements answer: the pages go round in a circle")
    return StatementPage(statements, following if statements else None)


def parse_attachment(data: Any) -> Attachment:
    """Parse one attachment object."""
    record = Record("attachment", data)
    return Attachment(id=record.text("id"), created_at=record.optional_time("created_at"), file=_file(record, "url"))


def period_text(month: date) -> str:
    """Return a month as the bank reads it."""
    return f"{month:%m-%Y}"


def _file(record: Record, url: str) -> RemoteFile:
    size = record.get("file_size")  # a text in the reference, a number in the sandbox
    if isinstance(size, str):
        size = int(size) if re.fullmatch(r"[0-9]{1,15}", size) else None
    return RemoteFile(
        name=safe_name(record.optional_text("file_name") or ""),
        content_type=record.optional_text("file_content_type"),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        url=record.text(url),
    )


def safe_name(name: str) -> str:
    """Return a file's name without path, control characters and what some systems refuse, at most 120 characters."""
    name = _NOT_A_NAME.sub("_", name).strip(" ._")[:1000]
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[:110]}{dot}{suffix[:8]}" if dot else name[:120]
