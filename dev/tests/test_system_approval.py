"""The bank asks for an approval while a real server reads: what is fetched is committed before and after."""

import time
from collections.abc import Callable, Iterator

import pytest
from system_world import Bank, Office, assert_books_equal_bank, company_database, number, query

from devtools import systems

ROWS = "SELECT count(*) FROM qonto_transaction"


@pytest.fixture
def database() -> Iterator[str]:
    with company_database() as name:
        yield name


@pytest.fixture
def bank(new_bank: Callable[..., str]) -> Bank:
    return Bank(new_bank("--scenario", "empty"))


@pytest.fixture
def office(database: str, bank: Bank, odoo_server: Callable[..., systems.OdooServer]) -> Office:
    """Give an office with a connected main account, of which nothing was fetched yet, and 250 rows at the bank."""
    office = Office(odoo_server(database, environment=bank.environment).url, database)
    office.introduce(bank)
    office.connect(bank, main_only=True)
    bank.ask("/transactions/generate", {"account_id": bank.accounts()[0]["id"], "count": 250, "days": 80})
    return office


def _challenges(bank: Bank) -> int:
    return len(bank.ask("/sca")["sessions"])


def test_approved_on_the_phone_it_goes_on_from_the_same_page(office: Office, bank: Bank, database: str) -> None:
    accounts = [account["id"] for account in office.read("qonto.account", [], ["id"])]
    # The third page is asked for slowly, so that the approval is asked for in the middle.
    bank.ask("/faults", {"path_prefix": "/v2/transactions", "kind": "delay", "seconds": 5, "skip": 1})
    runs = office.call("qonto.account", "sync_start", accounts)
    office.call("qonto.account", "sync_step", accounts, runs)
    fetched = number(database, ROWS)
    assert 100 <= fetched < 250
    bank.ask("/sca/reading", {})
    (run,) = office.call("qonto.account", "sync_step", accounts, runs)["runs"]
    assert run["approval"]["seconds"] > 890
    assert number(database, ROWS) == fetched
    assert not query(database, "SELECT sca_token_sealed FROM qonto_sync_run")[0].startswith("sca")
    bank.ask("/sca", {"decision": "allow"})
    time.sleep(2)  # the bank is asked every two seconds at most
    (run,) = office.sync(accounts)
    assert (run["state"], run["approval"], _challenges(bank)) == ("done", False, 1)
    assert run["received"] <= 252, "no page was asked for twice"
    assert_books_equal_bank(office, bank)


def test_refused_on_the_phone_what_was_fetched_stays_and_no_schedule_asks_again(
    office: Office, bank: Bank, database: str
) -> None:
    accounts = [account["id"] for account in office.read("qonto.account", [], ["id"])]
    office.sync(accounts)
    bank.add(bank.accounts()[0]["id"], 10_00, "News")
    bank.ask("/sca/reading", {})
    runs = office.call("qonto.account", "sync_start", accounts)
    (run,) = office.call("qonto.account", "sync_step", accounts, runs)["runs"]
    assert run["approval"]
    bank.ask("/sca", {"decision": "deny"})
    time.sleep(2)
    (run,) = office.call("qonto.account", "sync_step", accounts, runs)["runs"]
    assert run["state"] == "failed"
    assert "refused in the Qonto app" in run["message"]
    assert number(database, ROWS) == 250
    for name in ("ir_cron_sync_1", "ir_cron_sync_2"):
        cron = office.call("ir.model.data", "check_object_reference", "qonto_psd2_sync", name)[1]
        office.call("ir.cron", "method_direct_trigger", [cron])
    assert _challenges(bank) == 1
    (account,) = office.read("qonto.account", [], ["status", "next_sync_at"])
    assert account["status"] == "needs_you"
    assert not account["next_sync_at"]
