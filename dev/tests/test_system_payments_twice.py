"""Nothing is paid twice: in a database restored from before, under its own name, and with two people at one order."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from system_world import CHOICE, Bank, Office, company_database, number, wait_until

from devtools import say, systems
from devtools.checking.web import WebClient

ORDER, TRANSFER, STRAY = "qonto.payment.order", "qonto.transfer", "qonto.stray.transfer"
BILLS = 5
ROUNDS = 2
SECOND = "second-payer"


@pytest.fixture
def database() -> Iterator[str]:
    with company_database() as name:
        yield name


@pytest.fixture
def bank(new_bank: Callable[..., str]) -> Bank:
    return Bank(new_bank("--scenario", "small"))


class Payers(Office):
    """People who pay from Odoo, in browsers without screens."""

    def __init__(self, url: str, database: str, bank: Bank) -> None:
        super().__init__(url, database)
        self.database, self.bank = database, bank

    def begin(self) -> int:
        """Connect the main account to pay from, with the administrator's own consent; return its id."""
        self.introduce(self.bank)
        return _consent_to_pay(self, self.bank)

    def second(self) -> WebClient:
        """Let another person have the same rights, and a consent and a phone of their own."""
        groups = [
            self.call("ir.model.data", "check_object_reference", *name.split("."))[1]
            for name in ("base.group_user", "qonto_psd2_sync.group_feed_manager", "qonto_psd2_sync.group_payment_send")
        ]
        self.call("res.users", "create", [
            {"name": "Second Payer", "login": SECOND, "password": SECOND, "group_ids": [(6, 0, groups)]}
        ])
        other = WebClient(self.address, self.database, SECOND, SECOND)
        manager = next(member for member in self.bank.ask("/state")["members"] if member["role"] == "manager")
        self.bank.ask("/policy", {"auto_member": manager["email"]})
        _to_the_bank_and_back(other, self.bank)
        return other

    def bills(self, count: int) -> list[int]:
        """Post bills of vendors whom the bank does not know yet."""
        found = []
        for each in range(1, count + 1):
            name, iban = f"Payee {each} GmbH", _iban(each)
            self.bank.ask("/payees", {"iban": iban, "holder": name})
            vendor = self.call("res.partner", "create", [{"name": name}])[0]
            payee = self.call("res.partner.bank", "create", [{"partner_id": vendor, "acc_number": iban}])[0]
            self.call("res.partner.bank", "write", [payee], {"allow_out_payment": True})
            today = date.today().isoformat()
            found += self.call("account.move", "create", [{
                "move_type": "in_invoice", "partner_id": vendor, "partner_bank_id": payee, "invoice_date": today,
                "invoice_date_due": today, "ref": f"ONCE-{each}", "payment_reference": f"ONCE {each}",
                "invoice_line_ids": [(0, 0, {"name": "Cable", "price_unit": 10 + each, "tax_ids": []})],
            }])
        self.call("account.move", "action_post", found)
        return found

    def prepare(self, bills: list[int]) -> int:
        """Prepare one order of a transfer for each bill."""
        wizard = self.call("qonto.pay", "action_pay_bills", bills)["res_id"]
        self.call("qonto.pay", "write", [wizard], {"group_by_payee": False})
        return self.call("qonto.pay", "action_prepare", [wizard])["res_id"]

    def send(self, order: int, *stages: str) -> dict[str, Any]:
        """Press *Send*, and watch until the order is there."""
        self.call(ORDER, "action_send", [order])
        return self.watch(order, *stages)

    def watch(self, order: int, *stages: str) -> dict[str, Any]:
        told: dict[str, Any] = {}

        def there() -> bool:
            told.update(self.call(ORDER, "drive", [order]))
            return told["stage"] in stages

        wait_until(there, seconds=30, what=f"order {order} is {' or '.join(stages)}")
        return told

    def pay(self, order: int) -> None:
        """Send and approve; the bank has made each transfer."""
        self.send(order, "phone")
        self.bank.ask("/sca", {"decision": "allow"})
        self.watch(order, "at_bank", "over")
        wait_until(
            lambda: self.call(ORDER, "drive", [order]) and len(self.debits()) >= self.count(order),
            seconds=30, what="the bank makes the transfers",
        )

    def count(self, order: int) -> int:
        return self.call(TRANSFER, "search_count", [("order_id", "=", order)])

    def debits(self) -> list[dict[str, Any]]:
        return self.bank.ask("/debits")["debits"]

    def posts(self) -> int:
        """Return how often the bank was asked to move money."""
        asked = self.bank.ask("/requests")["requests"]
        return sum(entry["method"] == "POST" and entry["path"].endswith("transfers") for entry in asked)


def _consent_to_pay(person: WebClient, bank: Bank) -> int:
    """Go through the consent to read and pay, and tick the main account; return its id."""
    _to_the_bank_and_back(person, bank)
    assert CHOICE in person.browser.url, person.browser.url
    choice = int(person.browser.url.rpartition("/")[2])
    lines = person.call("qonto.map.line", "search_read", [("map_id", "=", choice), ("main", "=", True)], ["selected"])
    person.call("qonto.map.line", "write", [line["id"] for line in lines], {"selected": True})
    person.call("qonto.map", "action_confirm", [choice])
    return person.call("qonto.account", "search", [])[0]


