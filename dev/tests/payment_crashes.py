"""Let payments crash at every point, with every fault, at every hour; print what became of the money (JSON).

    payment_crashes.py CONFIGURATION DATABASE BANK short|full

A cell is {point} x {what is sent} x {fault} x {clock}. The bank's ledger of debits is the oracle: at most one debit for
each bill, and Odoo never says *failed* (nor refused, expired, canceled) of one that moved money. A killed worker is a
forked process that gets `kill -9` at the very point; the others meet a fault of the bank's.
"""

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from feed_histories import ADMIN, World
from system_world import Bank

import odoo.tools
from odoo import Command, fields, sql_db
from odoo.exceptions import UserError

POINTS = ("before send", "after send", "after answer", "after commit")
KINDS = ("single", "bulk", "single after SCA", "bulk after SCA")
FAULTS = ("time-out", "reset", "5xx after effect", "kill -9")
CLOCKS = {
    "0": timedelta(), "14:59": timedelta(minutes=14, seconds=59), "15:01": timedelta(minutes=15, seconds=1),
    "24:59": timedelta(minutes=24, seconds=59), "29:59": timedelta(minutes=29, seconds=59),
    "30:01": timedelta(minutes=30, seconds=1), "23 h": timedelta(hours=23),
}
IMPOSSIBLE = {
    ("before send", "5xx after effect"): "nothing was sent, so it has no effect and no answer",
    ("after answer", "time-out"): "the answer is here: no fault of the line can come any more",
    ("after answer", "reset"): "the answer is here: no fault of the line can come any more",
    ("after answer", "5xx after effect"): "the answer is here: it was another one",
    ("after commit", "5xx after effect"): "what follows is a question, which has no effect",
}
NO_MONEY = {"failed", "refused", "expired", "canceled", "declined"}
# The bank answers late by more than its client waits.
PATIENCE, LATE = 0.4, 0.9
# What is looked at in `./dev/test`: each point and fault once at least, each clock, each kind.
SHORT = (
    ("before send", "single", "kill -9", "0"), ("before send", "bulk after SCA", "kill -9", "24:59"),
    ("before send", "single after SCA", "time-out", "0"), ("before send", "bulk", "reset", "30:01"),
    ("after send", "single", "time-out", "14:59"), ("after send", "single after SCA", "time-out", "0"),
    ("after send", "single after SCA", "reset", "15:01"), ("after send", "bulk after SCA", "5xx after effect", "29:59"),
    ("after send", "single after SCA", "kill -9", "0"), ("after send", "bulk after SCA", "kill -9", "30:01"),
    ("after send", "single after SCA", "kill -9", "23 h"), ("after send", "single", "kill -9", "24:59"),
    ("after answer", "single after SCA", "kill -9", "0"), ("after answer", "bulk after SCA", "kill -9", "14:59"),
    ("after answer", "single", "kill -9", "15:01"), ("after commit", "single after SCA", "kill -9", "0"),
    ("after commit", "single", "kill -9", "29:59"), ("after commit", "bulk after SCA", "time-out", "0"),
    ("after commit", "single", "reset", "14:59"),
)


@dataclass(frozen=True)
class Cell:
    """One crash."""

    point: str
    kind: str
    fault: str
    clock: str

    def __str__(self) -> str:
        return " x ".join((self.point, self.kind, self.fault, self.clock))


