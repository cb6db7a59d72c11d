"""The whole way in a real browser, through the bank's real pages: what a person does, counted in clicks."""

import re
import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from system_world import Bank, Office, assert_books_equal_bank, company_database

from devtools import bank as stand_in
from devtools import browser, odoo_source, paths, processes, settings, systems

DASHBOARD = "/odoo/action-account.open_account_journal_dashboard_kanban"
CLICKS = 10
SECONDS = 180
SLOW = 60_000  # milliseconds: the first page compiles its assets


@dataclass
class Visitor:
    """A person at a screen, whose clicks are counted, and who hears what the browser complains of."""

    page: Page
    clicks: int = 0
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(20_000)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda message: self.complaints.append(message.text) if message.type == "error" else None
        )

    def click(self, selector: str) -> None:
        """Press something, and count it."""
        self.page.locator(selector).first.click()
        self.clicks += 1

    def see(self, selector: str, *, timeout: float = 20_000) -> None:
        """Wait for something to be on the screen."""
        expect(self.page.locator(selector).first).to_be_visible(timeout=timeout)


@dataclass(frozen=True)
class World:
    """The systems of one journey."""

    odoo: systems.OdooServer
    database: str
    bank: Bank
    browser: Browser

    def visitor(self) -> Visitor:
        """Return somebody who has logged in and sees the dashboard."""
        visitor = Visitor(self.browser.new_page(viewport={"width": 1366, "height": 768}))
        page = visitor.page
        page.goto(f"{self.odoo.url}/web/login?redirect={DASHBOARD}", timeout=SLOW)
        page.fill("#login", "admin")
        page.fill("#password", "admin")
        page.click("button[type=submit]")
        visitor.see(".o_account_kanban .o_kanban_record", timeout=SLOW)
        return visitor


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Give a company that has entered its app's credentials, and a browser."""
    with ExitStack() as stack:
        odoo = odoo_source.locate()
        log = paths.state("log", f"bank-journey-{processes.free_port()}.log")
        bank = Bank(stack.enter_context(
            stand_in.running(odoo.python, settings.environment(odoo), log, "--scenario", "small")
        ))
        database = stack.enter_context(company_database())
        server = stack.enter_context(systems.odoo_server(database, environment=bank.environment))
        Office(server.url, database).introduce(bank)
        stack.enter_context(_memory_enough_for_a_browser())
        driver = stack.enter_context(sync_playwright())
        chromium = driver.chromium.launch(executable_path=browser.executable(), args=[*browser.FLAGS])
        stack.callback(chromium.close)
        yield World(server, database, bank, chromium)


@contextmanager
def _memory_enough_for_a_browser() -> Iterator[None]:
    """Lift the limit of address space that Odoo, which serves HTTP in the process of the tests, has put on it."""
    limit, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def _say_yes_and_log_in(visitor: Visitor, bank: Bank) -> None:
    """Go from the dashboard to the bank's question."""
    visitor.click(".o_kanban_record button[name='action_qonto_connect']")
    visitor.see(".modal :text('What is shared')")
    visitor.click(".modal div[name='agreed'] input")
    visitor.click(".modal button[name='action_continue']")
    owner = next(member for member in bank.ask("/state")["members"] if member["role"] == "owner")
    visitor.see("h1:text('Log in')")
    visitor.page.fill("input[name='email']", owner["email"])
    visitor.page.fill("input[name='password']", owner["password"])
    visitor.click("button:text('Log in')")
    visitor.click("button.choice:has-text('Halvering Lichttechnik GmbH')")
    visitor.see("h1:text('Allow')")


def test_refusing_at_the_bank_ends_on_a_page_with_sentences_and_a_way_back(world: World) -> None:
    visitor = world.visitor()
    _say_yes_and_log_in(visitor, world.bank)
    visitor.click("button:text('Refuse')")
    visitor.see("h1:text('You did not allow access at Qonto')")
    visitor.see(":text('Nothing was connected, and nothing is shared.')")
    visitor.click("a:text('Back to Odoo')")
    visitor.see(".o_view_nocontent:has-text('No account is connected yet')", timeout=SLOW)
    # The page answers 400, which the browser itself reports.
    assert [text for text in visitor.complaints if "status of 400" not in text] == []
    visitor.page.close()


def test_first_line_in_ten_clicks_and_three_minutes_and_a_second_sync_adds_nothing(world: World) -> None:
    visitor = world.visitor()
    page = visitor.page
    began = time.monotonic()
    _say_yes_and_log_in(visitor, world.bank)
    visitor.click("button:text('Allow')")
    visitor.see("div[name='organization_name']:has-text('Halvering Lichttechnik GmbH')")
    account = ".o_data_row:has-text('Hauptkonto')"
    visitor.click(f"{account} td[name='selected'] input")
    visitor.click(f"{account} td[name='book_opening'] input")
    visitor.click("button[name='action_confirm']")
    visitor.see(".o_qonto_sync[data-done='1'] h2:text('Up to date')", timeout=SLOW)
    visitor.click(".o_qonto_open_lines")
    visitor.see(".o_data_row td[name='amount']")
    assert visitor.clicks <= CLICKS
    assert time.monotonic() - began < SECONDS

    office = Office(world.odoo.url, world.database)
    lines = assert_books_equal_bank(office, world.bank).booked_lines
    page.goto(f"{world.odoo.url}{DASHBOARD}")
    card = ".o_kanban_record:has(.o_qonto_card)"
    visitor.see(f"{card} .badge:text('Connected')")
    visitor.click(f"{card} button[name='action_qonto_sync']")
    visitor.see(".modal .o_qonto_sync[data-done='1'] h2:text('Up to date')", timeout=SLOW)
    expect(page.locator(".modal .o_qonto_sync_run")).to_contain_text(re.compile(r"0 new\s*0 booked"))
    visitor.click(".modal .btn-close")
    assert assert_books_equal_bank(office, world.bank).booked_lines == lines

    page.reload()
    visitor.see(f"{card} .badge:text('Connected')")
    says = page.locator(card).inner_text()
    balance = world.bank.accounts()[0]["balance_cents"]
    amount = f"{balance / 100:,.2f}\N{NO-BREAK SPACE}€"
    assert says.count(amount) >= 2, "the bank's balance and the ledger's are the same"
    assert "Difference" not in says
    assert visitor.complaints == []
    page.close()