def _to_the_bank_and_back(person: WebClient, bank: Bank) -> None:
    """Consent to read and pay; an account that is connected already is covered at once."""
    bank.ask("/policy", {"auto_consent": "allow"})
    wizard = person.call("qonto.connect", "create", [{"agreed": True, "purpose": "pay"}])
    person.browser.open(person.call("qonto.connect", "action_continue", wizard)["url"])


def _iban(each: int) -> str:
    """Return a German IBAN with the right check digits."""
    account = f"37040044{each:010d}"
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def test_a_database_restored_from_before_names_what_was_paid_and_pays_nothing_again(
    database: str, bank: Bank
) -> None:
    with systems.odoo_server(database, environment=bank.environment) as server:
        office = Payers(server.url, database, bank)
        office.begin()
        bills = office.bills(BILLS)
    with systems.copied(database) as backup:
        with systems.odoo_server(database, environment=bank.environment) as server:
            office = Payers(server.url, database, bank)
            office.pay(office.prepare(bills))
            assert len(office.debits()) == BILLS
        # The name and the uuid are the same: each secret opens, and the access is good.
        systems.databases().drop(database)
        systems.databases().copy(backup, database)
    assert number(database, "SELECT count(*) FROM qonto_transfer") == 0
    with systems.odoo_server(database, environment=bank.environment) as server:
        office = Payers(server.url, database, bank)
        posts, order = office.posts(), office.prepare(bills)
        told = office.send(order, "attention", "phone")
        assert (told["stage"], [problem["code"] for problem in told["problems"]]) == ("attention", ["strays"])
        strays = office.read(STRAY, [("state", "=", "open")], ["amount", "reference", "bank_ref"])
        assert sorted(stray["bank_ref"] for stray in strays) == sorted(debit["id"] for debit in office.debits())
        assert sorted(stray["amount"] for stray in strays) == [11.0, 12.0, 13.0, 14.0, 15.0]
        # Somebody lets payments go on; that these very bills were paid is another question.
        office.call(STRAY, "action_decide", [stray["id"] for stray in strays], "From before the backup")
        told = office.send(order, "attention", "phone")
        assert told["stage"] == "attention"
        assert [problem["code"] for problem in told["problems"]] == ["already_paid"] * BILLS
        assert {transfer["state"] for transfer in told["transfers"]} == {"draft"}
        assert (office.posts(), len(office.debits())) == (posts, BILLS)


def test_two_people_in_two_tabs_each_pay_an_order_once_and_one_phone_rings(
    database: str, bank: Bank, odoo_server: Callable[..., systems.OdooServer]
) -> None:
    server = odoo_server(database, environment=bank.environment)
    office = Payers(server.url, database, bank)
    office.begin()
    second = office.second()
    assert len(office.read("qonto.consent", [("is_live", "=", True)], ["user_id"])) == 2
    (account,) = office.read("qonto.account", [], ["consent_ids"])
    assert len(account["consent_ids"]) == 2
    for each, bill in enumerate(office.bills(ROUNDS), 1):
        order, posts = office.prepare([bill]), office.posts()
        tabs = [
            office, second, WebClient(server.url, database, "admin", "admin"),
            WebClient(server.url, database, SECOND, SECOND),
        ]
        _all_at_once(tabs, order, send=True)
        office.watch(order, "phone")
        assert len(bank.ask("/sca")["sessions"]) == each
        bank.ask("/sca", {"decision": "allow"})
        time.sleep(2.1)  # as often as the bank is asked
        _all_at_once(tabs, order, send=False)
        office.watch(order, "at_bank", "over")
        # One that is challenged, and its replay with the proof.
        assert (office.posts() - posts, len(office.debits())) == (2, each)
        (transfer,) = office.read(TRANSFER, [("order_id", "=", order)], ["state", "trail_ids"])
        events = office.read("qonto.transfer.trail", [("transfer_id", "=", transfer["id"])], ["event"], order="id")
        assert [entry["event"] for entry in events].count("Claimed") == 2
    assert "ERROR" not in server.log.read_text()


def _all_at_once(tabs: list[WebClient], order: int, *, send: bool) -> None:
    """Let each tab press *Send* and look, twice, in the same moment."""
    gate, wrong = threading.Barrier(len(tabs)), []

    def person(tab: WebClient) -> None:
        gate.wait()
        for _time in range(2):
            try:
                if send:
                    tab.call(ORDER, "action_send", [order])
            except say.Problem as problem:
                if not any(words in str(problem) for words in ("right now", "nothing to send")):
                    wrong.append(str(problem))
            tab.call(ORDER, "drive", [order])

    people = [threading.Thread(target=person, args=[tab]) for tab in tabs]
    for each in people:
        each.start()
    for each in people:
        each.join()
    assert wrong == []
