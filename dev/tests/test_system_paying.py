"""A bill paid in one tab, approved on the phone in another: the first tab says so by itself, and money left once."""

import re
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from system_world import Bank, Office, company_database

from devtools import browser, systems

SLOW = 60_000  # milliseconds: the first page compiles its assets
ACCEPTED = re.compile("Accepted by the bank|In process at the bank|Sent to the payees' banks")
VENDOR, IBAN = "Elbe Kabel GmbH", "DE89370400440532013000"


@pytest.fixture
def database() -> Iterator[str]:
    with company_database() as name:
        yield name


@pytest.fixture
def bank(new_bank: Callable[..., str]) -> Bank:
    bank = Bank(new_bank("--scenario", "small"))
    bank.ask("/payees", {"iban": IBAN, "holder": VENDOR})
    return bank


@pytest.fixture
def office(database: str, bank: Bank, odoo_server: Callable[..., systems.OdooServer]) -> Office:
    """Give an office that may pay from the main account."""
    office = Office(odoo_server(database, environment=bank.environment).url, database)
    office.introduce(bank)
    office.sync(office.connect(bank, main_only=True, purpose="pay"))
    return office


@contextmanager
def _chromium() -> Iterator[object]:
    """Give a browser, free of the limit of address space that Odoo put on the process of the tests."""
    limit, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        with sync_playwright() as driver:
            chromium = driver.chromium.launch(executable_path=browser.executable(), args=[*browser.FLAGS])
            yield chromium
            chromium.close()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def _order(office: Office) -> int:
    """Post a bill, and prepare its payment by Odoo's own *Pay*."""
    partner = office.call("res.partner", "create", [{"name": VENDOR}])[0]
    payee = office.call("res.partner.bank", "create", [{"partner_id": partner, "acc_number": IBAN}])[0]
    office.call("res.partner.bank", "write", [payee], {"allow_out_payment": True})
    bill = office.call("account.move", "create", [{
        "move_type": "in_invoice", "partner_id": partner, "partner_bank_id": payee, "invoice_date": office.today,
        "ref": "RE 4711", "invoice_line_ids": [(0, 0, {"name": "Cable", "price_unit": 123.45, "tax_ids": []})],
    }])[0]
    office.call("account.move", "action_post", [bill])
    (account,) = office.read("qonto.account", [], ["journal_id"])
    (method,) = office.read(
        "account.payment.method.line",
        [("journal_id", "=", account["journal_id"][0]), ("code", "=", "qonto_sct")], ["id"],
    )
    context = {"active_model": "account.move", "active_ids": [bill]}
    values = {"journal_id": account["journal_id"][0], "payment_method_line_id": method["id"]}
    wizard = office.call("account.payment.register", "create", [values], context=context)
    return office.call("account.payment.register", "action_create_payments", wizard, context=context)["res_id"]


def _logged_in(page: Page, office: Office, way: str) -> None:
    page.goto(f"{office.address}/web/login?redirect={way}", timeout=SLOW)
    page.fill("#login", "admin")
    page.fill("#password", "admin")
    page.click("button[type=submit]")


def test_approved_in_the_second_tab_the_first_says_accepted_and_one_debit_is_made(office: Office, bank: Bank) -> None:
    order = _order(office)
    owner = next(member for member in bank.ask("/state")["members"] if member["role"] == "owner")
    with _chromium() as chromium:
        desk, phone = chromium.new_page(viewport={"width": 1366, "height": 850}), chromium.new_page()
        _logged_in(desk, office, f"/odoo/qonto-payments/{order}")
        desk.click(".o_qonto_payment[data-stage='prepared'] .o_qonto_send", timeout=SLOW)
        expect(desk.locator(".o_qonto_payment[data-stage='phone'] .o_qonto_countdown")).to_be_visible(timeout=SLOW)
        desk.evaluate("window.sinceSent = true")  # gone with the next reload

        phone.goto(f"{bank.address}/phone/{owner['email']}")
        expect(phone.locator("body")).to_contain_text("123.45")
        expect(phone.locator("body")).to_contain_text(VENDOR)
        phone.locator("button[name='decision'][value='allow']").click()

        stage = desk.locator(".o_qonto_payment:is([data-stage='at_bank'], [data-stage='over']) .o_qonto_stage")
        expect(stage).to_contain_text(ACCEPTED, timeout=SLOW)
        assert desk.evaluate("window.sinceSent"), "the first tab was loaded again"
    assert [row["amount_cents"] for row in bank.ask("/debits?note=odoo-")["debits"]] == [12345]
