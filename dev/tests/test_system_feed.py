"""The feed when things go wrong at the worst moment: a server that dies, and two that do the same work."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException

import pytest
from system_world import Bank, Office, assert_books_equal_bank, company_database, number, query, wait_until

from devtools import systems

TRANSACTIONS = 400
ROWS = "SELECT count(*) FROM qonto_transaction"
KNOWN_ENTRIES = "SELECT greatest(reltuples, 0)::int FROM pg_class WHERE oid = 'account_move'::regclass"
LINES = "SELECT count(*) FROM account_bank_statement_line"


@pytest.fixture
def database() -> Iterator[str]:
    with company_database() as name:
        yield name


@pytest.fixture
def bank(new_bank: Callable[..., str]) -> Bank:
    return Bank(new_bank("--scenario", "empty"))


def _fill(bank: Bank, count: int) -> None:
    main = bank.accounts()[0]["id"]
    bank.ask("/transactions/generate", {"account_id": main, "count": count, "days": 80})


def test_a_server_killed_twice_in_its_first_sync_loses_and_doubles_nothing(
    database: str, bank: Bank, odoo_server: Callable[..., systems.OdooServer]
) -> None:
    _fill(bank, TRANSACTIONS)
    server = odoo_server(database, environment=bank.environment)
    office = Office(server.url, database)
    office.introduce(bank)
    accounts = office.connect(bank, main_only=True)

    # The third page does not come: the server dies while it waits, with two pages committed.
    bank.ask("/faults", {"path_prefix": "/v2/transactions", "kind": "delay", "seconds": 60, "skip": 2})
    _killed_in_the_middle_of(
        server, office, accounts, lambda: number(database, ROWS) > 150, "two pages are in the database"
    )
    bank.ask("/faults", method="DELETE")
    assert 0 < number(database, ROWS) < TRANSACTIONS
    assert number(database, LINES) == 0
    _expect_a_lease_of_the_dead(database)

    # Once more, in the second batch of bank lines.
    server = odoo_server(database, environment=bank.environment)
    office = Office(server.url, database)
    _killed_in_the_middle_of(
        server, office, accounts, lambda: number(database, LINES) >= 200, "a batch of bank lines is in the database"
    )
    assert 0 < number(database, LINES) < TRANSACTIONS
    _expect_a_lease_of_the_dead(database)

    server = odoo_server(database, environment=bank.environment)
    office = Office(server.url, database)
    (run,) = office.sync(accounts)
    assert run["state"] == "done"
    assert run["new"] == TRANSACTIONS, "the run that died went on, and counts what it did before"
    assert assert_books_equal_bank(office, bank).booked_lines == TRANSACTIONS


def _killed_in_the_middle_of(
    server: systems.OdooServer, office: Office, accounts: list[int], reached: Callable[[], bool], what: str
) -> None:
    """Sync in the background, and let the server die as soon as a point is reached."""
    with ThreadPoolExecutor() as background, suppress(OSError, HTTPException):
        syncing = background.submit(office.sync, accounts)
        wait_until(lambda: reached() or syncing.done(), seconds=60, what=what)
        time.sleep(0.5)  # into what comes next: a batch of bank lines takes seconds
        assert not syncing.done(), syncing.exception() or syncing.result()
        server.kill()
        syncing.result()


def _expect_a_lease_of_the_dead(database: str) -> None:
    """It has time left, and keeps nobody off: its process is gone."""
    assert query(database, "SELECT lease_owner FROM qonto_account WHERE lease_until > now() AT TIME ZONE 'UTC'")


def test_while_many_lines_come_the_database_plans_with_those_that_are_there(
    database: str, bank: Bank, odoo_server: Callable[..., systems.OdooServer]
) -> None:
    _fill(bank, 450)
    server = odoo_server(database, environment=bank.environment)
    office = Office(server.url, database)
    office.introduce(bank)
    accounts = office.connect(bank, main_only=True)
    before = number(database, KNOWN_ENTRIES)
    office.sync(accounts)
    # Nobody else makes statistics here: tests run without autovacuum.
    assert number(database, KNOWN_ENTRIES) >= before + 200


def test_two_servers_that_sync_the_same_account_at_once_book_each_line_once(
    database: str, bank: Bank, odoo_server: Callable[..., systems.OdooServer]
) -> None:
    _fill(bank, 150)
    servers = [odoo_server(database, environment=bank.environment) for _ in range(2)]
    offices = [Office(server.url, database) for server in servers]
    offices[0].introduce(bank)
    accounts = offices[0].connect(bank, main_only=True)
    with ThreadPoolExecutor() as at_once:
        reports = list(at_once.map(lambda office: office.sync(accounts), offices))
    assert [run["state"] for report in reports for run in report] == ["done", "done"]
    assert assert_books_equal_bank(offices[0], bank).booked_lines == 150
    for server in servers:
        assert "ERROR" not in server.log.read_text()
