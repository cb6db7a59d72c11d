# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Every file that the bank's export page can make is read back to the cent, in every language and template."""

import base64
from datetime import date
from decimal import Decimal

import pytest

from statement_files import (
    Account,
    Code,
    DaySource,
    Decision,
    Existing,
    FileError,
    Status,
    make_plan,
    read_statement,
)

STATUSES = {"completed": Status.BOOKED, "pending": Status.PENDING, "declined": Status.DECLINED}


@pytest.fixture(scope="module")
def world(running_stand_in):
    running_stand_in.begin()
    account, other = running_stand_in.accounts()[:2]
    row = {"account_id": account["id"], "side": "debit"}
    running_stand_in.control("transactions", **row, amount_cents=123_456_789, label="Große Rechnung; \"in Raten\"",
                             settled_at="2026-02-11T23:15:00Z", reference="Zeile\nzwei")
    running_stand_in.control("transactions", **row, amount_cents=4512, label="CLOUDBARN INC", local_amount_cents=4900,
                             local_currency="USD", settled_at="2026-03-28T23:59:59Z", operation_type="card")
    for _twin in range(2):
        running_stand_in.control("transactions", **row, amount_cents=250, label="Kiosk", settled_at="2026-03-01T11:00Z")
    return running_stand_in, account["id"], other["id"]


def exported(world, **order):
    stand_in, account_id, _other = world
    answer = stand_in.control("export", **{"account_ids": [account_id], **order})
    return base64.b64decode(answer["content"])


def truth(world, index=1):
    stand_in = world[0]
    return next(account for account in stand_in.accounts() if account["id"] == world[index])


def of_row(row):
    """What every template tells of a booked row."""
    return row.day, row.amount, row.currency


def of_bank(row):
    return date.fromisoformat(row["local_date"]), Decimal(row["amount_cents"]) / 100, row["currency"]


@pytest.mark.parametrize("form", [{"format": "xlsx"}, {"format": "xlsx", "cells": "text"}, *(
    {"separator": separator, "encoding": encoding}
    for separator, encoding in (
        ("semicolon", "utf-8"), ("comma", "utf-8-sig"), ("tab", "utf-8"), ("semicolon", "cp1252"), ("tab", "utf-16"),
    )
)], ids=lambda form: "-".join(form.values()))
@pytest.mark.parametrize("template", ["simple", "full"])
@pytest.mark.parametrize("language", ["de", "en", "fr"])
def test_each_language_template_and_form_is_read_to_the_cent(world, language, template, form):
    statement = read_statement(exported(world, language=language, template=template, **form))
    assert not list(statement.problems)
    assert not statement.unknown_columns
    assert statement.language == language
    booked = [row for row in truth(world)["transactions"] if row["status"] == "completed"]
    rows = [row for row in statement.rows if row.status is Status.BOOKED]
    assert sorted(map(of_row, rows)) == sorted(map(of_bank, booked))


def test_a_full_file_tells_all_that_the_bank_knows(world):
    statement = read_statement(exported(world))
    facts = truth(world)
    by_id = {row["id"]: row for row in facts["transactions"]}
    assert len(statement.rows) == len(by_id)
    for row in statement.rows:
        bank = by_id[row.bank_id]
        assert row.status is STATUSES[bank["status"]]
        assert row.account_iban == facts["iban"]
        assert row.reference == " ".join((bank["reference"] or "").split())
        assert row.counterparty_iban == (bank["counterparty_iban"] or "")
        if bank["status"] == "completed":
            assert row.balance == Decimal(bank["settled_balance_cents"]) / 100
            assert row.settled_at.strftime("%Y-%m-%dT%H:%M:%S") == bank["settled_at"][:19]
            assert row.operation_day is not None
        else:
            assert (row.day, row.settled_at, row.balance) == (None, None, None)
        if bank["local_currency"] != bank["currency"]:
            signed = bank["local_amount_cents"] if bank["side"] == "credit" else -bank["local_amount_cents"]
            assert (row.local_amount, row.local_currency) == (Decimal(signed) / 100, bank["local_currency"])
        else:
            assert (row.local_amount, row.local_currency) == (None, "")


def test_the_balances_of_a_full_file_are_a_chain_that_ends_at_the_banks_balance(world):
    statement, facts = read_statement(exported(world)), truth(world)
    plan = make_plan(statement.rows, Account(facts["iban"]), [])
    assert (plan.chain.break_count, plan.chain.rows) == (0, plan.counts[Decision.NEW])
    assert plan.chain.opening == Decimal(facts["opening_balance_cents"]) / 100
    assert plan.chain.closing == Decimal(facts["balance_cents"]) / 100
    assert plan.totals[Decision.NEW] == plan.chain.closing - plan.chain.opening


