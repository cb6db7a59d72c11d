"""Bills paid from Odoo, approved on the phone: one, many of which two fail, refused, expired, and the failed again."""

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .. import say
from .web import ExternalApi, WebClient

ORDER, TRANSFER, MOVE = "qonto.payment.order", "qonto.transfer", "account.move"
BATCH = 25
# Of the batch: the bank does not make the one transfer at all, and takes the other and does not execute it.
FATES = ("failed", "declined")
PATIENCE = 90  # seconds
PAUSE = 1.5


@dataclass
class Payments:
    """What people wanted paid, and what left the bank for it.

    :ivar wanted: a bill's amount in cents, each another
    :ivar debited: the same of what the bank executed and did not decline
    """

    wanted: Counter[int] = field(default_factory=Counter)
    debited: Counter[int] = field(default_factory=Counter)

    def figures(self) -> dict[str, int]:
        return {"intents": self.wanted.total(), "debits": self.debited.total()}


@dataclass
class PaymentCheck:
    """Steps of the check, on accounts that are connected and synced by somebody who may prepare and send.

    :param client: the browser, logged in to Odoo
    :param api: the external API
    :param bank: the stand-in's address
    :param account: the connected account to pay from: its `id` and `journal_id`
    :param earlier: moves an order's instants back by seconds, as if so much time had gone by
    :param sync: syncs to the end
    :param compare: compares the books with the bank, and notes what is wrong
    """

    client: WebClient
    api: ExternalApi
    bank: str
    account: dict[str, Any]
    earlier: Callable[[int, int], None]
    sync: Callable[[], list[dict[str, Any]]]
    compare: Callable[[], None]
    payments: Payments
    _failed: dict[int, list[int]] = field(default_factory=dict)

    # === STEPS === #

    def pay_one(self) -> None:
        """Pay one bill from Odoo's own *Pay*, approve it, and see it paid when its bank line is matched."""
        bill = self._bill(self._vendors()[0])
        self._send(order := self._pay(bill))
        _expect(self._payment_state(bill) == "not_paid", "the bill looks paid before anybody approved")
        self._answer("allow")
        self._until(order, "at_bank")
        _expect(self._payment_state(bill) in ("in_payment", "paid"), "the bank has it, the bill is not in payment")
        self._settle(order)
        self._expect_paid([bill])

    def pay_batch(self) -> None:
        """Pay many bills with one approval; those that the bank can't pay open their bills, and no others."""
        *vendors, first, second = self._vendors()
        for vendor, fate in zip((first, second), FATES, strict=True):
            self._tell("/payees", {"iban": vendor["iban"], "fate": fate, "times": 1})
        many = [vendors[number % len(vendors)] for number in range(BATCH - len(FATES))]
        bills = [self._bill(vendor) for vendor in (*many, first, second)]
        action = self.client.call("qonto.pay", "action_pay_bills", bills)
        self.client.call("qonto.pay", "write", [action["res_id"]], {"group_by_payee": False})
        order = self.client.call("qonto.pay", "action_prepare", [action["res_id"]])["res_id"]
        _expect(len(self._transfers(order)) == BATCH, "the order has not a transfer for each bill")
        self._send(order)
        self._answer("allow")
        self._until(order, "at_bank", "over")
        self._settle(order)
        states = Counter(transfer["state"] for transfer in self._transfers(order))
        _expect(
            states == {"settled": BATCH - len(FATES), "declined": len(FATES)}, f"the transfers ended as {dict(states)}"
        )
        self._expect_paid(bills[:-len(FATES)])
        for bill in bills[-len(FATES):]:
            _expect(self._payment_state(bill) == "not_paid", f"bill {bill} is not open though its transfer failed")
        self._failed[order] = bills[-len(FATES):]

    def sca_refused(self) -> None:
        """Refuse on the phone: no money moves, and the bill is open."""
        bill = self._bill(self._vendors()[1])
        self._send(order := self._pay(bill))
        self._answer("deny")
        self._until(order, "over")
        self._expect_nothing_moved(order, bill, "refused")

    def sca_expired(self) -> None:
        """Let the phone ring until its time is over: no money moves, and the bill is open."""
        bill = self._bill(self._vendors()[2])
        self._send(order := self._pay(bill))
        self._answer("expire")
        self.earlier(order, 15 * 60)
        self._until(order, "over")
        self._expect_nothing_moved(order, bill, "expired")

    def resend(self) -> None:
        """Send again what failed, that alone, and see each bill paid once."""
        for order, bills in self._failed.items():
            again = self.client.call(ORDER, "action_resend", [order])
            _expect(len(self._transfers(again)) == len(bills), "not those alone that failed are sent again")
            self._send(again)
            self._answer("allow")
            self._until(again, "at_bank", "over")
            self._settle(again)
            self._expect_paid(bills)
        _expect(
            self.payments.debited == self.payments.wanted,
            f"wanted and not debited: {dict(self.payments.wanted - self.payments.debited)} cents, "
            f"debited and not wanted: {dict(self.payments.debited - self.payments.wanted)} cents",
        )

    # === AT ODOO === #

    def _vendors(self) -> list[dict[str, Any]]:
        """Return vendors of the books with an account that is trusted."""
        banks = self.api.read(
            "res.partner.bank",
            [("allow_out_payment", "=", True), ("journal_id", "=", False), ("partner_id.is_company", "=", True)],
            ["partner_id", "acc_number"],
        )
        banks = {bank["partner_id"][0]: bank for bank in banks}
        _expect(len(banks) > len(FATES) + 2, "there are too few vendors with trusted accounts")
        return [
            {"id": partner, "bank": bank["id"], "iban": "".join(bank["acc_number"].split())}
            for partner, bank in banks.items()
        ]

    def _bill(self, vendor: dict[str, Any]) -> int:
        """Post a bill with an amount that no other has."""
        amount = 20011 + 101 * self.payments.wanted.total()
        self.payments.wanted[amount] += 1
        today = date.today().isoformat()
        values = {
            "move_type": "in_invoice", "partner_id": vendor["id"], "partner_bank_id": vendor["bank"],
            "invoice_date": today, "invoice_date_due": today, "ref": f"CHECK-{amount}",
            "payment_reference": f"CHECK {amount}",
            "invoice_line_ids": [(0, 0, {"name": "Checked", "price_unit": amount / 100, "tax_ids": []})],
        }
        bill = self.api.call(MOVE, "create", [values])[0]
        self.client.call(MOVE, "action_post", [bill])
        return bill

    def _pay(self, bill: int) -> int:
        """Prepare a payment in Odoo's own *Pay* with the method Qonto; return the order."""
        (method,) = self.api.read(
            "account.payment.method.line",
            [("journal_id", "=", self.account["journal_id"][0]), ("code", "=", "qonto_sct")], ["id"],
        )
        context = {"active_model": MOVE, "active_ids": [bill]}
        wizard = self.client.call(
            "account.payment.register", "create",
            [{"journal_id": self.account["journal_id"][0], "payment_method_line_id": method["id"]}], context=context,
        )
        action = self.client.call("account.payment.register", "action_create_payments", wizard, context=context)
        _expect(action["res_model"] == ORDER, f"Pay does not lead to the order but to {action['res_model']}")
        return action["res_id"]

    def _send(self, order: int) -> None:
        """Press *Send* twice, as people do, and wait until the phone rings: once."""
        self.client.call(ORDER, "action_send", [order])
        self.client.call(ORDER, "action_send", [order])
        self._until(order, "phone")
        waiting = self._ask("/sca?state=waiting")
        rings = waiting if isinstance(waiting, list) else next(iter(waiting.values()))
        _expect(len(rings) == 1, f"the phone rings for {len(rings)} approvals")

    def _until(self, order: int, *stages: str) -> None:
        """Watch as the open screen does until the order is there."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            progress = self.client.call(ORDER, "drive", [order])
            if progress["stage"] in stages:
                return
            if progress["stage"] == "attention":
                break
            time.sleep(PAUSE)
        raise say.Problem(f"order {order} is not {' or '.join(stages)} but {json.dumps(progress, ensure_ascii=False)}")

    def _transfers(self, order: int) -> list[dict[str, Any]]:
        return self.api.read(TRANSFER, [("order_id", "=", order)], ["state", "bank_ref", "amount", "live", "reason"])

    def _payment_state(self, bill: int) -> str:
        return self.api.read(MOVE, [("id", "=", bill)], ["payment_state"])[0]["payment_state"]

    def _expect_paid(self, bills: list[int]) -> None:
        """Sync, and find each bill paid by its bank line and no transfer that still holds one."""
        self.sync()
        self.compare()
        self._count_debits()
        wrong = self.api.read(MOVE, [("id", "in", bills), ("payment_state", "!=", "paid")], ["ref", "payment_state"])
        _expect(not wrong, f"bills that are not paid though their lines are booked: {wrong}")
        held = self.api.read("qonto.transfer.line", [("move_id", "in", bills), ("live", "=", True)], ["move_id"])
        _expect(not held, f"bills that are paid and still held: {held}")

    def _expect_nothing_moved(self, order: int, bill: int, state: str) -> None:
        (transfer,) = self._transfers(order)
        _expect(
            (transfer["state"], transfer["live"]) == (state, False), f"the transfer is {transfer}, not {state}"
        )
        _expect(self._payment_state(bill) == "not_paid", "the bill is not open")
        before = self.payments.debited.copy()
        self._count_debits()
        _expect(self.payments.debited == before, "money moved without an approval")
        self._failed[order] = [bill]

    # === AT THE BANK === #

    def _answer(self, decision: str) -> None:
        """Press a button on the phone."""
        self._tell("/sca", {"decision": decision})

    def _settle(self, order: int) -> None:
        """Let the bank execute what is under way, and Odoo follow."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.client.call(ORDER, "drive", [order])
            open_transfers = [row for row in self._transfers(order) if row["state"] in ("submitted", "processing")]
            if not open_transfers:
                return
            for row in open_transfers:
                if row["bank_ref"]:
                    self._tell(f"/transfers/{row['bank_ref']}", {"status": "settled"}, may_refuse=True)
            time.sleep(PAUSE)
        raise say.Problem(f"order {order} did not end: {open_transfers}")

    def _count_debits(self) -> None:
        rows = self._ask("/debits")["debits"]
        self.payments.debited = Counter(
            row["amount_cents"] for row in rows
            if row["debited_at"] and row["status"] != "declined" and (row["note"] or "").startswith("odoo-")
        )

    def _ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.bank}/_control{path}", timeout=60) as answer:
            return json.load(answer)

    def _tell(self, path: str, body: dict[str, Any], *, may_refuse: bool = False) -> None:
        request = urllib.request.Request(
            f"{self.bank}/_control{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            urllib.request.urlopen(request, timeout=60).close()
        except urllib.error.HTTPError:
            if not may_refuse:
                raise


def _expect(fact: object, otherwise: str) -> None:
    if not fact:
        raise say.Problem(otherwise)
