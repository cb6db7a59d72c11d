# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Qonto's export files: bytes in, rows out; and what becomes of each row. Pure Python, no Odoo, no database.

Typical use::

    try:
        statement = read_statement(content, zone="Europe/Berlin", mappings=kept_mappings)
    except FileError as error:
        ...  # error.code says why; UNKNOWN_COLUMNS brings header, sample and a suggested Mapping
    plan = make_plan(statement.rows, Account(iban, "EUR"), existing, today=today)
    for decided in plan.decided:
        print(decided.row.number, decided.decision, decided.reason, decided.existing)
    for index in plan.to_book:
        book(plan.decided[index].row)

Nothing here is worded: codes, decisions and reasons are enums whose docstrings say what they mean.
"""

from .chain import booking_order
from .columns import Column, header_signature
from .errors import Code, FileError, Problem
from .facts import DaySource, Limits, Mapping, Row, StatementFile, Status
from .plan import (
    Account,
    Break,
    Chain,
    Decided,
    Decision,
    Existing,
    Origin,
    Plan,
    Reason,
)
from .planner import make_plan
from .reader import read_statement

__all__ = [
    "Account",
    "Break",
    "Chain",
    "Code",
    "Column",
    "DaySource",
    "Decided",
    "Decision",
    "Existing",
    "FileError",
    "Limits",
    "Mapping",
    "Origin",
    "Plan",
    "Problem",
    "Reason",
    "Row",
    "StatementFile",
    "Status",
    "booking_order",
    "header_signature",
    "make_plan",
    "read_statement",
]
