# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paying in a real browser: one bill, many bills, handed over. Somebody approves on the phone meanwhile."""

import time
from concurrent.futures import ThreadPoolExecutor

from odoo import Command
from odoo.fields import Date
from odoo.tests import tagged

from .test_tours import ToursCase

IBANS = ("DE02120300000000202051", "DE89370400440532013000", "DE75512108001245126199")


@tagged("post_install", "-at_install")
class TestPaymentTours(ToursCase):
    def setUp(self):
        super().setUp()
        me, self.env = self.env, self.env(user=self.head)
        self.account = self.connect_both().filtered("main").with_env(me)
        self.env = me
        self.account.journal_id.sudo().name = "Hauptkonto Bank"
        self.elbe = self.vendor("Elbe Kabel GmbH", IBANS[0])
        # How this vendor is usually paid: Odoo proposes it.
        self.elbe.property_outbound_payment_method_line_id = self.account.journal_id._qonto_method_line()
        self.head.name = "Helga Haupt"
        self.spree = self.vendor("Spree Kabel AG", IBANS[1])

    # === HELPERS === #

    def vendor(self, name: str, iban: str, trusted: bool = True):
        partner = self.env["res.partner"].create({"name": name})
        bank = self.env["res.partner.bank"].create({"partner_id": partner.id, "acc_number": iban})
        bank.allow_out_payment = trusted
        self.bank.ask("/payees", {"iban": iban, "holder": name})
        return partner

    def bill(self, partner, number: str, amount: float = 100.0, **values):
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice", "partner_id": partner.id, "invoice_date": Date.today(), "ref": number,
                "invoice_line_ids": [Command.create({"name": "Cable", "price_unit": amount, "tax_ids": []})],
                **values,
            }
        )
        bill.action_post()
        return bill

    def order(self, *bills):
        preparer = self.new_user("qonto_preparer", "qonto_psd2_sync.group_payment_prepare")
        items = self.env["account.move"].union(*bills).line_ids.filtered(
            lambda item: item.account_type == "liability_payable"
        )
        account, items = self.account.with_user(preparer), items.with_user(preparer)
        return account.env["qonto.pay"]._begin(account, items)._prepare()

    def tour_with_phone(self, name: str, login: str, start: str):
        with ThreadPoolExecutor(1) as phone:
            approved = phone.submit(self.approve_on_the_phone)
            self.tour(name, login, start)
            self.assertTrue(approved.result(timeout=10))
        self.env.invalidate_all()

    def approve_on_the_phone(self) -> bool:
        for _second in range(120):
            time.sleep(1)
            if self.bank.ask("/sca?state=waiting")["sessions"]:
                time.sleep(5)  # somebody looks for the phone
                return bool(self.bank.ask("/sca", {"decision": "allow"}))
        return False

    def debits(self) -> list[int]:
        return sorted(debit["amount_cents"] for debit in self.bank.ask("/debits")["debits"])

    # === TOURS === #

    def test_one_bill_is_paid_from_odoos_own_wizard(self):
        bill = self.bill(self.elbe, "RE 4711", 119.0)
        self.tour_with_phone("pay_one", "qonto_head", f"/odoo/action-account.action_move_in_invoice/{bill.id}")
        self.assertEqual(self.debits(), [119_00])
        self.assertEqual(bill.payment_state, "in_payment")

    def test_many_bills_are_paid_with_one_approval(self):
        term = self.env["account.payment.term"].create(
            {"name": "2 % in 5 days", "early_discount": True, "discount_percentage": 2, "discount_days": 5}
        )
        self.bill(self.elbe, "B-1", invoice_payment_term_id=term.id)
        self.bill(self.spree, "B-2", 50.0)
        later = self.bill(self.spree, "B-3", 70.0)
        self.bill(self.vendor("Havel Papier KG", IBANS[2], trusted=False), "B-4")
        self.tour_with_phone("pay_many", "qonto_head", "/odoo")
        self.assertEqual(self.debits(), [50_00, 98_00])
        self.assertEqual(later.payment_state, "not_paid")

    def test_an_order_is_handed_over_and_sent_from_a_phone(self):
        order = self.order(self.bill(self.elbe, "B-1"), self.bill(self.spree, "B-2", 50.0))
        self.tour("hand_over", "qonto_preparer", f"/odoo/qonto-payments/{order.id}")
        self.assertEqual(order.sudo().payer_id, self.head)
        self.browser_size, self.touch_enabled = "375x667", True
        self.tour_with_phone("payer", "qonto_head", f"/odoo/qonto-payments/{order.id}")
        self.assertEqual(self.debits(), [100_00])
        self.assertRegex("".join(order.sudo().message_ids.mapped("body")), "The bank has answered. .*Canceled: 1")
