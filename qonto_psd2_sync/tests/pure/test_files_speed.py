# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ten thousand rows against ten thousand lines. The long form, in Odoo: `./dev/bench file`."""

import time
import tracemalloc
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from statement_files import Account, Decision, Existing, make_plan, read_statement

HEAD = (
    "Status;Settlement date (UTC);Settlement date (local);Total amount (incl. VAT);Balance;Currency;Account IBAN;"
    "Counterparty name;Counterparty IBAN;Payment method;Transaction ID;Reference;Attachment;Team;Bank;Category"
)
IBAN = "DE89370400440532013000"
START = datetime(2024, 1, 1, tzinfo=timezone.utc)


def history(count):
    balance = 0
    lines, existing = [HEAD], []
    for number in range(count):
        at, cents = START + timedelta(minutes=7 * number), (1000 + number % 977) * (1 if number % 3 else -1)
        balance += cents
        when, text = at.strftime("%d-%m-%Y %H:%M:%S"), f"Vorgang {number:06d}"
        lines.append(
            f"settled;{when};{when};{cents / 100:.2f};{balance / 100:.2f};EUR;{IBAN};Partner {number % 211};"
            f"FR7630006000011234567890189;Transfer;00000000-0000-0000-0000-{number:012d};{text};;;Qonto;Sales"
        )
        existing.append(Existing(number, at.date(), Decimal(cents) / 100, (), f"Partner {number % 211} {text}"))
    return "\n".join(lines).encode(), existing


def test_ten_thousand_rows_are_read_and_planned_in_seconds():
    content, existing = history(10_000)
    began = time.process_time()
    statement = read_statement(content)
    plan = make_plan(statement.rows, Account(IBAN), existing)
    assert time.process_time() - began < 4
    assert plan.counts[Decision.PRESENT] == 10_000
    assert plan.chain.break_count == 0


def test_memory_is_that_of_the_rows_and_not_of_the_file():
    content, existing = history(4_000)
    tracemalloc.start()
    try:
        statement = read_statement(content)
        make_plan(statement.rows, Account(IBAN), existing)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3_000 * 4_000
