"""Scheduled actions in a real server: what is due arrives by itself, and one failing account stops no other."""

from collections.abc import Callable, Iterator

import pytest
from system_world import Bank, Office, assert_books_equal_bank, company_database, number, query, wait_until

from devtools import systems

WITHIN = 60  # seconds


@pytest.fixture
def database() -> Iterator[str]:
    with company_database() as name:
        yield name


def _let_time_go_by(database: str) -> None:
    """Make all accounts and the scheduled actions due, and wake the server up as Odoo itself does."""
    query(database, "UPDATE qonto_account SET next_sync_at = now() AT TIME ZONE 'UTC' - interval '1 minute'")
    query(
        database,
        "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' - interval '1 second' "
        "WHERE cron_name LIKE 'Qonto: sync%'",
    )
    query("postgres", f"NOTIFY cron_trigger, '{database}'")


def test_due_accounts_sync_by_themselves_and_a_failing_one_stops_no_other(
    database: str, new_bank: Callable[..., str], odoo_server: Callable[..., systems.OdooServer]
) -> None:
    bank = Bank(new_bank("--scenario", "empty"))
    main, taxes = (account["id"] for account in bank.accounts())
    bank.add(main, 1250_00, "Altbau Bremen eG")
    bank.add(taxes, 300_00, "Rücklage")
    server = odoo_server(database, "--max-cron-threads=2", environment=bank.environment)
    office = Office(server.url, database)
    office.introduce(bank)
    accounts = office.connect(bank)
    office.sync(accounts)
    assert assert_books_equal_bank(office, bank).booked_lines == 2

    def lines_of(account: str) -> int:
        return number(
            database,
            "SELECT count(*) FROM account_bank_statement_line AS line"
            " JOIN qonto_transaction AS bank ON bank.id = line.qonto_transaction_id"
            f" JOIN qonto_account AS account ON account.id = bank.account_id WHERE account.bank_ref = '{account}'",
        )

    bank.add(main, -80_00, "Zweite Zahlung")
    bank.add(taxes, 45_50, "Zweite Rücklage")
    _let_time_go_by(database)
    wait_until(
        lambda: (lines_of(main), lines_of(taxes)) == (2, 2), seconds=WITHIN, what="new transactions arrive by schedule"
    )
    assert_books_equal_bank(office, bank)

    # The bank no longer shows the main account, which is asked first.
    bank.ask("/faults", {"path_prefix": f"/v2/bank_accounts/{main}", "kind": "status", "status": 403, "times": None})
    bank.add(main, -19_00, "Dritte Zahlung")
    bank.add(taxes, 12_00, "Dritte Rücklage")
    _let_time_go_by(database)
    wait_until(lambda: lines_of(taxes) == 3, seconds=WITHIN, what="the sound account syncs")
    wait_until(
        lambda: number(database, "SELECT count(*) FROM qonto_account WHERE failing_since IS NOT NULL") == 1,
        seconds=WITHIN, what="the other one is known to fail",
    )
    cards = {
        account["bank_ref"]: office.card(account["journal_id"][0])
        for account in office.read("qonto.account", [], ["bank_ref", "journal_id"])
    }
    assert cards[taxes]["qonto_headline"] == "Connected"
    assert cards[main]["qonto_headline"] == "Needs you"
    assert "Qonto does not allow this" in cards[main]["qonto_reason"]

    # Once the bank shows it again, it catches up.
    bank.ask("/faults", method="DELETE")
    _let_time_go_by(database)
    wait_until(lambda: lines_of(main) == 3, seconds=WITHIN, what="the account that failed catches up")
    assert_books_equal_bank(office, bank)
    wait_until(
        lambda: all(
            office.card(account["journal_id"][0])["qonto_headline"] == "Connected"
            for account in office.read("qonto.account", [], ["journal_id"])
        ),
        seconds=WITHIN, what="both cards say Connected",
    )