@pytest.mark.parametrize("columns", [
    ["amount", "settled_utc"], ["reference", "settled_local", "debit", "credit"],
    ["credit", "id", "debit", "settled_local", "amount", "vat_rates", "note"],
])
def test_custom_columns_in_any_order(world, columns):
    statement = read_statement(exported(world, template="custom", columns=columns))
    booked = [row for row in truth(world)["transactions"] if row["status"] == "completed"]
    rows = [row for row in statement.rows if row.status is Status.BOOKED]
    assert sorted(of_row(row)[:2] for row in rows) == sorted(of_bank(row)[:2] for row in booked)


def test_without_a_local_column_the_day_is_converted_from_utc(world):
    statement = read_statement(exported(world, template="custom", columns=["amount", "settled_utc"]))
    great = next(row for row in statement.rows if row.amount == Decimal("-1234567.89"))
    assert (great.day, great.day_source) == (date(2026, 2, 12), DaySource.UTC)
    in_utc = read_statement(exported(world, template="custom", columns=["amount", "settled_utc"]), zone="UTC")
    assert next(row.day for row in in_utc.rows if row.amount == great.amount) == date(2026, 2, 11)


def test_a_file_without_settlement_dates_says_so(world):
    statement = read_statement(exported(world, template="custom", columns=["amount", "operation_local", "status"]))
    assert {row.day_source for row in statement.rows} == {DaySource.OPERATION}


@pytest.mark.parametrize(("columns", "missing"), [
    (["settled_local", "reference", "id"], "amount"), (["amount", "reference", "id"], "date"),
])
def test_a_custom_file_without_date_or_amount_is_refused(world, columns, missing):
    with pytest.raises(FileError) as caught:
        read_statement(exported(world, template="custom", columns=columns))
    assert (caught.value.code, caught.value.detail) == (Code.MISSING_COLUMN, missing)


def test_several_accounts_in_one_file_are_told_apart(world):
    statement = read_statement(exported(world, account_ids=[]))
    for index in (1, 2):
        facts = truth(world, index)
        plan = make_plan(statement.rows, Account(facts["iban"]), [])
        own = [row for row in facts["transactions"] if row["status"] == "completed"]
        assert plan.counts[Decision.NEW] == len(own)
        assert plan.totals[Decision.NEW] == Decimal(sum(row["amount_cents"] for row in own)) / 100
        assert plan.counts[Decision.OTHER_ACCOUNT] == len(statement.rows) - len(facts["transactions"])
        assert plan.chain.break_count == 0


# === WITH WHAT THE FEED HAS === #


def fed(facts, since=""):
    """What the feed has of an account from a day on."""
    return [
        Existing(
            row["id"], date.fromisoformat(row["local_date"]), Decimal(row["amount_cents"]) / 100,
            (row["id"], row["transaction_id"]),
            " ".join(filter(None, (row["label"], row["reference"], row["note"]))),
            balance=Decimal(row["settled_balance_cents"]) / 100,
        )
        for row in facts["transactions"] if row["status"] == "completed" and row["local_date"] >= since
    ]


@pytest.mark.parametrize("ids", ["id", "transaction_id", "other"])
@pytest.mark.parametrize("template", ["simple", "full"])
def test_a_file_fills_exactly_what_the_feed_lacks_whatever_its_ids_are(world, template, ids):
    """Open question 20: nobody knows which of the bank's ids the export shows."""
    facts = truth(world)
    booked = sorted(row["local_date"] for row in facts["transactions"] if row["status"] == "completed")
    seam = booked[len(booked) // 3]
    statement = read_statement(exported(world, template=template, ids=ids))
    plan = make_plan(statement.rows, Account(facts["iban"]), fed(facts, seam))
    new = sorted(of_row(one.row) for one in plan.decided if one.decision is Decision.NEW)
    lacking = [row for row in facts["transactions"] if row["status"] == "completed" and row["local_date"] < seam]
    assert new == sorted(map(of_bank, lacking))
    assert not plan.counts[Decision.SUSPECT]
    if template == "full":
        assert plan.ids_comparable is (ids != "other")


def test_a_file_that_ends_before_the_feed_begins_meets_its_balance_or_says_what_is_missing(world):
    facts = truth(world)
    days = sorted({row["local_date"] for row in facts["transactions"] if row["status"] == "completed"})
    seam = days[len(days) // 2]
    account = Account(facts["iban"])
    whole = read_statement(exported(world, end=days[len(days) // 2 - 1]))
    plan = make_plan(whole.rows, account, fed(facts, seam))
    assert (plan.seams, plan.seams_checked) == ((), 1)
    short = read_statement(exported(world, end=days[len(days) // 2 - 2]))
    plan = make_plan(short.rows, account, fed(facts, seam))
    lacking = [
        row["amount_cents"] for row in facts["transactions"] if row["local_date"] == days[len(days) // 2 - 1]
    ]
    assert [seam.missing for seam in plan.seams] == [Decimal(sum(lacking)) / 100]