class Payments:
    """A company that pays, and what can go wrong."""

    def __init__(self, database: str, bank: Bank) -> None:
        from odoo.addons.qonto_psd2_sync.models import payment_clock
        from odoo.addons.qonto_psd2_sync.qonto_api import const

        const.DEFAULT_TIMEOUT = (PATIENCE, PATIENCE)
        for module in ("client", "transport", "payment_client"):
            _patient(f"odoo.addons.qonto_psd2_sync.qonto_api.{module}")
        self.world, self.bank = World(database, bank, small=False, purpose="pay"), bank
        self.ahead, self.numbers = timedelta(), itertools.count(1)
        real = payment_clock.now
        payment_clock.now = lambda env: real(env) + self.ahead
        account = self.world.open_account()
        self.account, self.ref = account.id, account.ref
        account.add(900_000_00)

    def visit(self):
        return self.world.visit(ADMIN)

    # === ONE CELL === #

    def order(self, bills: int) -> tuple[int, list[str]]:
        """Prepare an order of bills of somebody never paid before; return it and its marks at the bank."""
        from odoo.addons.qonto_psd2_sync.models.qonto_payment_order import Wish

        number = next(self.numbers)
        iban = _iban(number)
        self.bank.ask("/payees", {"iban": iban, "holder": f"Payee {number} GmbH"})
        with self.visit() as env:
            account = env["qonto.account"].browse(self.account)
            partner = env["res.partner"].create({"name": f"Payee {number} GmbH"})
            payee = env["res.partner.bank"].create({"partner_id": partner.id, "acc_number": iban})
            payee.sudo().allow_out_payment = True
            moves = env["account.move"].create([
                {
                    "move_type": "in_invoice", "partner_id": partner.id, "invoice_date": fields.Date.today(),
                    "invoice_line_ids": [
                        Command.create({"name": "Cable", "price_unit": 10 + number / 100 + part, "tax_ids": []})
                    ],
                }
                for part in range(bills)
            ])
            moves.action_post()
            items = moves.line_ids.filtered(lambda item: item.account_type == "liability_payable")
            order = env["qonto.payment.order"]._prepare(account, [
                Wish(payee, f"RG {number}-{item.id}", [(item, -item.amount_residual_currency)]) for item in items
            ])
            return order.id, items.ids

    def look(self, order: int) -> dict:
        """Do as the web client does, once."""
        with self.visit() as env:
            return env["qonto.payment.order"].browse(order).drive()

    def send(self, order: int) -> None:
        with self.visit() as env:
            env["qonto.payment.order"].browse(order).action_send()

    def go_by(self, gone: timedelta) -> None:
        """Let time go by, by both clocks; Odoo knows that its access token is old then."""
        self.ahead += gone
        if gone:
            self.bank.ask("/clock", {"advance_seconds": gone.total_seconds()})
        with self.world.visit() as env:
            env.cr.execute("UPDATE qonto_token SET access_expires_at = '2000-01-01'")

    def approve(self) -> None:
        if self.bank.ask("/sca?state=waiting")["sessions"]:
            self.bank.ask("/sca", {"decision": "allow"})

    def crash(self, cell: Cell, order: int) -> bool:
        """Bring the order to the point, and let it happen there.

        :return: whether it really happened
        """
        self.send(order)
        if "after SCA" in cell.kind:
            self.look(order)
            self.approve()
            self.go_by(timedelta(seconds=3))
        if cell.fault == "kill -9":
            return self._killed(cell.point, order)
        self._meet(cell, order)
        return True

    def _meet(self, cell: Cell, order: int) -> None:
        """Let the bank misbehave at the sending; after the commit, at the question that follows."""
        path = "/v2/sepa/bulk_transfers" if "bulk" in cell.kind else "/v2/sepa/transfers"
        faults = {"time-out": {"kind": "delay", "seconds": LATE}, "reset": {"kind": "drop"},
                  "5xx after effect": {"kind": "status", "status": 500}}
        fault = {"path_prefix": path, "method": "POST", **faults[cell.fault]}
        if cell.point == "after send":
            fault["after_effect"] = True
        if cell.point == "after commit":
            self.look(order)
            self.go_by(timedelta(seconds=6))
            fault |= {"path_prefix": "/v2/s", "method": "GET", "times": 2}
        self.bank.ask("/faults", fault)
        self.look(order)
        self.bank.ask("/faults", method="DELETE")

    def _killed(self, point: str, order: int) -> bool:
        """Fork a worker that is killed at the point; return whether it died there."""
        sql_db.close_all()
        child = os.fork()
        if not child:
            _die_at(point)
            self.look(order)
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    # === WHAT BECAME OF IT === #

    def recover(self, order: int) -> None:
        """A person looks, asks again where that may be, approves; then days go by and the scheduled action looks."""
        for number in range(6):
            told = self.look(order)
            if told["stage"] in ("prepared", "attention", "handed_over") or told["may_ask_again"]:
                with suppress(UserError):  # the window in which it may be asked again closes in this very second
                    self.send(order)
                self.look(order)
            if number < 5:
                self.approve()
                self.go_by(timedelta(seconds=3))
        for hours in (2, 6, 20, 25, 25):
            self.go_by(timedelta(hours=hours))
            for _time in range(3):
                self.look(order)

    def wrongs(self, cell: Cell, order: int, items: list[int]) -> tuple[list[str], dict]:
        """Return what is wrong; send again what ended without money; return what is wrong then."""
        self.recover(order)
        wrong, states = self._compare(order, items, "recovered")
        with self.visit() as env:
            record = env["qonto.payment.order"].browse(order)
            for transfer in record.transfer_ids.filtered(lambda each: each.state == "unknown"):
                transfer.action_give_up("Qonto does not have it")
            ended = record.sudo().transfer_ids.filtered(lambda each: each.state in NO_MONEY)
            again = record.action_resend() if ended else 0
        if again:
            self.send(again)
            self.recover(again)
        more, final = self._compare(again or order, items, "sent again")
        debits = self._debits(items)
        lacking = [item for item, count in debits.items() if count != 1]
        if lacking:
            more.append(f"not paid in the end: {lacking}")
        return wrong + more, {"cell": str(cell), "debits": list(debits.values()), "states": states, "final": final}

    def _debits(self, items: list[int]) -> dict[int, int]:
        """Return the number of debits at the bank by bill."""
        rows = self.bank.ask("/debits")["debits"]
        return {
            item: sum(row["reference"].endswith(f"-{item}") and row["status"] not in ("canceled", "declined")
                      for row in rows)
            for item in items
        }

    def _compare(self, order: int, items: list[int], when: str) -> tuple[list[str], list[str]]:
        with self.world.visit() as env:
            transfers = env["qonto.payment.order"].browse(order).transfer_ids.sorted("id")
            states = transfers.mapped("state")
            debits, wrong = self._debits(items), []
            for transfer in transfers:
                item = transfer.line_ids.move_line_id.id
                moved = any(row["note"] == transfer.marker for row in self.bank.ask("/debits")["debits"])
                if debits[item] > 1:
                    wrong.append(f"{when}: {debits[item]} debits of one bill")
                if moved and transfer.state in NO_MONEY:
                    wrong.append(f"{when}: called {transfer.state} ({transfer.reason}), though money moved")
                if not moved and transfer.state in ("submitted", "processing", "settled"):
                    wrong.append(f"{when}: called {transfer.state}, though no money moved")
                if transfer.state in ("sending", "awaiting_sca") or (moved and transfer.state == "unknown"):
                    wrong.append(f"{when}: is still {transfer.state}")
                if transfer.state == "unknown" and not transfer.order_id.activity_ids:
                    wrong.append(f"{when}: nobody was told")
            return wrong, states


