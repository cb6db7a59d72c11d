"""What system tests share: a German company's database, the stand-in's control API, and Odoo over HTTP."""

import hashlib
import json
import os
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from devtools import cache, paths, processes, say, settings, systems
from devtools.checking.comparison import Comparison
from devtools.checking.web import WebClient
from devtools.databases import ADDON, MINE, Databases, addon_fingerprint

COMPANY = Path(__file__).with_name("system_company.py")
CALLBACK = "/qonto_psd2_sync/oauth/callback"
CHOICE = "/odoo/action-qonto_psd2_sync.action_qonto_map/"


# === DATABASES === #


@contextmanager
def company_database() -> Iterator[str]:
    """Give a copy of the prepared database of a German company that has the addon."""
    layers = systems.databases()
    with cache.locked(paths.state("postgres", "tests.databases")):
        layer = layers.layer("booked", _company_layer(layers), ADDON, content=addon_fingerprint())
        copy = systems.copied(layer)
        name = copy.__enter__()
    try:
        yield name
    finally:
        copy.__exit__(None, None, None)


def _company_layer(layers: Databases) -> str:
    """Return the name of the layer between the tests' base and the addon, made beforehand unless it is there."""
    base = os.environ["QONTO_TEST_BASE"]
    key = hashlib.sha256(base.encode() + COMPANY.read_bytes()).hexdigest()[:10]
    name = f"{MINE}_company_{key}"
    if name not in layers.server.databases():
        unfinished = f"{MINE}_unfinished_company"
        layers.drop(unfinished)
        layers.copy(base, unfinished)
        say.run(
            [layers.odoo.python, COMPANY, layers.configuration, unfinished],
            env=settings.environment(layers.odoo), failure="The company of the system tests could not be made.",
        )
        for older in layers.server.databases():
            if older.startswith(f"{MINE}_company_"):
                layers.drop(older)
        layers.rename(unfinished, name)
    return name


def query(database: str, sql: str) -> list[str]:
    """Run one statement and return its rows, unaligned."""
    return systems.databases().server.query(sql, database)


def number(database: str, sql: str) -> int:
    """Return the one number that a statement asks for."""
    return int(query(database, sql)[0])


def wait_until(condition: object, *, seconds: float, what: str) -> None:
    """Wait until a function says yes."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"In {seconds:.0f} s it did not happen: {what}"
        time.sleep(0.1)


# === THE BANK === #


class Bank:
    """The stand-in's control API (see `qonto_simulator/README.md`)."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Call the control API."""
        request = urllib.request.Request(
            f"{self.address}/_control{path}", headers={"Content-Type": "application/json"}, method=method
        )
        if body is not None:
            request.data = json.dumps(body).encode()
        with processes.DIRECT.open(request, timeout=60) as answer:
            return json.load(answer)

    def accounts(self) -> list[dict[str, Any]]:
        """Return the truth about the first organization's accounts, the main account first."""
        organization = self.ask("/state")["organizations"][0]["id"]
        accounts = self.ask(f"/truth?organization_id={organization}")["accounts"]
        return sorted(accounts, key=lambda account: not account["main"])

    def add(self, account: str, cents: int, label: str, **values: Any) -> None:
        """Add a completed transaction; a negative amount goes out."""
        side = "credit" if cents > 0 else "debit"
        self.ask("/transactions", {
            "account_id": account, "side": side, "amount_cents": abs(cents), "label": label, **values
        })

    @property
    def environment(self) -> dict[str, str]:
        """The variables that send an Odoo server to this bank."""
        return {"QONTO_PSD2_SYNC_API_URL": self.address, "QONTO_PSD2_SYNC_OAUTH_URL": self.address}


# === ODOO OVER HTTP === #


class Office(WebClient):
    """The administrator's browser, or that of somebody whose password is the name, without the screens."""

    today = date.today().isoformat()

    def __init__(self, url: str, database: str, login: str = "admin") -> None:
        super().__init__(url, database, login, login)

    def read(self, model: str, domain: list[Any], names: list[str], **values: Any) -> list[dict[str, Any]]:
        """Return the records that match, all of them."""
        return self.call(model, "search_read", domain, names, **values)

    def introduce(self, bank: Bank) -> None:
        """Enter the app's credentials, and tell the bank where to send people back to."""
        for key, value in (("web.base.url", self.address), ("web.base.url.freeze", "True")):
            self.call("ir.config_parameter", "set_param", key, value)
        client = bank.ask("/clients", {"redirect_uris": [self.address + CALLBACK]})["client"]
        self.call("qonto.application", "create", [{
            "environment": "own", "client_id": client["client_id"], "client_secret": client["client_secret"],
        }])

    def connect(self, bank: Bank, *, main_only: bool = False, purpose: str = "read") -> list[int]:
        """Go through the consent (the bank decides by its policy), tick accounts, ask for opening entries.

        :return: the ids of the connected accounts, the main account first
        """
        bank.ask("/policy", {"auto_consent": "allow"})
        wizard = self.call("qonto.connect", "create", [{"agreed": True, "purpose": purpose}])
        action = self.call("qonto.connect", "action_continue", wizard)
        self.browser.open(action["url"])
        assert CHOICE in self.browser.url, self.browser.url
        choice = int(self.browser.url.rpartition("/")[2])
        lines = self.read("qonto.map.line", [("map_id", "=", choice)], ["main", "opening_difference"])
        for line in lines:
            if line["main"] or not main_only:
                values = {"selected": True, "book_opening": bool(line["opening_difference"])}
                self.call("qonto.map.line", "write", [line["id"]], values)
        return self.call("qonto.map", "action_confirm", [choice])["params"]["account_ids"]

    def sync(self, accounts: list[int], *, seconds: float = 120) -> list[dict[str, Any]]:
        """Sync as the web client does, to the end, and return the last report of each run."""
        runs = self.call("qonto.account", "sync_start", accounts)
        deadline = time.monotonic() + seconds
        while True:
            progress = self.call("qonto.account", "sync_step", accounts, runs)
            if progress["done"]:
                return progress["runs"]
            assert time.monotonic() < deadline, progress
            time.sleep(0.1)

    def card(self, journal: int) -> dict[str, Any]:
        """Return what a journal's card on the dashboard shows."""
        return json.loads(self.call("account.journal", "read", [journal], ["kanban_dashboard"])[0]["kanban_dashboard"])


def assert_books_equal_bank(office: Office, bank: Bank) -> Comparison:
    """Every booked transaction once, on the bank's day, to the cent; and the ledger is what the bank says."""
    truth = {account["id"]: account for account in bank.accounts()}
    comparison = Comparison()
    for account in office.read("qonto.account", [], ["name", "bank_ref", "journal_id", "start_date"]):
        comparison.account(office, account, truth[account["bank_ref"]])
    assert comparison.problems == []
    assert not comparison.balance_difference
    assert comparison.booked_lines == comparison.bank_transactions > 0
    return comparison
