"""Taking the pictures of README and docs: the way of a new user, in English, through the demo company's books."""

import base64
import io
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from . import browser, paths, processes, say
from .checking import site
from .checking.web import WebClient

FOLDER = paths.ROOT / "docs" / "user" / "pictures"
DASHBOARD = "/odoo/action-account.open_account_journal_dashboard_kanban"
CARD = ".o_kanban_record:has(.o_qonto_card)"
LINE = ".o_data_row:has-text('Ladenkette Grünbohne')"
SIZE = {"width": 1200, "height": 800}
TALL = {"width": 1200, "height": 980}
WIDE = {"viewport": SIZE, "timezone_id": "Europe/Berlin"}
PHONE = {
    "viewport": {"width": 400, "height": 800}, "device_scale_factor": 1.5, "has_touch": True, "is_mobile": True,
    "timezone_id": "Europe/Berlin",
}
COLOURS = 160  # a screen has few, and the file is a third as large
SLOW = 90_000  # milliseconds: the first page compiles its assets


def main(arguments: list[str]) -> int:
    """Take all pictures."""
    folder = Path(arguments[0]) if arguments else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with site.temporary() as servers, _chromium() as chromium:
        _prepare(servers)
        desk = Photographer(chromium.new_page(**WIDE), folder, servers)
        _connect(desk)
        _work(desk)
        _import(desk)
        _pay(desk)
        phone = Photographer(chromium.new_page(**PHONE), folder, servers)
        phone.log_in()
        phone.keep("phone-card", of=CARD)
        phone.visit("/odoo/bank-matching", ".o_qonto_line")
        phone.keep("phone-matching")
    return 0


def _prepare(servers: site.Site) -> None:
    """Let the demo's German director read English, and let its scheduled actions look as if they ran."""
    admin = WebClient(servers.odoo, servers.database, "admin", "admin")
    english = admin.call("res.lang", "search", [("code", "=", "en_US"), ("active", "in", [True, False])])
    admin.call("res.lang", "write", english, {"active": True})
    director = admin.call("res.users", "search", [("login", "=", servers.login)])
    admin.call("res.users", "write", director, {"lang": "en_US"})
    actions = admin.call("ir.cron", "search", [])
    soon = datetime.now() + timedelta(hours=2)
    admin.call("ir.cron", "write", actions, {"nextcall": f"{soon:%Y-%m-%d %H:%M:%S}"})


class Photographer:
    """Somebody at a screen who keeps pictures of it."""

    def __init__(self, page: Any, folder: Path, servers: site.Site) -> None:
        self.page, self.folder, self.servers = page, folder, servers
        page.set_default_timeout(30_000)

    def log_in(self) -> None:
        """Log in, and go to the dashboard."""
        self.page.goto(f"{self.servers.odoo}/web/login?redirect={DASHBOARD}", timeout=SLOW)
        self.page.fill("#login", self.servers.login)
        self.page.fill("#password", self.servers.password)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector(".o_account_kanban .o_kanban_record", timeout=SLOW)

    def visit(self, path: str, waits_for: str) -> None:
        """Go to an address of Odoo's."""
        self.page.goto(f"{self.servers.odoo}{path}")
        self.page.wait_for_selector(waits_for)

    def keep(self, name: str, *, of: str | None = None) -> None:
        """Keep a picture of the screen, or of a part of it."""
        from PIL import Image

        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(700)  # fonts, images, and what slides in
        target = self.page.locator(of).first if of else self.page
        picture = Image.open(io.BytesIO(target.screenshot())).convert("RGB")
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(self.folder / f"{name}.png", optimize=True)
        say.step(f"{name}.png")


