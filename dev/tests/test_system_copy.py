"""A copy of a company's database beside the original: it reads and sends nothing, and the original goes on."""

from collections.abc import Callable, Iterator

import pytest
from system_world import Bank, Office, assert_books_equal_bank, company_database, number, query

from devtools import say, systems

KEY = "QONTO_PSD2_SYNC_KEY"
TOKENS = "SELECT count(*) FROM qonto_token"


@pytest.fixture
def database() -> Iterator[str]:
    with company_database() as name:
        yield name


@pytest.fixture
def bank(new_bank: Callable[..., str]) -> Bank:
    return Bank(new_bank("--scenario", "small"))


def _questions(bank: Bank) -> list[str]:
    return [f"{entry['method']} {entry['path']}" for entry in bank.ask("/requests")["requests"]]


def test_a_copy_beside_the_original_reads_and_sends_nothing_and_the_original_goes_on(
    database: str, bank: Bank, odoo_server: Callable[..., systems.OdooServer]
) -> None:
    with systems.odoo_server(database, environment=bank.environment) as server:
        office = Office(server.url, database)
        office.introduce(bank)
        accounts = office.connect(bank)
        office.sync(accounts)
        assert_books_equal_bank(office, bank)
    with systems.copied(database) as copy:
        original = Office(odoo_server(database, environment=bank.environment).url, database)
        # The copy has its scheduled actions, too.
        beside = odoo_server(copy, "--max-cron-threads=1", environment=bank.environment)
        shadow = Office(beside.url, copy)
        bank.add(bank.accounts()[0]["id"], 99_00, "After the copy was made")
        bank.ask("/requests", method="DELETE")

        for run in shadow.sync(accounts):
            assert run["state"] == "failed"
            assert "looks like a copy" in run["message"]
        for name in ("ir_cron_sync_1", "ir_cron_sync_2"):
            shadow.call("ir.cron", "method_direct_trigger", [shadow.call("ir.model.data", "check_object_reference",
                        "qonto_psd2_sync", name)[1]])
        for account in shadow.read("qonto.account", [], ["status", "status_reason", "next_sync_at"]):
            assert account["status"] == "needs_you"
            assert "Connect Qonto again" in account["status_reason"]
            assert not account["next_sync_at"]
        # Not even disconnecting it reaches the bank: it has no token to give back.
        consent = shadow.read("qonto.consent", [("state", "=", "active")], ["id"])[0]["id"]
        shadow.call("qonto.consent", "action_withdraw", [consent])
        (told,) = shadow.read("qonto.consent", [("id", "=", consent)], ["state", "bank_told", "bank_told_problem"])
        assert (told["state"], told["bank_told"]) == ("withdrawn", "no")
        # It can't connect with the original's credentials either: it asks for its own.
        wizard = shadow.call("qonto.connect", "create", [{"agreed": True, "purpose": "read"}])
        with pytest.raises(say.Problem, match="looks like a copy"):
            shadow.call("qonto.connect", "action_continue", wizard)
        assert _questions(bank) == []

        # The original is not disturbed.
        assert [run["state"] for run in original.sync(accounts)] == ["done"] * len(accounts)
        assert_books_equal_bank(original, bank)
        assert original.read("qonto.consent", [], ["state"])[0]["state"] == "active"
        assert "ERROR" not in beside.log.read_text()


def test_a_neutralised_database_has_no_token_and_no_secret(
    database: str, bank: Bank, odoo_server: Callable[..., systems.OdooServer]
) -> None:
    with systems.odoo_server(database, environment=bank.environment) as server:
        office = Office(server.url, database)
        office.introduce(bank)
        accounts = office.connect(bank)
    assert number(database, TOKENS) == 1
    bank.ask("/requests", method="DELETE")
    systems.run_odoo_command("neutralize", database)
    assert number(database, TOKENS) == 0
    assert query(database, "SELECT state FROM qonto_consent") == ["withdrawn"]
    assert number(database, "SELECT count(client_secret_sealed) FROM qonto_application") == 0
    server = odoo_server(database, "--max-cron-threads=1", environment=bank.environment)
    for run in Office(server.url, database).sync(accounts):
        assert run["state"] == "failed"
    assert _questions(bank) == []


def test_the_command_encrypts_anew_and_the_old_key_can_go(
    database: str, bank: Bank, odoo_server: Callable[..., systems.OdooServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = "an-old-key-" * 4, "a-new-key--" * 4
    with systems.odoo_server(database, environment={**bank.environment, KEY: old}) as server:
        office = Office(server.url, database)
        office.introduce(bank)
        accounts = office.connect(bank)
    monkeypatch.setenv(KEY, f"{new},{old}")
    assert "3 secrets are encrypted under the newest key, 0 could not be read" in systems.run_odoo_command(
        "qonto_rotate_key", database
    )
    monkeypatch.setenv(KEY, old)
    with pytest.raises(say.Problem, match="Keep the old keys"):
        systems.run_odoo_command("qonto_rotate_key", database)
    server = odoo_server(database, environment={**bank.environment, KEY: new})
    assert {run["state"] for run in Office(server.url, database).sync(accounts)} == {"done"}
