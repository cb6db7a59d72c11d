"""The import of a bank file whose server dies: it goes on by itself, and brings each row once."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException

import pytest
from system_world import Bank, Office, company_database, number, query, wait_until

from devtools import systems
from devtools.checking.files import IMPORT, FileCheck

ROWS = 2000 if os.environ.get("QONTO_TEST_FULL") else 800
BATCH = 200
WITHIN = 120  # seconds, on a busy machine
POSITION = "SELECT position FROM qonto_file_import"
LINES = "SELECT count(*) FROM account_bank_statement_line"
AT_WORK = "SELECT count(*) FROM qonto_account WHERE lease_until > now() AT TIME ZONE 'UTC'"
WORKER = "SELECT lease_owner FROM qonto_account WHERE lease_owner IS NOT NULL"
ONE_CRON = "--max-cron-threads=1"


@pytest.fixture
def database() -> Iterator[str]:
    with company_database() as name:
        yield name


def test_an_import_whose_server_is_killed_three_times_ends_by_itself_with_each_row_once(
    database: str, new_bank: Callable[..., str], odoo_server: Callable[..., systems.OdooServer]
) -> None:
    bank = Bank(new_bank("--scenario", "empty"))
    bank.ask("/transactions/generate", {"account_id": bank.accounts()[0]["id"], "count": ROWS, "days": 400})
    server = odoo_server(database, environment=bank.environment)
    office = Office(server.url, database)
    office.introduce(bank)
    accounts = office.connect(bank, main_only=True)
    files = _check(office, bank, accounts)
    content = files.export()
    record = files.preview(content)
    office.call(IMPORT, "import_start", [record])

    # In the middle of the first batch, which somebody watches: nothing of it is there.
    with ThreadPoolExecutor() as browser, suppress(OSError, HTTPException):
        step = browser.submit(office.call, IMPORT, "import_step", [record])
        wait_until(lambda: number(database, AT_WORK), seconds=WITHIN, what="the first batch is begun")
        time.sleep(0.5)
        server.kill()
        step.result()
    _expect_whole_batches(database, 0)

    # Right after a commit, then shortly before the end: the scheduled action is at it, nobody watches.
    for least, pause in ((BATCH, 0), (ROWS - BATCH, 0.5)):
        dead = _expect_a_lease_of_the_dead(database)
        server = odoo_server(database, ONE_CRON, environment=bank.environment)
        _wake_the_scheduler(database, dead)
        wait_until(
            lambda least=least: number(database, POSITION) >= least, seconds=WITHIN, what=f"{least} rows are in"
        )
        time.sleep(pause)
        server.kill()
        _expect_whole_batches(database, least)

    dead = _expect_a_lease_of_the_dead(database)
    server = odoo_server(database, ONE_CRON, environment=bank.environment)
    _wake_the_scheduler(database, dead)
    wait_until(
        lambda: query(database, "SELECT state FROM qonto_file_import") == ["done"],
        seconds=WITHIN, what="the import ends by itself",
    )
    office = Office(server.url, database)
    files = _check(office, bank, accounts)
    files.expect_all_once()
    info = office.call(IMPORT, "screen_info", [record])
    assert {info[name] for name in ("rows", "total", "position", "booked", "line_count")} == {ROWS}
    assert (info["failure"], info["balances"]["agrees"]) == ("", True)
    (day,) = query(database, "SELECT to_char(imported_at AT TIME ZONE 'UTC', 'MM/DD/YYYY') FROM qonto_file_import")
    assert f"was imported on {day} by" in files.expect_refusal(content)
    # A sync takes over what the file brought, and brings none of it again.
    assert [(run["state"], run["booked"]) for run in office.sync(accounts)] == [("done", 0)]
    files.expect_all_once()


def _check(office: Office, bank: Bank, accounts: list[int]) -> FileCheck:
    (account,) = office.read(
        "qonto.account", [("id", "in", accounts)], ["name", "bank_ref", "journal_id", "start_date"]
    )
    return FileCheck(office, office, bank.address, account, bank.accounts()[0])


def _expect_whole_batches(database: str, least: int) -> None:
    """What was committed is whole: as many lines as the record says, and no line without its batch."""
    position = number(database, POSITION)
    assert query(database, "SELECT state FROM qonto_file_import") == ["importing"]
    assert least <= position < ROWS
    assert position % BATCH == 0
    assert number(database, LINES) == position
    assert number(database, "SELECT count(*) FROM qonto_transaction WHERE file_only") == position


def _expect_a_lease_of_the_dead(database: str) -> list[str]:
    """It has minutes left, and keeps nobody off: its process is gone. The scheduled action is due.

    :return: who had it
    """
    assert number(database, AT_WORK) == 1
    query(
        database,
        "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' - interval '1 second' "
        "WHERE cron_name LIKE 'Qonto: sync%'",
    )
    return query(database, WORKER)


def _wake_the_scheduler(database: str, dead: list[str]) -> None:
    """It looks by itself once a minute; said to it before it listens, it does not hear."""
    def at_work() -> bool:
        query("postgres", f"NOTIFY cron_trigger, '{database}'")
        return query(database, WORKER) != dead

    wait_until(at_work, seconds=WITHIN, what="the scheduled action is at work")
