"""The life of a consent as a person lives it: renewed without a gap, withdrawn, and given again."""

import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import say
from .web import ExternalApi, WebClient

RENEWAL = "/odoo/action-qonto_psd2_sync.action_qonto_renewal/"
MEANWHILE = "Booked while disconnected"


@dataclass
class ConsentCheck:
    """Steps of the check, on accounts that are connected and synced.

    :param client: the browser, logged in to Odoo
    :param api: the external API
    :param bank: the stand-in's address
    :param accounts: the ids of the connected accounts
    :param sync: syncs to the end and returns the last reports
    :param compare: compares the books with the bank, and notes what is wrong
    """

    client: WebClient
    api: ExternalApi
    bank: str
    accounts: list[int]
    sync: Callable[[], list[dict[str, Any]]]
    compare: Callable[[], None]

    # === STEPS === #

    def renew(self) -> None:
        """Back out of a renewal, and nothing changes; renew, and everything goes on as before."""
        before, (old,) = self._accounts(), self._live()
        try:
            self._authorise(old["id"], decision="deny")
        except say.Problem as problem:
            _expect("answered 400" in str(problem), f"backing out ended so: {problem}")
        else:
            raise say.Problem("the refusal at the bank was taken for a yes")
        _expect(self._live() == [old], "backing out of the renewal changed the consent")
        self._nothing_new()

        self._authorise(old["id"])
        self._expect_recognised()
        (new,) = self._live()
        _expect(new["id"] != old["id"], "there is no new consent")
        (state,) = self.api.read("qonto.consent", [("id", "=", old["id"])], ["state", "replaced_by_id"])
        _expect(
            (state["state"], state["replaced_by_id"][0]) == ("replaced", new["id"]),
            f"the old consent is not replaced by the new one: {state}",
        )
        _expect(self._accounts() == before, "the renewal changed an account")
        self._nothing_new()
        self.compare()

    def disconnect(self) -> None:
        """Withdraw the consent: the bank confirms, every line stays, and no schedule asks any more."""
        lines, (old,) = self._line_count(), self._live()
        wizard = self.client.call("qonto.consent", "action_disconnect", [old["id"]])["res_id"]
        self.client.call("qonto.disconnect", "action_disconnect", [wizard])
        (state,) = self.api.read("qonto.consent", [("id", "=", old["id"])], ["state", "bank_told"])
        _expect((state["state"], state["bank_told"]) == ("withdrawn", "yes"), f"the consent did not end: {state}")
        for account in self.api.read("qonto.account", [("id", "in", self.accounts)], ["status", "next_sync_at"]):
            _expect(account["status"] == "needs_you", f"an account is {account['status']} without a consent")
            _expect(not account["next_sync_at"], "the schedule would go on without a consent")
        runs = self.client.call("qonto.account", "sync_start", self.accounts)
        for run in self.client.call("qonto.account", "sync_step", self.accounts, runs)["runs"]:
            _expect(run["state"] == "failed", f"{run['account']} was synced without a consent")
        _expect(self._line_count() == lines, "disconnecting changed the number of lines")

    def reconnect(self) -> None:
        """Connect again: the same journals, what came meanwhile once, no double and no hole."""
        before, lines = self._accounts(), self._line_count()
        for account in before.values():
            self._tell_the_bank(
                "/transactions",
                {"account_id": account["bank_ref"], "side": "credit", "amount_cents": 12345, "label": MEANWHILE},
            )
        self._authorise(None)
        self._expect_recognised()
        _expect(
            {ref: account["journal_id"] for ref, account in self._accounts().items()}
            == {ref: account["journal_id"] for ref, account in before.items()},
            "connecting again changed a journal",
        )
        self.sync()
        _expect(
            self._line_count() == lines + len(before),
            f"{self._line_count() - lines} lines came after connecting again, not {len(before)}",
        )
        self.compare()

    # === ON THE WAY === #

    def _authorise(self, renews: int | None, decision: str = "allow") -> None:
        """Say yes in Odoo, log in at the bank, decide there, and come back."""
        values: dict[str, Any] = {"agreed": True, "purpose": "pay"}
        if renews:
            context = self.client.call("qonto.consent", "action_renew", [renews])["context"]
            _expect(context["default_renews_id"] == renews, "the button Renew does not renew this consent")
            values["renews_id"] = renews
        wizard = self.client.call("qonto.connect", "create", [values])
        action = self.client.call("qonto.connect", "action_continue", wizard)
        with urllib.request.urlopen(f"{self.bank}/_control/state", timeout=60) as answer:
            owner = next(member for member in json.load(answer)["members"] if member["role"] == "owner")
        browser = self.client.browser.open(action["url"])
        if 'name="password"' in browser.page:
            browser.submit(email=owner["email"], password=owner["password"])
        if memberships := browser.choices("membership"):
            browser.submit(membership=memberships[0])
        browser.submit(decision=decision)

    def _expect_recognised(self) -> None:
        """The way back from the bank ends where the known accounts are named, and nothing is asked."""
        url = self.client.browser.url
        _expect(RENEWAL in url, f"the way back from the bank ended at {url}")
        page = int(url.rpartition("/")[2])
        (shown,) = self.client.call("qonto.renewal", "read", [page], ["account_ids", "question", "has_gaps"])
        _expect(not shown["question"] and not shown["has_gaps"], f"something is asked: {shown}")
        _expect(set(shown["account_ids"]) == set(self.accounts), "not all accounts were recognised")

    def _nothing_new(self) -> None:
        for run in self.sync():
            _expect(not run["new"] and not run["booked"], f"{run['account']}: the sync added something")

    def _live(self) -> list[dict[str, Any]]:
        return self.api.read("qonto.consent", [("state", "in", ("active", "expiring"))], ["state", "authorised_at"])

    def _accounts(self) -> dict[str, dict[str, Any]]:
        names = ["bank_ref", "journal_id", "start_date", "watermark"]
        return {
            account["bank_ref"]: account
            for account in self.api.read("qonto.account", [("id", "in", self.accounts)], names)
        }

    def _line_count(self) -> int:
        return self.api.call("account.bank.statement.line", "search_count", [("qonto_transaction_id", "!=", False)])

    def _tell_the_bank(self, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(
            f"{self.bank}/_control{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=60).close()


def _expect(fact: object, otherwise: str) -> None:
    if not fact:
        raise say.Problem(otherwise)
