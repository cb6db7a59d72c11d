# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Money that comes back after it was sent: the debit stays, the bills are open again, the credit is matched (R10)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from ..models import payment_clock
from .books_common import IBAN, BooksCommon


class ReturnedCases:
    """Rules that hold with and without journal entries on payments."""

    def paid(self, *items, **values):
        """Return a transfer that went all the way, with its bank line."""
        transfer = self.prepare(self.wish(*items, **values)).transfer_ids.sudo()
        self.send(transfer)
        ref = self.debit(transfer)
        self.settle(transfer, ref)
        line = self.line(ref)
        self.assertTrue(line.is_reconciled and transfer.matched)
        return transfer, line

    def comes_back(self, transfer, reference="RETURN RG 4711", **values):
        values = {
            "label": self.vendor.name, "reference": reference, "operation_type": "income",
            "counterparty_iban": IBAN, **values,
        }
        return self.line(self.bank.add(self.main["id"], round(transfer.amount * 100), **values)["id"])

    def assert_came_back(self, transfer, debit, credit, *items):
        self.assertTrue(credit.is_reconciled)
        self.assertTrue(debit.is_reconciled)
        self.assertEqual((transfer.state, transfer.live, transfer.payment_id.state), ("returned", False, "rejected"))
        for item in items:
            self.assertEqual((item.move_id.payment_state, item.amount_residual), ("not_paid", item.balance))
            self.assertIn("came back", "".join(item.move_id.message_ids.mapped("body")))
        # Nothing is left over between debit and credit.
        self.assertTrue(all(item.reconciled for item in transfer._debited_items()))

    def test_the_bill_is_open_again_and_the_credit_is_matched_by_itself(self):
        item = self.bill()
        transfer, debit = self.paid(item)
        credit = self.comes_back(transfer)
        self.assertTrue(credit.qonto_auto_booked_at)
        self.assert_came_back(transfer, debit, credit, item)
        # It can be paid again, and this time it stays.
        again, _line = self.paid(item)
        self.assertEqual((item.move_id.payment_state, again.matched), ("paid", True))
        self.follow(transfer)
        self.assertEqual(transfer.payment_id.state, "rejected")

    def test_all_bills_of_a_group_are_open_again(self):
        first, second, note = self.bill(), self.bill(50.0), self.bill(30.0, move_type="in_refund")
        transfer, debit = self.paid(items=[(first, 100.0), (second, 20.0), (note, -30.0)])
        self.assertEqual((first.amount_residual, second.amount_residual, note.amount_residual), (0.0, -30.0, 0.0))
        credit = self.comes_back(transfer)
        self.assert_came_back(transfer, debit, credit, first, second, note)

    def test_a_credit_that_does_not_say_so_opens_nothing(self):
        transfer, _debit = self.paid(self.bill())
        credit = self.comes_back(transfer, reference="RG 4711")
        self.assertFalse(credit.is_reconciled)
        self.assertEqual((transfer.state, transfer.payment_id.state), ("settled", "paid"))

    def test_a_person_may_say_that_it_came_back(self):
        item = self.bill()
        transfer, debit = self.paid(item)
        credit = self.comes_back(transfer, reference="Retour", counterparty_iban=None)
        self.assertFalse(credit.is_reconciled)
        proposal = credit._qonto_proposals()[credit.id][0]
        credit._qonto_book([credit._qonto_booking_of(proposal)])
        self.assert_came_back(transfer, debit, credit, item)

    def test_it_may_come_back_after_its_period_was_locked(self):
        item = self.bill()
        past = payment_clock.now(self.env) - timedelta(days=40)
        with patch.object(payment_clock, "now", lambda _env: past):
            transfer = self.prepare(self.wish(item)).transfer_ids.sudo()
            self.send(transfer)
        ref = self.debit(transfer, settled_at=past.isoformat(), emitted_at=past.isoformat())
        self.settle(transfer, ref)
        debit = self.line(ref)
        self.assertTrue(transfer.matched)
        self.assertEqual((transfer.payment_id.date, debit.date), (self.account._local_day(past),) * 2)
        entries = (transfer.payment_id.move_id | debit.move_id).mapped("line_ids.balance")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_company SET fiscalyear_lock_date = %s WHERE id = %s",
            [past.date() + timedelta(days=5), self.company.id],
        )
        self.env.invalidate_all()
        credit = self.comes_back(transfer)
        self.assert_came_back(transfer, debit, credit, item)
        self.assertEqual((transfer.payment_id.move_id | debit.move_id).mapped("line_ids.balance"), entries)

    def test_a_discount_is_taken_back_with_it(self):
        terms = self.env["account.payment.term"].create({
            "name": "3 %", "early_discount": True, "discount_percentage": 3.0, "discount_days": 10,
            "line_ids": [Command.create({"value": "percent", "value_amount": 100.0, "nb_days": 30})],
        })
        tax = self.company_data["default_tax_purchase"]
        item = self.bill(
            invoice_payment_term_id=terms.id,
            invoice_line_ids=[Command.create({"name": "Cable", "price_unit": 100.0, "tax_ids": tax.ids})],
        )
        transfer, debit = self.paid(items=[(item, -item.discount_amount_currency)], discounted=item)
        written_off = debit.move_id.line_ids | transfer.payment_id.move_id.line_ids
        discounts = written_off.filtered(lambda line: line.tax_ids or line.tax_repartition_line_id)
        self.assertTrue(discounts)
        credit = self.comes_back(transfer)
        self.assert_came_back(transfer, debit, credit, item)
        back = self.env["account.move.line"].search([
            ("account_id", "in", discounts.account_id.ids), ("ref", "=like", "Discount taken back%"),
        ])
        self.assertEqual(sorted(back.mapped("balance")), sorted(-balance for balance in discounts.mapped("balance")))
        self.assertEqual(back.tax_tag_ids, discounts.tax_tag_ids)


@tagged("post_install", "-at_install")
class TestReturnedWithEntries(ReturnedCases, BooksCommon):
    allow_inherited_tests_method = True


@tagged("post_install", "-at_install")
class TestReturnedWithoutEntries(ReturnedCases, BooksCommon):
    allow_inherited_tests_method = True

    def setUp(self):
        super().setUp()
        self.enterContext(self.without_entries())