def _connect(desk: Photographer) -> None:
    """Say yes, allow it at the bank, choose accounts."""
    page = desk.page
    desk.log_in()
    desk.keep("dashboard-before")
    page.click("button[name='action_qonto_connect']")
    page.wait_for_selector(".modal .o_form_view")
    page.set_viewport_size(TALL)
    page.locator(".modal div[name='purpose'] input").last.click()
    page.click(".modal div[name='agreed'] input")
    desk.keep("consent")
    page.set_viewport_size(SIZE)
    page.click(".modal button[name='action_continue']")

    with processes.DIRECT.open(f"{desk.servers.bank}/_control/state", timeout=30) as answer:
        owner = next(member for member in json.load(answer)["members"] if member["role"] == "owner")
    page.fill("input[name='email']", owner["email"])
    page.fill("input[name='password']", owner["password"])
    page.click("main button[type=submit]")
    page.click("button.choice >> nth=0")
    page.wait_for_selector("button[value='allow']")
    desk.keep("at-the-bank")
    page.click("button[value='allow']")

    page.wait_for_selector("button[name='action_confirm']", timeout=SLOW)
    for row in page.locator(".o_data_row").all()[:2]:
        row.locator("td[name='selected'] input").click()
        row.locator("td[name='book_opening'] input").click()
    desk.keep("choose-accounts")
    page.click("button[name='action_confirm']")
    page.wait_for_selector(".o_qonto_sync[data-done='1']", timeout=SLOW)
    desk.keep("first-sync")


def _work(desk: Photographer) -> None:
    """Look at what came."""
    page = desk.page
    page.click(".o_qonto_open_lines")
    page.wait_for_selector(".o_data_row")
    desk.keep("bank-transactions")
    page.click(f"{LINE} td[name='partner_name']")
    page.wait_for_selector(".o_form_view div[name='qonto_reference']")
    page.set_viewport_size(TALL)
    page.click(".o_notebook a[name='raw']")
    desk.keep("bank-line")
    page.set_viewport_size(SIZE)

    desk.visit(DASHBOARD, CARD)
    desk.keep("dashboard")
    desk.visit("/odoo/bank-matching", ".o_qonto_line")
    page.click(".o_qonto_show_booked")
    desk.keep("matching")
    page.click(".o_qonto_show_booked")
    page.click(".o_qonto_line:has(.o_qonto_accept) .o_qonto_open >> nth=0")
    page.wait_for_selector(".o_qonto_panel")
    page.locator(".o_qonto_item").first.click()
    page.set_viewport_size(TALL)
    desk.keep("matching-panel")
    page.set_viewport_size(SIZE)
    desk.visit("/odoo/qonto-accounts", ".o_data_row")
    desk.keep("accounts")
    desk.visit("/odoo/qonto-set-up", ".o_data_row")
    page.click(".o_data_row td[name='client_id']")
    page.click("button[name='action_check_connection']")
    page.wait_for_selector(".modal .o_data_row")
    desk.keep("check")


def _import(desk: Photographer) -> None:
    """Drop the bank's export on the card, and look at what becomes of its rows."""
    truth = json.load(processes.DIRECT.open(f"{desk.servers.bank}/_control/truth", timeout=30))
    main = next(account["id"] for account in truth["accounts"] if account["main"])
    wanted = {"account_ids": [main], "template": "full", "language": "de", "format": "csv"}
    request = urllib.request.Request(
        f"{desk.servers.bank}/_control/export", json.dumps(wanted).encode(), {"Content-Type": "application/json"}
    )
    with processes.DIRECT.open(request, timeout=60) as answer:
        export = json.load(answer)
    desk.visit(DASHBOARD, CARD)
    desk.page.wait_for_timeout(2000)  # the card's charts; the net is never idle
    desk.page.locator(f"{CARD} input.document_file_uploader").first.set_input_files({
        "name": "qonto_2026.csv", "mimeType": "text/csv", "buffer": base64.b64decode(export["content"]),
    })
    desk.page.wait_for_selector(".o_qonto_files_row", timeout=SLOW)
    desk.keep("file-preview")


def _pay(desk: Photographer) -> None:
    """Choose bills, prepare their payment, and send it: the phone rings."""
    page = desk.page
    desk.visit("/odoo/qonto-bills-to-pay", ".o_data_row")
    desk.keep("bills-to-pay")
    page.click("button[name='action_tick_none']")
    page.wait_for_selector("button[name='action_prepare']", state="hidden")
    for row in range(2):
        page.locator(".o_data_row:not(.text-muted) td[name='selected'] input").nth(row).click()
    page.click("button[name='action_prepare']")
    page.click(".o_qonto_payment[data-stage='prepared'] .o_qonto_send")
    page.wait_for_selector(".o_qonto_payment[data-stage='phone'] .o_qonto_countdown")
    desk.keep("payment-phone")


@contextmanager
def _chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser.executable(), args=[*browser.FLAGS])
        yield chromium
        chromium.close()


if __name__ == "__main__":
    say.main(main)