def _patient(name: str) -> None:
    """Let a client wait shortly; its default was bound when it was loaded."""
    module = sys.modules[name]
    for each in vars(module).values():
        init = isinstance(each, type) and each.__module__ == name and vars(each).get("__init__")
        if init and init.__kwdefaults__ and "timeout" in init.__kwdefaults__:
            init.__kwdefaults__["timeout"] = (PATIENCE, PATIENCE)


def _die_at(point: str) -> None:
    """Let this process get `kill -9` at the point: around the one call that moves money, and around its commit."""
    from odoo.addons.qonto_psd2_sync.models.qonto_payment_order_send import QontoPaymentOrder
    from odoo.addons.qonto_psd2_sync.qonto_api import PaymentClient
    from odoo.addons.qonto_psd2_sync.qonto_api.transport import Transport

    def die(*_arguments: object, **_values: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def then_die(call: Callable) -> Callable:
        def wrapped(self, *arguments, **values):
            result = call(self, *arguments, **values)
            die()
            return result

        return wrapped

    if point == "before send":
        PaymentClient.send = die
    elif point == "after send":
        real = Transport._send

        def answered(self, method, url, *arguments):
            try:
                return real(self, method, url, *arguments)
            finally:
                # Not at a payee check, and not at a new token.
                if method == "POST" and url.endswith(("/v2/sepa/transfers", "/v2/sepa/bulk_transfers")):
                    die()

        Transport._send = answered
    elif point == "after answer":
        QontoPaymentOrder._take_reply = then_die(QontoPaymentOrder._take_reply)
    else:
        QontoPaymentOrder._send = then_die(QontoPaymentOrder._send)


def _iban(number: int) -> str:
    """Return a German IBAN with the right check digits."""
    account = f"37040044{number:010d}"
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def main(configuration: str, database: str, bank: str, size: str) -> None:
    odoo.tools.config.parse_config(["-c", configuration, "-d", database, "--log-level=critical"])
    payments = Payments(database, Bank(bank))
    cells = SHORT if size == "short" else itertools.product(POINTS, KINDS, FAULTS, CLOCKS)
    report, wrong, impossible = [], [], []
    for cell in itertools.starmap(Cell, cells):
        if reason := IMPOSSIBLE.get((cell.point, cell.fault)):
            impossible.append(f"{cell}: {reason}")
            continue
        order, items = payments.order(2 if "bulk" in cell.kind else 1)
        try:
            if not payments.crash(cell, order):
                wrong.append(f"{cell}: the worker did not get there")
            payments.go_by(CLOCKS[cell.clock])
            found, line = payments.wrongs(cell, order, items)
        except Exception as error:  # noqa: BLE001 - one cell that breaks hides no other
            found, line = [f"{type(error).__name__}: {error}"], {"cell": str(cell), "debits": []}
        wrong += [f"{cell}: {each}" for each in found]
        report.append(line)
        print(line, *found, file=sys.stderr, flush=True)
    print(json.dumps({"report": report, "wrong": wrong, "impossible": impossible}))


if __name__ == "__main__":
    main(*sys.argv[1:])
