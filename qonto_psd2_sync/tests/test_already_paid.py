# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Already paid? Each place where the same payment may be found, and what is no second payment (R12)."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models import payment_clock
from ..models.payment_words import told
from ..payments import Accepted, Canceled, Claimed, HandedOver, Verified
from .payment_common import GOOD, IBAN, OTHER_IBAN, PaymentCommon

MARK = "odoo-0123456789abcdef0123456789abcdef"


@tagged("post_install", "-at_install")
class TestAlreadyPaid(PaymentCommon):
    def hits(self, order):
        """Look at the bank and return what was found, as (what, why)."""
        with self.client() as client:
            order._check_payees(client)
        return self.known_hits(order)

    def known_hits(self, order):
        found = [problem for problem in order._problems("ask") if problem.code == "already_paid"]
        return sorted((hit["what"], hit["why"]) for problem in found for hit in problem.facts["hits"])

    def in_the_app(self, **values):
        """Make a transfer in the bank's own app."""
        facts = {"account_id": self.main["id"], "beneficiary": {"name": "Elbe", "iban": IBAN}, "amount": "100.00",
                 "reference": "Cable", **values}
        return self.bank.ask("/transfers", facts)["transfer"]

    def test_what_the_bank_has_sent_is_found_wherever_it_was_made(self):
        order = self.order(self.wish(self.bill(ref="R-2211")))
        self.assertEqual(self.hits(order), [])
        self.in_the_app(amount="7.00")
        self.assertEqual(self.hits(order), [])
        for values, found in (
            ({}, ("bank_transfer", "amount")),
            ({"amount": "40.00", "reference": "Invoice R2211"}, ("bank_transfer", "reference")),
            ({"note": MARK}, ("lost_transfer", "amount")),
        ):
            with self.subTest(values):
                made = self.in_the_app(**values)
                self.assertEqual(self.hits(order), [found])
                self.bank.ask(f"/transfers/{made['id']}", {"status": "canceled"})
                self.assertEqual(self.hits(order), [])

    def test_another_account_of_the_vendor_counts_for_the_reference_only(self):
        self.env["res.partner.bank"].create({"partner_id": self.vendor.id, "acc_number": OTHER_IBAN})
        order = self.order(self.wish(self.bill(ref="R-2211")))
        self.in_the_app(beneficiary={"name": "Elbe", "iban": OTHER_IBAN})
        self.assertEqual(self.hits(order), [])
        self.in_the_app(beneficiary={"name": "Elbe", "iban": OTHER_IBAN}, reference="R 2211", amount="99.00")
        self.assertEqual(self.hits(order), [("bank_transfer", "reference")])

    def test_transfers_and_payments_of_odoo_are_found(self):
        sent = self.order(self.wish(self.bill(ref="R-1"), reference="R-1"))
        twin = self.order(self.wish(self.bill(ref="R-2"), reference="R-2"))
        self.assertEqual(self.hits(twin), [("transfer", "amount")])
        with self.undone():
            self.change(sent.transfer_ids, create_date=fields.Datetime.now() - timedelta(days=40))
            self.assertEqual(self.known_hits(twin), [])
        again = self.order(self.wish(self.bill(55.0, ref="R-1"), reference="Invoice R1"))
        self.assertEqual(self.hits(again), [("transfer", "reference")])
        sent.sudo().transfer_ids._step(Canceled("by_person"))
        self.assertEqual(self.known_hits(again), [])
        self.env["account.payment"].create(
            {
                "payment_type": "outbound", "partner_type": "supplier", "partner_id": self.vendor.id, "amount": 55.0,
                "partner_bank_id": self.payee.id, "memo": "By hand", "journal_id": self.account.journal_id.id,
            }
        ).action_post()
        self.assertEqual(self.known_hits(again), [("payment", "amount")])

    def test_pending_and_unmatched_debits_are_found_and_others_are_not(self):
        order = self.order(self.wish(self.bill(ref="R-2211")))
        self.bank.add(self.main["id"], -100_00, counterparty_iban=IBAN, status="pending", settled_at=None)
        self.bank.add(self.main["id"], -30_00, counterparty_iban=IBAN, reference="R-2211")
        self.bank.add(self.main["id"], -31_00, counterparty_iban=IBAN, reference="R-2212")
        self.sync(self.account)
        self.account.sudo().authorized_balance = 100_000.0
        self.assertEqual(self.hits(order), [("bank_line", "reference"), ("pending", "amount")])
        hits = told(self.env, self.problem(order, "already_paid"))["hits"]
        self.assertEqual(
            {(hit["what"], hit["amount"], hit["why"], hit["state"]) for hit in hits},
            {
                ("Debit in the account, not matched", 30.0, "same payee and reference", "Booked"),
                ("Pending debit in the account", 100.0, "same IBAN and amount", "Pending"),
            },
        )
        line = self.lines_of(self.account).filtered(lambda line: line.amount == -30.0)
        self.change(line, is_reconciled=True)
        self.assertEqual(self.known_hits(order), [("pending", "amount")])

    def test_a_part_that_the_bill_already_counts_is_no_second_payment(self):
        item = self.bill(100.0, ref="R-2211")
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=item.move_id.ids
        ).create({"amount": 40.0, "communication": "R-2211"})._create_payments()
        self.assertEqual(item.amount_residual, -60.0)
        order = self.order(self.wish(items=[(item, 60.0)], reference="R-2211"))
        self.assertEqual(self.hits(order), [])
        # While a transfer holds the bill nobody can do that.
        order.sudo().transfer_ids._step(Canceled("by_person"))
        item.remove_move_reconcile()
        again = self.order(self.wish(items=[(item, 60.0)], reference="R-2211"))
        self.assertEqual(self.hits(again), [("payment", "reference")])

    def test_twins_in_one_order_are_told_apart_by_their_numbers(self):
        order = self.order(
            self.wish(self.bill(ref="R-1"), reference="R-1"), self.wish(self.bill(ref="R-2"), reference="R-2")
        )
        self.assertEqual(self.hits(order), [])
        order = self.order(
            self.wish(self.bill(31.0, ref="R-3"), reference="R-3"),
            self.wish(self.bill(32.0, ref="R3"), reference="R3"),
        )
        self.assertEqual(self.hits(order), [("transfer", "reference")] * 2)

    def test_a_transfer_sent_from_here_is_shown_once(self):
        sent = self.order()
        made = self.in_the_app(note=sent.transfer_ids.marker)
        for event in (HandedOver(), Verified(), Claimed(payment_clock.now(self.env)), Accepted(made["id"])):
            sent.sudo().transfer_ids._step(event)
        self.assertEqual(self.hits(self.order()), [("transfer", "amount")])

    def test_going_on_needs_the_right_and_a_reason_that_stays_and_covers_only_what_was_seen(self):
        self.in_the_app()
        order = self.order()
        self.assertEqual(self.hits(order), [("bank_transfer", "amount")])
        with self.assertRaises(AccessError):
            order.with_user(self.preparer).action_decide("already_paid", GOOD)
        with self.assert_told("give a reason"):
            order.action_decide("already_paid", "  ")
        order.action_decide("already_paid", "Second instalment")
        self.assertEqual(self.codes(order), [])
        decided = order.transfer_ids.trail_ids.sorted("id")[-1]
        self.assertEqual((decided.event, decided.user_id), ("Decided", self.env.user))
        self.assertIn("Second instalment", decided.detail)
        self.in_the_app()
        self.assertEqual(self.hits(order), [("bank_transfer", "amount")] * 2)
        with self.assert_told("nothing to decide"):
            order.action_decide("payee_untrusted", GOOD)
