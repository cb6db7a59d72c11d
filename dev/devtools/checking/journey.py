"""The main job, step by step, and the report on it."""

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

from .. import say
from .comparison import Comparison, cents, ledger_cents
from .consent import ConsentCheck
from .files import FileCheck
from .matching import Matching, MatchingCheck
from .payments import PaymentCheck, Payments
from .web import ExternalApi, WebClient

PAYING = ("pay_one", "pay_batch", "sca_refused", "sca_expired", "resend")
SABOTAGES = ("missing", "double", "date", "cents", "match", "import")
MAP_FIELDS = [
    "bank_ref", "name", "problem", "target", "journal_id", "start_date", "opening_known", "bank_opening",
    "ledger_opening", "opening_difference", "opening_account_id", "book_opening",
]


@dataclass(frozen=True)
class Site:
    """The servers to check, and who logs in where; `query` asks Odoo's database."""

    odoo: str
    bank: str
    database: str
    login: str = "chef"
    password: str = "chef"  # noqa: S105 - of the demo
    query: Callable[[str], list[str]] | None = None


@dataclass
class Journey:
    """One walk through the main job. A step that fails ends it; what it says is in the report."""

    site: Site
    sabotage: str | None = None
    steps: list[dict[str, Any]] = field(default_factory=list)
    comparison: Comparison = field(default_factory=Comparison)
    matching: Matching = field(default_factory=Matching)
    payments: Payments = field(default_factory=Payments)
    problems: list[str] = field(default_factory=list)
    _payment_check: PaymentCheck | None = None

    def run(self) -> dict[str, Any]:
        """Take all steps and return the report."""
        self._client = WebClient(self.site.odoo, self.site.database, self.site.login, self.site.password)
        self._api = ExternalApi(self.site.odoo, self.site.database, self.site.login, self.site.password)
        steps: list[tuple[str, Callable[[], None]]] = [
            ("connect", self._connect),
            ("map", self._map),
            ("opening", self._opening),
            ("sync", self._sync),
            ("resync", self._resync),
            ("match", self._match),
            ("undo_match", self._undo_match),
            ("import", self._import),
            ("undo_import", self._undo_import),
        ]
        steps += [(name, partial(self._pay, name)) for name in PAYING]
        steps += [(name, partial(self._consent, name)) for name in ("renew", "disconnect", "reconnect")]
        for name, act in steps:
            began = time.monotonic()
            try:
                act()
            except say.Problem as problem:
                self.problems.append(f"{name}: {problem}")
            except Exception as error:  # noqa: BLE001 - whatever it is belongs into the report
                self.problems.append(f"{name}: {type(error).__name__}: {error}")
            ok = not self.problems
            self.steps.append({"name": name, "ok": ok, "seconds": round(time.monotonic() - began, 2)})
            say.step(f"{name}: {'ok' if ok else 'FAILED'}")
            if not ok:
                break
        return self._report()

    def _report(self) -> dict[str, Any]:
        return {
            "ok": not self.problems,
            "steps": self.steps,
            "bank_transactions": self.comparison.bank_transactions,
            "booked_lines": self.comparison.booked_lines,
            "doubles": self.comparison.doubles,
            "missing": self.comparison.missing,
            "balance_difference": f"{self.comparison.balance_difference:.2f}",
            **self.matching.figures(),
            **self.payments.figures(),
            "problems": self.problems,
        }

    # === STEPS === #

    def _connect(self) -> None:
        """Say yes in Odoo, log in at the bank, allow, and come back."""
        wizard = self._client.call("qonto.connect", "create", [{"agreed": True, "purpose": "pay"}])
        action = self._client.call("qonto.connect", "action_continue", wizard)
        state = self._bank("/state")
        owner = next(member for member in state["members"] if member["role"] == "owner")
        browser = self._client.browser.open(action["url"])
        browser.submit(email=owner["email"], password=owner["password"])
        organization = next(org for org in state["organizations"] if org["id"] == owner["organization_id"])
        if memberships := browser.choices("membership"):
            _expect(organization["name"] in browser.page, f"the bank does not offer {organization['name']}")
            browser.submit(membership=memberships[0])
        browser.submit(decision="allow")
        _expect(
            browser.url.startswith(f"{self.site.odoo}/odoo/action-qonto_psd2_sync.action_qonto_map/"),
            f"the way back from the bank ended at {browser.url}",
        )
        self._map_id = int(browser.url.rpartition("/")[2])
        consents = self._api.read("qonto.consent", [], ["state", "organization_name", "permission"])
        _expect(
            [(consent["state"], consent["permission"]) for consent in consents] == [("active", "pay")],
            f"the consent is not as it should be: {consents}",
        )
        self._organization_id = organization["id"]

    def _map(self) -> None:
        """Find every account with a proposal, and tick them all."""
        truth = self._accounts_at_the_bank()
        self._lines = self._choice()
        _expect(
            {line["bank_ref"] for line in self._lines} == set(truth),
            "the accounts offered are not those of the bank",
        )
        for line in self._lines:
            _expect(not line["problem"], f"{line['name']}: {line['problem']}")
            newest = date.fromisoformat(line["start_date"])
            _expect(newest >= date.today() - timedelta(days=91), f"{line['name']} would begin on {newest}")
            expected = "existing" if truth[line["bank_ref"]]["main"] else "new"
            _expect(line["target"] == expected, f"{line['name']} would go into the {line['target']} journal")
        self._client.call("qonto.map.line", "write", [line["id"] for line in self._lines], {"selected": True})

    def _opening(self) -> None:
        """See the opening balances, which nobody books unasked; ask for them, confirm, and find them booked."""
        truth = self._accounts_at_the_bank()
        for line in self._lines:
            bank = _balance_before(truth[line["bank_ref"]], line["start_date"])
            _expect(not line["book_opening"], f"{line['name']}: an opening entry would be booked unasked")
            _expect(line["opening_known"], f"{line['name']}: the balance at the start is not known")
            _expect(
                cents(line["bank_opening"]) == bank,
                f"{line['name']}: the bank at the start was {bank / 100:.2f}, Odoo says {line['bank_opening']:.2f}",
            )
            _expect(line["opening_account_id"], f"{line['name']}: no account is proposed for the opening entry")
        wanted = [line["id"] for line in self._lines if line["opening_difference"]]
        self._client.call("qonto.map.line", "write", wanted, {"book_opening": True})
        action = self._client.call("qonto.map", "action_confirm", [self._map_id])
        _expect(action["tag"] == "qonto_psd2_sync.sync", "the first sync does not start by itself")
        self._account_ids = action["params"]["account_ids"]
        for account in self._accounts():
            bank = _balance_before(truth[account["bank_ref"]], account["start_date"])
            ledger = ledger_cents(self._api, account["journal_id"][0], before=account["start_date"])
            _expect(
                ledger == bank,
                f"{account['name']}: the ledger begins with {ledger / 100:.2f}, not {bank / 100:.2f}",
            )

    def _sync(self) -> None:
        """Sync to the end, and compare every line with the bank."""
        self._sync_to_the_end()
        if self.sabotage and self.sabotage not in ("match", "import"):
            self._falsify()
        self._compare()

    def _resync(self) -> None:
        """Sync again: nothing is added, and the books still equal the bank."""
        before = self.comparison.booked_lines
        for run in self._sync_to_the_end():
            _expect(not run["new"] and not run["booked"], f"{run['account']}: the second sync added something")
        self._compare()
        _expect(self.comparison.booked_lines == before, "the second sync changed the number of lines")

    def _match(self) -> None:
        """Every transaction that has a document is matched with it or has it as its first suggestion."""
        check = MatchingCheck(self._client, self._api, self._bank("/documents")["documents"])
        if self.sabotage == "match":
            check.misbook()
        self.matching = check.match()
        self.problems += self.matching.problems + self.matching.not_found
        _expect(self.matching.matched_right, "nothing was matched")

    def _undo_match(self) -> None:
        """Take bookings back and make them again; the books equal the bank all the same."""
        check = MatchingCheck(self._client, self._api, self._bank("/documents")["documents"])
        check.undo_match()
        self._compare()

    def _import(self) -> None:
        """What is older than the first sync comes from the bank's export, once; the same file again is refused."""
        truth = self._accounts_at_the_bank()
        account = next(each for each in self._accounts() if truth[each["bank_ref"]]["main"])
        self._files = FileCheck(self._client, self._api, self.site.bank, account, truth[account["bank_ref"]])
        self._import_id = self._files.take(sabotage=self.sabotage == "import")

    def _undo_import(self) -> None:
        """Take the import back, import the file again, sync, and take it back: no doubles, no holes."""
        self._files.undo(self._import_id)
        self._compare()
        again = self._files.take()
        self._sync_to_the_end()
        self._files.undo(again)
        self._compare()

    def _pay(self, step: str) -> None:
        """A step of paying; see `PaymentCheck`."""
        if not self._payment_check:
            main = {account["id"]: account["main"] for account in self._accounts_at_the_bank().values()}
            account = next(account for account in self._accounts() if main[account["bank_ref"]])
            self._payment_check = PaymentCheck(
                self._client, self._api, self.site.bank, account, self._earlier, self._sync_to_the_end, self._compare,
                self.payments,
            )
        getattr(self._payment_check, step)()

    def _earlier(self, order: int, seconds: int) -> None:
        """Move what an order remembers back: the clocks of a server under check cannot be moved."""
        self.site.query(
            f"UPDATE qonto_transfer SET challenged_at = challenged_at - interval '{seconds} s',"  # noqa: S608
            f" first_sent_at = first_sent_at - interval '{seconds} s' WHERE order_id = {order}"
        )

    def _consent(self, step: str) -> None:
        """A step of the consent's life; see `ConsentCheck`."""
        check = ConsentCheck(
            self._client, self._api, self.site.bank, self._account_ids, self._sync_to_the_end, self._compare
        )
        getattr(check, step)()

    def _sync_to_the_end(self) -> list[dict[str, Any]]:
        runs = self._client.call("qonto.account", "sync_start", self._account_ids)
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            progress = self._client.call("qonto.account", "sync_step", self._account_ids, runs)
            if progress["done"]:
                break
        for run in progress["runs"]:
            _expect(run["state"] == "done", f"{run['account']}: {run['state']} {run['message']}")
        return progress["runs"]

    def _compare(self) -> None:
        truth = self._accounts_at_the_bank()
        self.comparison = Comparison()
        for account in self._accounts():
            self.comparison.account(self._api, account, truth[account["bank_ref"]])
        _expect(self.comparison.booked_lines, "no line was booked")
        self.problems += self.comparison.problems

    # === SABOTAGE === #

    def _falsify(self) -> None:
        """Spoil one line, to show that the comparison finds it; an unmatched one, as Odoo protects the others."""
        line = self._api.read(
            "account.bank.statement.line",
            [
                ("qonto_transaction_id", "!=", False),
                ("foreign_currency_id", "=", False),
                ("is_reconciled", "=", False),
            ],
            ["date", "amount", "payment_ref", "journal_id"],
        )[0]
        say.step(f"Sabotage ({self.sabotage}): line {line['id']}, {line['payment_ref']!r}")
        if self.sabotage == "missing":
            self._api.call("account.bank.statement.line", "unlink", [line["id"]])
        elif self.sabotage == "double":
            values = {name: line[name] for name in ("date", "amount", "payment_ref")}
            self._api.call(
                "account.bank.statement.line", "create", [{**values, "journal_id": line["journal_id"][0]}]
            )
        elif self.sabotage == "date":
            earlier = date.fromisoformat(line["date"]) - timedelta(days=1)
            self._api.call("account.bank.statement.line", "write", [line["id"]], {"date": earlier.isoformat()})
        elif self.sabotage == "cents":
            amount = round(line["amount"] + 0.01, 2)
            self._api.call("account.bank.statement.line", "write", [line["id"]], {"amount": amount})

    # === READING === #

    def _choice(self) -> list[dict[str, Any]]:
        return self._client.call("qonto.map.line", "search_read", [("map_id", "=", self._map_id)], MAP_FIELDS)

    def _accounts(self) -> list[dict[str, Any]]:
        return self._api.read(
            "qonto.account", [("id", "in", self._account_ids)], ["name", "bank_ref", "journal_id", "start_date"]
        )

    def _accounts_at_the_bank(self) -> dict[str, dict[str, Any]]:
        return {
            account["id"]: account
            for account in self._bank("/truth")["accounts"]
            if account["organization_id"] == self._organization_id
        }

    def _bank(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.site.bank}/_control{path}", timeout=60) as answer:
            return json.load(answer)


def _balance_before(account: dict[str, Any], day: str) -> int:
    """Return what the bank's balance was when a day began there, in cents."""
    earlier = [row for row in account["transactions"] if row["status"] == "completed" and row["local_date"] < day]
    newest = max(earlier, key=lambda row: row["settled_at"], default=None)
    return newest["settled_balance_cents"] if newest else account["opening_balance_cents"]


def _expect(fact: object, otherwise: str) -> None:
    if not fact:
        raise say.Problem(otherwise)
