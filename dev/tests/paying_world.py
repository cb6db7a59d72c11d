"""An office that pays, in a real browser: who sends, who prepares, vendors and bills, and the phone in a second tab."""

import itertools
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright
from system_world import Bank, Office, query, wait_until

from devtools import browser
from devtools.checking.web import WebClient

SLOW = 60_000  # milliseconds: the first page compiles its assets
SIZE = {"width": 1366, "height": 850}
expect.set_options(timeout=30_000)  # of what is not said otherwise: two cores are busy at times
IBANS = (
    "DE89370400440532013000", "DE02120300000000202051", "DE75512108001245126199", "DE02500105170137075030",
    "DE02100500000054540402", "DE02300209000106531065", "DE02200505501015871393", "DE02700202700010108669",
    "DE88100900001234567892",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser, free of the limit of address space that Odoo put on the process of the tests."""
    limit, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        with sync_playwright() as driver:
            running = driver.chromium.launch(executable_path=browser.executable(), args=[*browser.FLAGS])
            yield running
            running.close()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


@dataclass
class PayingOffice:
    """The office of an administrator, of Klara, who sends and may not trust accounts, and of Paul, who prepares."""

    office: Office
    bank: Bank
    database: str
    chromium: Browser
    ibans: dict[int, str] = field(default_factory=dict)
    _ibans: Iterator[str] = field(default_factory=lambda: iter(IBANS))
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(4711))

    def __post_init__(self) -> None:
        self.office.introduce(self.bank)
        self.user("klara", "Klara Kasse", "feed_manager", "payment_send")
        self.user("paul", "Paul Vorlage", "payment_prepare")
        klara = Office(self.office.address, self.database, "klara")
        klara.sync(klara.connect(self.bank, main_only=True, purpose="pay"))
        (self.account,) = self.office.read("qonto.account", [], ["journal_id", "bank_ref"])
        self.owner = next(member for member in self.bank.ask("/state")["members"] if member["role"] == "owner")

    # === BOOKS === #

    def user(self, login: str, name: str, *groups: str) -> None:
        """Hire somebody."""
        ids = [self.office.call("ir.model.data", "check_object_reference", "qonto_psd2_sync", f"group_{group}")[1]
               for group in groups]
        self.office.call("res.users", "create", [{
            "login": login, "password": login, "name": name, "email": f"{login}@example.com",
            "group_ids": [(4, group) for group in ids],
        }])

    def vendor(self, name: str, *, trusted: bool = True) -> int:
        """Return a vendor whose bank knows the name."""
        iban = next(self._ibans)
        partner = self.office.call("res.partner", "create", [{"name": name}])[0]
        payee = self.office.call("res.partner.bank", "create", [{"partner_id": partner, "acc_number": iban}])[0]
        self.office.call("res.partner.bank", "write", [payee], {"allow_out_payment": trusted})
        self.bank.ask("/payees", {"iban": iban, "holder": name})
        self.ibans[partner] = iban
        return partner

    def bill(self, vendor: int, amount: float, number: str | None = None) -> int:
        """Return a posted bill that is due today."""
        today = self.office.today
        bill = self.office.call("account.move", "create", [{
            "move_type": "in_invoice", "partner_id": vendor, "invoice_date": today, "invoice_date_due": today,
            "ref": number or f"RE {next(self._numbers)}",
            "invoice_line_ids": [(0, 0, {"name": "Cable", "price_unit": amount, "tax_ids": []})],
        }])[0]
        self.office.call("account.move", "action_post", [bill])
        return bill

    def order(self, *bills: int, by: str = "klara") -> int:
        """Prepare the payment of bills, a transfer for each."""
        client = WebClient(self.office.address, self.database, by, by)
        wizard = client.call("qonto.pay", "action_pay_bills", list(bills))["res_id"]
        client.call("qonto.pay", "write", [wizard], {"group_by_payee": False})
        return client.call("qonto.pay", "action_prepare", [wizard])["res_id"]

    def transfers(self, order: int) -> list[dict[str, Any]]:
        """Return how the transfers of an order stand."""
        return self.office.read("qonto.transfer", [("order_id", "=", order)], ["state", "amount", "bank_ref", "reason"])

    def debits(self, *amounts: float) -> list[float]:
        """Return what the bank debited for Odoo of these amounts, each as often as it did."""
        rows = self.bank.ask("/debits?note=odoo-")["debits"]
        return sorted(row["amount_cents"] / 100 for row in rows if row["amount_cents"] / 100 in amounts)

    def sql(self, statement: str) -> list[str]:
        """Run a statement on Odoo's database: the clock of a running server cannot be moved, what it remembers can."""
        return query(self.database, statement)

    def look_up(self, order: int, count: int) -> None:
        """Let Odoo look up what became of an order whose answer was lost; it has done so in vain this often then."""
        # While a worker is at it, it says itself at its end when it comes again, and would overwrite this.
        due_now = (
            f"UPDATE qonto_payment_order SET due_at = now() AT TIME ZONE 'UTC'"
            f" WHERE id = {order} AND work_owner IS NULL RETURNING id"
        )
        wait_until(lambda: self.sql(due_now), seconds=30, what=f"look-up {count} due while nobody is at work")
        vain = (
            "SELECT json_array_length(not_found_at::json) FROM qonto_transfer transfer"
            " JOIN qonto_payment_order orders ON orders.id = order_id"
            f" WHERE order_id = {order} AND work_owner IS NULL"
        )
        wait_until(lambda: self.sql(vain) == [str(count)], seconds=30, what=f"{count} look-ups")

    def a_day_later(self, order: int) -> None:
        """Let a day have gone by since the last look-up."""
        self.sql(
            "UPDATE qonto_transfer SET not_found_at = (SELECT jsonb_agg(looked::timestamptz - interval '1 day')"
            f" FROM jsonb_array_elements_text(not_found_at::jsonb) looked) WHERE order_id = {order}"
        )

    # === SCREENS === #

    @contextmanager
    def screen(self, login: str = "klara", way: str = "/odoo/qonto-payments") -> Iterator[Page]:
        """Give the browser of somebody who is logged in."""
        context = self.chromium.new_context(viewport=SIZE)
        try:
            page = context.new_page()
            page.set_default_timeout(SLOW)
            page.goto(f"{self.office.address}/web/login?redirect={way}", timeout=SLOW)
            page.fill("#login", login)
            page.fill("#password", login)
            page.click("button[type=submit]")
            page.wait_for_selector(".o_main_navbar")
            yield page
        finally:
            context.close()

    def phone(self, desk: Page, decision: str, *shown: str) -> None:
        """Open the phone in a second tab of the same browser, see what it shows, decide, and close it."""
        phone = desk.context.new_page()
        phone.goto(f"{self.bank.address}/phone/{self.owner['email']}")
        challenge = phone.locator(".challenge").last
        for text in shown:
            expect(challenge).to_contain_text(text)
        challenge.locator(f"button[name='decision'][value='{decision}']").click()
        expect(phone.locator(".challenge")).to_have_count(0)
        phone.close()

    def open(self, page: Page, order: int) -> None:
        """Open an order's screen."""
        page.goto(f"{self.office.address}/odoo/qonto-payments/{order}")
        page.wait_for_selector(".o_qonto_payment")


def stage(page: Page, *names: str) -> None:
    """Wait until the order that a page shows is there."""
    shown = page.locator(", ".join(f".o_qonto_payment[data-stage='{name}']" for name in names))
    expect(shown).to_be_visible(timeout=SLOW)


def reason(page: Page, text: str) -> None:
    """Answer the question why."""
    expect(page.locator(".modal .o_qonto_confirm")).to_be_disabled()
    page.fill(".modal .o_qonto_reason", text)
    page.click(".modal .o_qonto_confirm")

