"""Uninstalling: everything that is accounting stays as it is, and the addon can come back."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from system_world import Bank, Office, assert_books_equal_bank, company_database, query

from devtools import say, systems

BOOKS = (
    "account_account", "account_bank_statement_line", "account_full_reconcile", "account_journal", "account_move",
    "account_move_line", "account_partial_reconcile", "account_payment", "account_payment_method_line", "res_partner",
    "res_partner_bank",
)
ROOT_WARNING = "Running as user 'root' is a security risk."


@pytest.fixture
def database() -> Iterator[str]:
    with company_database() as name:
        yield name


def _books(database: str) -> dict[str, dict[int, dict[str, Any]]]:
    """Return all rows of all tables that hold accounting, with every column."""
    return {
        table: {
            row["id"]: row
            for row in map(json.loads, query(database, f"SELECT to_jsonb({table}) FROM {table}"))
        }
        for table in BOOKS
    }


def test_uninstalling_leaves_lines_matches_payments_and_balances_unchanged(
    database: str, new_bank: Callable[..., str], odoo_server: Callable[..., systems.OdooServer]
) -> None:
    bank = Bank(new_bank("--scenario", "small"))
    bank.add(bank.accounts()[0]["id"], 12_50, "Heute gekommen")
    server = odoo_server(database, environment=bank.environment)
    office = Office(server.url, database)
    office.introduce(bank)
    accounts = office.connect(bank)
    assert {run["state"] for run in office.sync(accounts)} == {"done"}
    assert_books_equal_bank(office, bank)
    line = _match_a_line_with_an_invoice(office)
    payment = _pay_a_bill(office)
    _let_the_consent_end_soon(office, database)
    before = _books(database)
    # The ways to pay by Qonto that no payment uses go; those in use become payments by hand.
    ours = query(
        database, "SELECT line.id FROM account_payment_method_line line JOIN account_payment_method method"
        " ON method.id = line.payment_method_id WHERE method.code = 'qonto_sct'",
    )
    assert ours
    for line_id in ours:
        del before["account_payment_method_line"][int(line_id)]

    office.call("ir.module.module", "button_immediate_uninstall", _addon(office))
    office = Office(server.url, database)
    assert office.read("ir.module.module", [("name", "=", "qonto_psd2_sync")], ["state"])[0]["state"] == "uninstalled"
    after = _books(database)

    assert {table: sorted(rows) for table, rows in after.items()} == {
        table: sorted(rows) for table, rows in before.items()
    }
    for table, rows in before.items():
        for number, row in rows.items():
            gone = set(row) - set(after[table][number])
            assert all(name.startswith("qonto_") for name in gone), (table, gone)
            stays = {name: value for name, value in row.items() if name not in gone}
            if stays.get("bank_statements_source") == "qonto":
                stays["bank_statements_source"] = "undefined"
            assert after[table][number] == _with_times_of(after[table][number], stays), (table, number)
    assert "qonto" not in {row["bank_statements_source"] for row in after["account_journal"].values()}
    assert query(database, "SELECT tablename FROM pg_tables WHERE tablename LIKE 'qonto%'") == []
    assert office.read("account.bank.statement.line", [("id", "=", line)], ["is_reconciled"])[0]["is_reconciled"]
    assert office.read("account.payment", [("id", "=", payment)], ["state"])[0]["state"] in ("in_process", "paid")
    complaints = [text for text in systems.complaints(server.log.read_text()) if ROOT_WARNING not in text]
    assert complaints == []

    # And back again: the lines of before are Odoo's own now, and connecting anew says so instead of doubling them.
    office.call("ir.module.module", "button_immediate_install", _addon(office))
    office = Office(server.url, database)
    assert office.read("ir.module.module", [("name", "=", "qonto_psd2_sync")], ["state"])[0]["state"] == "installed"
    complaints = [text for text in systems.complaints(server.log.read_text()) if ROOT_WARNING not in text]
    assert complaints == []
    office.introduce(bank)
    with pytest.raises(say.Problem, match=r"already has lines from"):
        office.connect(bank, main_only=True)
    assert office.read("qonto.account", [], ["name"]) == []


def _let_the_consent_end_soon(office: Office, database: str) -> None:
    """Leave a reminder on the journal, of a kind that goes with the addon."""
    query(database, "UPDATE qonto_consent SET valid_until = now() AT TIME ZONE 'UTC' + interval '2 days' RETURNING id")
    cron = office.call("ir.model.data", "check_object_reference", "qonto_psd2_sync", "ir_cron_sync_1")[1]
    office.call("ir.cron", "method_direct_trigger", [cron])
    assert office.read("mail.activity", [("res_model", "=", "account.journal")], ["summary"])


def _addon(office: Office) -> list[int]:
    return [module["id"] for module in office.read("ir.module.module", [("name", "=", "qonto_psd2_sync")], ["id"])]


def _with_times_of(other: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """Handing a journal back writes to it; who wrote last and when is no matter of accounting."""
    return {**row, **{name: other[name] for name in ("write_date", "write_uid") if name in other}}


def _partner(office: Office, name: str) -> int:
    return office.call("res.partner", "create", [{"name": name}])[0]


def _posted(office: Office, kind: str, partner: int, amount: float) -> int:
    line = {"name": "Licht", "price_unit": amount, "tax_ids": [(5,)]}
    values = {
        "move_type": kind, "partner_id": partner, "invoice_date": office.today, "invoice_line_ids": [(0, 0, line)],
    }
    move = office.call("account.move", "create", [values])
    office.call("account.move", "action_post", move)
    return move[0]


def _match_a_line_with_an_invoice(office: Office) -> int:
    """Match an incoming line with an invoice over its amount, as stock Odoo's own tests do; return the line."""
    line = office.read(
        "account.bank.statement.line", [("amount", ">", 0), ("foreign_currency_id", "=", False)],
        ["amount", "move_id"], limit=1,
    )[0]
    partner = _partner(office, "Altbau Bremen eG")
    invoice = _posted(office, "out_invoice", partner, line["amount"])
    receivable = office.read(
        "account.move.line", [("move_id", "=", invoice), ("account_type", "=", "asset_receivable")], ["account_id"]
    )[0]
    journal = office.read("account.move", [("id", "=", line["move_id"][0])], ["journal_id"])[0]["journal_id"][0]
    suspense = office.read("account.journal", [("id", "=", journal)], ["suspense_account_id"])[0]
    other_side = office.read(
        "account.move.line",
        [("move_id", "=", line["move_id"][0]), ("account_id", "=", suspense["suspense_account_id"][0])], ["id"],
    )[0]
    values = {"account_id": receivable["account_id"][0], "partner_id": partner}
    office.call(
        "account.move.line", "write", [other_side["id"]], values,
        context={"skip_account_move_synchronization": True},
    )
    office.call("account.move.line", "reconcile", [other_side["id"], receivable["id"]])
    state = office.read("account.move", [("id", "=", invoice)], ["payment_state"])[0]["payment_state"]
    assert state == "paid"
    assert office.read("account.bank.statement.line", [("id", "=", line["id"])], ["is_reconciled"])[0]["is_reconciled"]
    return line["id"]


def _pay_a_bill(office: Office) -> int:
    """Pay a bill from the connected journal through stock Odoo's wizard; return the payment."""
    bill = _posted(office, "in_invoice", _partner(office, "Strom Nord AG"), 119.0)
    journal = office.read("qonto.account", [("main", "=", True)], ["journal_id"])[0]["journal_id"][0]
    context = {"active_model": "account.move", "active_ids": [bill]}
    wizard = office.call("account.payment.register", "create", [{"journal_id": journal}], context=context)
    office.call("account.payment.register", "action_create_payments", wizard, context=context)
    (payment,) = office.read("account.payment", [("journal_id", "=", journal)], ["state"])
    return payment["id"]
