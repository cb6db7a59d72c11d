# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The world of the tests of checks: a vendor whom the stand-in knows, bills, orders, and a client that may pay."""

from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields

from ..models import payment_clock
from ..models.qonto_payment_order import Wish
from ..payments import Challenged, Claimed, HandedOver, Verified
from ..qonto_api import PaymentClient
from .common import QontoCommon

IBAN, OTHER_IBAN = "DE02120300000000202051", "DE89370400440532013000"
PREPARE = "qonto_psd2_sync.group_payment_prepare"
SEND = "qonto_psd2_sync.group_payment_send"
GOOD = "A reason"


class Undone(Exception):
    """What a block did is undone."""


class PaymentCommon(QontoCommon):
    """An account that pays, a trusted vendor whose name the stand-in's banks know, and two people."""

    def setUp(self):
        super().setUp()
        self.account = self.connect()
        self.account.sudo().write({"bank_balance_at": fields.Datetime.now(), "authorized_balance": 100_000.0})
        self.consent = self.account.consent_ids
        self.preparer = self.new_user("preparer", PREPARE)
        self.vendor, self.payee = self.new_vendor("Elbe Kabel GmbH", IBAN)

    def new_vendor(self, name: str, iban: str, **at_the_bank):
        """Return a vendor and its trusted account, which the payee's bank keeps under the same name."""
        vendor = self.env["res.partner"].create({"name": name})
        account = self.env["res.partner.bank"].create({"partner_id": vendor.id, "acc_number": iban})
        account.sudo().allow_out_payment = True
        self.bank.ask("/payees", {"iban": iban, "holder": name, **at_the_bank})
        return vendor, account

    def bill(self, amount: float = 100.0, vendor=None, **values):
        """Return the open instalment of a posted bill."""
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": (vendor or self.vendor).id,
                "invoice_date": fields.Date.today(),
                "currency_id": self.account.currency_id.id,
                "invoice_line_ids": [Command.create({"name": "Cable", "price_unit": amount, "tax_ids": []})],
                **values,
            }
        )
        bill.action_post()
        return bill.line_ids.filtered(lambda item: item.account_id.account_type == "liability_payable")

    def wish(self, *items, **values):
        facts = {
            "partner_bank": self.payee, "reference": f"RG 9{items[0].move_id.id if items else 1}",
            "items": [(item, -item.amount_residual_currency) for item in items],
        }
        return Wish(**{**facts, **values})

    def order(self, *wishes):
        """Return an order of these, prepared by the preparer and about to be sent by the test's own user."""
        orders = self.env["qonto.payment.order"].with_user(self.preparer)
        order = orders._prepare(self.account.with_user(self.preparer), list(wishes or [self.wish(self.bill())]))
        order = order.with_env(self.env)
        order.sudo().write({"sender_id": self.env.uid, "consent_id": self.consent.id})
        self.press_send(order)
        return order

    def press_send(self, order):
        order.sudo().send_asked_at = payment_clock.stored(payment_clock.now(self.env))

    def wait_for_the_phone(self, order):
        """Bring an order to where the sender's phone rings."""
        now = payment_clock.now(self.env)
        for transfer in order.sudo().transfer_ids:
            for event in (HandedOver(), Verified(), Claimed(now), Challenged(now)):
                transfer._step(event)

    @contextmanager
    def client(self):
        with self.enter_registry_test_mode():
            access = self.env["qonto.token"].sudo()._access_token(self.consent)
        with PaymentClient(self.application._endpoints(), access, max_wait=1) as client:
            yield client

    def check(self, order):
        """Check as sending does, and return the codes of what is wrong."""
        with self.client() as client:
            order._check_payees(client)
        return self.codes(order)

    def codes(self, order, moment: str = "ask"):
        return sorted(problem.code for problem in order._problems(moment))

    def problem(self, order, code: str, moment: str = "ask"):
        return next(problem for problem in order._problems(moment) if problem.code == code)

    @contextmanager
    def undone(self):
        """Undo what the block does."""
        try:
            with self.env.cr.savepoint():
                yield
                self.env.flush_all()
                raise Undone
        except Undone:
            self.env.invalidate_all()
            self.env.registry.clear_all_caches()

    @contextmanager
    def later(self, **much):
        moment = payment_clock.now(self.env) + timedelta(**much)
        with patch.object(payment_clock, "now", lambda _env: moment):
            yield

    def change(self, records, **columns):
        """Change what a screen would not let one change, as another program might."""
        self.env.flush_all()
        for name, value in columns.items():
            self.env.cr.execute(f"UPDATE {records._table} SET {name} = %s WHERE id IN %s", [value, tuple(records.ids)])
        self.env.invalidate_all()

    def calls(self, path: str) -> int:
        """Return how often the bank was asked this."""
        return sum(request["path"] == path for request in self.bank.requests())
