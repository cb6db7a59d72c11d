"""The measured work of the benchmark of payments, in a process of its own; prints JSON.

    _pay_work.py CONFIGURATION DATABASE BANK SIZE
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import requests
from feed_histories import ADMIN, World
from system_world import Bank

import odoo.tools
from odoo import Command

VENDORS = 40
ROUNDS = 40


class Stopwatch:
    """Adds up what a function takes, as long as the block lasts."""

    def __init__(self, owner: Any, name: str) -> None:
        self.seconds, self._owner, self._name = 0.0, owner, name

    def __enter__(self) -> "Stopwatch":
        self._function = function = getattr(self._owner, self._name)

        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - began

        setattr(self._owner, self._name, timed)
        return self

    def __exit__(self, *_error: object) -> None:
        setattr(self._owner, self._name, self._function)


class Payer:
    """A company with vendors, bills, and an account to pay from."""

    def __init__(self, database: str, bank: Bank) -> None:
        self.world, self.bank = World(database, bank, small=False, purpose="pay"), bank
        account = self.world.open_account()
        account.add(900_000_00)
        self.account, self.references = account.id, 0
        with self._visit() as env:
            own = env["qonto.account"].browse(self.account)
            self.journal = own.journal_id.id
            env["qonto.account"].search([("id", "!=", self.account)]).active = False
            self.vendors = [self._vendor(env, number) for number in range(VENDORS)]

    @contextmanager
    def _visit(self) -> Iterator[Any]:
        with self.world.visit(ADMIN) as env:
            yield env

    def _vendor(self, env: Any, number: int) -> tuple[int, int]:
        name, body = f"Vendor {number:02} GmbH", f"100100100000{number:06}"
        iban = f"DE{98 - int(f'{body}131400') % 97:02}{body}"
        self.bank.ask("/payees", {"iban": iban, "holder": name})
        partner = env["res.partner"].create({"name": name, "is_company": True})
        payee = env["res.partner.bank"].create({"partner_id": partner.id, "acc_number": iban})
        payee.allow_out_payment = True
        return partner.id, payee.id

    def bills(self, size: int) -> list[int]:
        """Post so many bills, each with an amount of its own."""
        made: list[int] = []
        for start in range(0, size, 100):
            with self._visit() as env:
                values = []
                for number in range(start, min(start + 100, size)):
                    self.references += 1
                    partner, payee = self.vendors[number % VENDORS]
                    values.append({
                        "move_type": "in_invoice", "partner_id": partner, "partner_bank_id": payee,
                        "invoice_date": date.today(), "ref": f"B-{self.references:06}",
                        "invoice_line_ids": [Command.create({
                            "name": "Measured", "price_unit": 100 + self.references / 100, "tax_ids": [],
                        })],
                    })
                moves = env["account.move"].create(values)
                moves.action_post()
                made += moves.ids
        return made

    def with_entries(self, wanted: bool) -> None:
        """Let payments have entries of their own over an outstanding account, or none."""
        with self._visit() as env:
            journal = env["account.journal"].browse(self.journal)
            outstanding = env["account.account"].search([
                ("account_type", "=", "asset_current"), ("reconcile", "=", True), ("active", "=", True),
            ], limit=1)
            journal.outbound_payment_method_line_ids.payment_account_id = outstanding if wanted else False

    def ours(self, bills: list[int]) -> dict[str, Any]:
        """Pay them with Qonto: select, prepare, send, approve, and let the books follow."""
        self.bank.ask("/requests", method="DELETE")
        before = self._debits()
        facts: dict[str, Any] = {}
        with Stopwatch(requests.Session, "send") as http:
            began = time.perf_counter()
            with self._visit() as env:
                wizard = env["qonto.pay"].browse(env["qonto.pay"].action_pay_bills(bills)["res_id"])
                wizard.group_by_payee = False
                order_id = wizard.action_prepare()["res_id"]
            facts["prepared"] = time.perf_counter() - began
            with self._visit() as env:
                env["qonto.payment.order"].browse(order_id).action_send()
            self._drive(order_id, "phone")
            facts["until_phone"] = time.perf_counter() - began - http.seconds
        calls = self._calls()
        facts["payee_checks"] = calls["POST", "/v2/sepa/bulk_verify_payee"] + calls["POST", "/v2/sepa/verify_payee"]
        facts["create_calls"] = calls["POST", "/v2/sepa/bulk_transfers"] + calls["POST", "/v2/sepa/transfers"]
        self.bank.ask("/sca", {"decision": "allow"})
        time.sleep(2.1)
        orders = type(env["qonto.payment.order"])
        facts["reads"] = 0
        with Stopwatch(orders, "_let_the_books_follow") as books:
            for _round in range(ROUNDS):
                self.bank.ask("/requests", method="DELETE")
                stage = self._look(order_id)["stage"]
                reads = sum(
                    count for (method, path), count in self._calls().items()
                    if method == "GET" and path.startswith("/v2/sepa/transfers")
                )
                facts["reads"] = max(facts["reads"], reads)
                if stage == "over":
                    break
                if stage == "at_bank":
                    self.bank.ask("/clock", {"advance_seconds": 20})
                time.sleep(1)
        facts["accounting"] = books.seconds
        with self._visit() as env:
            states = Counter(env["account.move"].browse(bills).mapped("payment_state"))
        if states - Counter({"in_payment": len(bills), "paid": len(bills)}):
            raise RuntimeError(f"The bills are not in payment: {states}, the order is {stage}")
        new = Counter(self._debits()) - Counter(before)
        facts["too_many"] = new.total() - len(new)
        facts["missing"] = len(bills) - len(new)
        return facts

    def stock(self, bills: list[int]) -> float:
        """Pay as many with Odoo's own *Pay*, and return the seconds."""
        began = time.perf_counter()
        with self._visit() as env:
            journal = env["account.journal"].browse(self.journal)
            manual = journal.outbound_payment_method_line_ids.filtered(lambda line: line.code == "manual")
            register = env["account.payment.register"].with_context(active_model="account.move", active_ids=bills)
            wizard = register.create({
                "journal_id": journal.id, "payment_method_line_id": manual.id, "group_payment": False,
            })
            wizard.action_create_payments()
        return time.perf_counter() - began

    def _look(self, order_id: int) -> dict[str, Any]:
        with self._visit() as env:
            return env["qonto.payment.order"].browse(order_id).drive()

    def _drive(self, order_id: int, stage: str) -> None:
        for _round in range(ROUNDS):
            told = self._look(order_id)
            if told["stage"] == stage:
                return
            if told["stage"] == "attention":
                break
        raise RuntimeError(f"The order is not {stage}: {told['stage']} {told['problems'][:3]}")

    def _calls(self) -> Counter[tuple[str, str]]:
        return Counter((call["method"], call["path"]) for call in self.bank.ask("/requests")["requests"])

    def _debits(self) -> list[str]:
        return [row["note"] for row in self.bank.ask("/debits")["debits"]]


def main(configuration: str, database: str, bank: str, size: str) -> None:
    odoo.tools.config.parse_config(["-c", configuration, "-d", database, "--log-level=critical"])
    payer = Payer(database, Bank(bank))
    facts: dict[str, Any] = {}
    for entries in (True, False):
        payer.with_entries(entries)
        mine, theirs = payer.bills(int(size)), payer.bills(int(size))
        ours = payer.ours(mine)
        stock = payer.stock(theirs)
        name = "accounting_against_stock" if entries else "accounting_against_stock_without_entries"
        facts[name] = round(ours["accounting"] / stock, 3)
        facts |= {f"{name}_s": [round(ours["accounting"], 2), round(stock, 2)]}
        if entries:
            facts |= {
                "until_the_phone_rings": round(ours["until_phone"], 2), "prepared_s": round(ours["prepared"], 2),
                "payee_checks": ours["payee_checks"], "create_calls": ours["create_calls"],
                "reads_a_round": ours["reads"], "debits_too_many": ours["too_many"], "debits_missing": ours["missing"],
            }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(*sys.argv[1:])
